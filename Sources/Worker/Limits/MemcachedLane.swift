internal import EventLoop
internal import Memcached
internal import Relay
internal import Synchronization

/// One server, and the thread that asks it: it takes all that waits in one go.
///
/// Claims come first, then what is settled and renewed. A server that fails is not asked for a while (`StoreBreaker`);
/// all that wait are told so at once.
final class MemcachedLane: Sendable {
    /// What the server is called in the log and for whoever looks after the machine.
    let name: String

    private let clock: any RelayClock
    private let log: any ExchangeLog
    private let queue: Mutex<LaneQueue>
    // Only ever taken on the one thread, so nobody waits for it.
    private let work: Mutex<LaneWork>
    private let wakeUp = ThreadSignal()
    private let ended = ThreadSignal()

    /// A lane whose thread is not started.
    init(
        name: String, _ work: sending LaneWork, breaker: StoreBreaker = StoreBreaker(), clock: any RelayClock,
        log: any ExchangeLog
    ) {
        self.name = name
        self.work = Mutex(work)
        queue = Mutex(LaneQueue(breaker))
        self.clock = clock
        self.log = log
    }

    /// Starts the thread; it ends by `end` only.
    ///
    /// - Throws: `EventLoopError` when the system has no room for another thread.
    func start() throws(EventLoopError) {
        try Thread(name: "limits") { self.run() }.detach()
    }

    // MARK: From any thread

    /// Whether the server is not asked now.
    var isOpen: Bool { queue.withLock(\.isOpen) }

    /// How the server is.
    var health: LimitStoreHealth.Place {
        queue.withLock { queue in
            LimitStoreHealth.Place(name: name, isUp: !queue.breaker.isOpen, reason: queue.breaker.reason)
        }
    }

    /// Grants what a request asks of some records, all of them here, out of what was counted ahead.
    ///
    /// - Parameter decision: gets what was granted, also when it is not all.
    /// - Returns: false where the server has to be asked.
    func take(places: Int, of subjects: ArraySlice<LimitSubject>, into decision: inout LimitDecision) -> Bool
    {
        let (second, now) = (clock.unixTime().seconds, clock.now())
        let (isTaken, mustWake) = queue.withLock { queue in
            let isTaken = queue.take(places: places, of: subjects, at: second, now: now, into: &decision)
            return (isTaken, queue.isWanting && queue.mustWake())
        }
        if mustWake { wakeUp.signal() }
        return isTaken
    }

    /// Decides a claim whose records are all on this server.
    ///
    /// - Returns: nil when the server cannot be asked.
    func admit(_ claim: LimitClaim) async -> LimitDecision? {
        await ask(claim).answer()
    }

    /// Begins to decide such a claim.
    func ask(_ claim: LimitClaim) -> LaneInquiry {
        let inquiry = LaneInquiry()
        let new = LaneCase(claim) { inquiry.take($0) }
        let (isTaken, mustWake) = queue.withLock { queue in (queue.append(new), queue.mustWake()) }
        if mustWake { wakeUp.signal() }
        if !isTaken { inquiry.take(nil) }
        return inquiry
    }

    /// Takes ends of requests that were granted here.
    func settle(_ grants: [LimitGrant], usedTokens: Int, isUndone: Bool) {
        let mustWake = queue.withLock { queue in
            // Not before: what comes back after the thread looked for what is over would stay.
            let now = clock.now()
            var isWriting = false
            for grant in grants {
                let settlement = LimitSettlement(of: grant, inRequestOf: usedTokens, isUndone: isUndone)
                if queue.settle(settlement, now: now) { isWriting = true }
            }
            return isWriting && queue.mustWake()
        }
        if mustWake { wakeUp.signal() }
    }

    /// Moves on what is held.
    func renew() {
        let mustWake = queue.withLock { queue in
            queue.renew()
            return queue.mustWake()
        }
        if mustWake { wakeUp.signal() }
    }

    /// Lets the thread write what waits, and end. Nothing is taken any more.
    func end() {
        let mustWake = queue.withLock { queue in
            queue.end()
            return queue.mustWake()
        }
        if mustWake { wakeUp.signal() }
    }

    /// Waits until the thread has ended, after `end`.
    func waitForEnd(atMost duration: Duration) {
        ended.wait(atMost: duration)
    }

    // MARK: The thread

    private func run() {
        // So that it is known, and said, from the start.
        probe()
        while true {
            let (isPending, room) = work.withLock { work in
                (work.isPending, LaneQueue.maximumBatch - work.settlementCount)
            }
            let turn = queue.withLock { $0.next(at: clock.now(), isPending: isPending, room: room) }
            switch turn {
            case .work(let claims, let ahead, let settlements, let abandoned, let isRenewing):
                perform(
                    claims + ahead.map(caseAhead), settlements, abandoned: abandoned, isRenewing: isRenewing)
            case .probe:
                probe()
            case .sleep(until: nil):
                wakeUp.wait()
            case .sleep(until: let moment?):
                wakeUp.wait(atMost: moment - clock.now())
            case .end:
                work.withLock { $0.disconnect() }
                return ended.signal()
            }
        }
    }

    private func caseAhead(_ claim: LimitClaim) -> LaneCase {
        LaneCase(claim, isAhead: true) { decision in
            guard let key = claim.subjects.first?.key else { return }
            self.queue.withLock { $0.fill(key, with: decision, now: self.clock.now()) }
        }
    }

    private func perform(
        _ claims: [LaneCase], _ settlements: [LimitSettlement], abandoned: [LimitKey: LimitLease],
        isRenewing: Bool
    ) {
        let pause = work.withLock(\.pause)
        // Nobody knows that the thread sleeps, so it is not woken.
        if pause > .zero { wakeUp.wait(atMost: pause) }
        var answers = work.withLock { work in
            _ = work.takeHasWritten()
            work.add(settlements, abandoned: abandoned, isRenewing: isRenewing)
            return work.decide(claims)
        }
        // Before the answers, so that whoever asks again because of one is not told to wait.
        if let failure = answers.failure { fail(failure) }
        queue.withLock { $0.note(&answers.now) }
        for (one, decision) in answers.now { one.answer(decision) }
        let failure = answers.failure == nil ? keep(untilUndone: !answers.later.isEmpty) : nil
        if let failure { fail(failure) }
        for (one, decision) in answers.later { one.answer(decision) }
        guard answers.failure == nil, failure == nil else { return }
        // Before it wrote anything, nobody knows whether it does more than to answer.
        if work.withLock({ $0.takeHasWritten() }) { queue.withLock { $0.breaker.work() } }
    }

    /// Settles and renews.
    ///
    /// - Parameter untilUndone: goes on until requests that were refused after all are counted nowhere.
    private func keep(untilUndone: Bool) -> MemcachedError? {
        for _ in 0..<LaneWork.maximumContests {
            if let failure = work.withLock({ $0.keep() }) { return failure }
            guard untilUndone, work.withLock(\.isUndoing) else { break }
            wakeUp.wait(atMost: work.withLock(\.pause))
        }
        return nil
    }

    private func probe() {
        do {
            try work.withLock { work throws(MemcachedError) in try work.ping() }
            if queue.withLock({ $0.breaker.answer() }) {
                log.event(.info, "limit store is used again", [LogField("server", .string(name))])
            }
        } catch {
            fail(error)
        }
    }

    private func fail(_ error: MemcachedError) {
        let (waiting, hasChanged) = queue.withLock { $0.fail(error.reason, at: clock.now()) }
        if hasChanged {
            log.event(
                .warning, "limit store is not used",
                [LogField("server", .string(name)), LogField("reason", .string(error.reason))])
        }
        // Also those that others were first with: nobody decides them before the server is there again.
        for one in work.withLock({ $0.giveUp() }) + waiting { one.answer(nil) }
    }
}
