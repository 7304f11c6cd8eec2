internal import Memcached
internal import Relay

/// What the thread of a lane works on, and what only it knows: the connection, and what this process holds where.
struct LaneWork {
    /// What this process holds in one record.
    private struct Holding {
        var lease: LimitLease
        var lifetime: Int
        /// When it was moved on, or a little before, by this machine's clock. The lease ends by the record's, which may be
        /// another machine's.
        var movedAt: Int
    }

    /// What comes of claims.
    struct Answers {
        /// What can be told.
        var now: [(case: LaneCase, decision: LimitDecision?)] = []
        /// What can be told when `keep` has taken back what was counted already.
        var later: [(case: LaneCase, decision: LimitDecision?)] = []
        /// Why the server failed, if it did.
        var failure: MemcachedError?
    }

    /// Records that are settled or renewed in one go; claims that come meanwhile wait so long.
    static let maximumKept = 64
    /// How often others may be first before a claim counts as failed. With the pauses these are some 500 ms.
    static let maximumContests = 300
    /// The longest pause after others were first.
    private static let maximumPause = 3200
    /// An address without room for so many more has its record written after those of callers.
    static let tightness = 64

    private var shelf: RecordShelf
    private let lane: LaneCase.Lane
    private let clock: any RelayClock

    private var holdings: [LimitKey: Holding] = [:]
    private var cases: [LaneCase] = []
    private var settlements: [LimitSettlement] = []
    private var renewals: [LimitKey] = []
    /// With which records others were first the last time that they were written.
    private var lost: Set<LimitKey> = []
    /// How many times in a row others were first again. Once says only that what was remembered is of the past.
    private var contests = 0
    private var hasWritten = false

    /// Nothing to do.
    ///
    /// - Parameters:
    ///   - prefix: what all names of records begin with.
    ///   - clock: says when requests are counted.
    ///   - stopwatch: says how long the server takes.
    init(
        _ server: any RecordServer, prefix: String, _ lane: LaneCase.Lane, clock: any RelayClock,
        stopwatch: any RelayClock = SystemClock()
    ) {
        shelf = RecordShelf(server, prefix: prefix, stopwatch: stopwatch)
        self.lane = lane
        self.clock = clock
    }

    /// Whether there is something to do without anything new.
    var isPending: Bool { !cases.isEmpty || !settlements.isEmpty || !renewals.isEmpty }
    /// Whether a request is to be taken back.
    var isUndoing: Bool { settlements.contains(where: \.isUndone) }
    /// How many settlements wait here.
    var settlementCount: Int { settlements.count }

    /// Whether nobody was first the last time.
    var isUncontested: Bool { contests == 0 }

    /// How long to let others go first: not at all at the first time, when what is there now is known already.
    var pause: Duration {
        guard contests > 0 else { return .zero }
        return .microseconds(Int.random(in: 0...min(100 << min(contests, 8), Self.maximumPause)))
    }

    /// Asks whether the server answers.
    func ping() throws(MemcachedError) { try shelf.ping() }

    /// Closes the connection.
    func disconnect() { shelf.disconnect() }

    /// Whether a record was written since this was asked the last time.
    mutating func takeHasWritten() -> Bool {
        defer { hasWritten = false }
        return hasWritten
    }

    // MARK: What is to be done

    /// Takes what can be done after the claims.
    ///
    /// - Parameter abandoned: ends of requests that are not written; what they held is not renewed any more.
    mutating func add(
        _ new: [LimitSettlement], abandoned: [LimitKey: LimitLease], isRenewing: Bool
    ) {
        // Whatever was lost before is of the past.
        if !isPending { lost = [] }
        settlements += new
        for (key, lease) in abandoned {
            guard var holding = holdings[key] else { continue }
            holding.lease.places = max(0, holding.lease.places - lease.places)
            holding.lease.tokens = max(0, holding.lease.tokens - lease.tokens)
            holdings[key] = holding.lease.isEmpty ? nil : holding
        }
        if isRenewing {
            let now = clock.unixTime().seconds
            // What was moved on lately can wait for the next time, which is well before it ends.
            renewals = holdings.filter { _, holding in
                // Where the clock was set back nothing is held any more.
                holding.lease.expires == 0 || now < holding.movedAt
                    || 3 * (now - holding.movedAt) > lane.leaseSeconds
            }.map(\.key)
        }
    }

    /// Gives up the claims that others were first with, for the server failed. What they counted is to be taken back.
    ///
    /// - Returns: those claims, which nobody decides any more.
    mutating func giveUp() -> [LaneCase] {
        defer { cases = [] }
        settlements = cases.flatMap(\.undoing) + settlements
        contests = 0
        return cases
    }

    /// Decides claims, with those before them that others were first with.
    ///
    /// - Returns: what is decided, and why the server failed, if it did; then all that is left has failed, too.
    mutating func decide(_ new: [LaneCase]) -> Answers {
        cases += new
        var answers = Answers()
        guard !cases.isEmpty else { return answers }
        var batch = RecordBatch()
        let began = clock.unixTime().seconds
        do {
            batch = try count()
            try write(batch, since: began, isOfClaims: true)
        } catch {
            answers.failure = error
        }
        var rest: [LaneCase] = []
        var undoing: [LimitSettlement] = []
        for var one in cases {
            let decision = one.conclude(after: batch)
            if decision == nil, answers.failure == nil, one.contests < Self.maximumContests {
                rest.append(one)
                continue
            }
            let isGranted = decision.map { $0.refusal == nil } ?? false
            let undone = isGranted ? [] : one.undoing
            undoing += undone
            if undone.isEmpty {
                answers.now.append((one, decision))
            } else {
                answers.later.append((one, decision))
            }
        }
        cases = rest
        settlements = undoing + settlements
        return answers
    }

    /// Counts the cases in their records.
    private mutating func count() throws(MemcachedError) -> RecordBatch {
        let keys = Self.distinct(cases.flatMap(\.missing))
        let batch = try recall(keys)
        weigh(in: batch)
        // That a record is still the remembered one is found out by writing it. So whoever is refused, or only looks, is
        // told of one that was fetched.
        guard batch.entries.contains(where: { $0.state == .remembered }) else { return batch }
        let fetched = held(try shelf.fetch(keys))
        weigh(in: fetched)
        return fetched
    }

    private mutating func weigh(in batch: RecordBatch) {
        let now = clock.unixMoment
        apply(to: batch, at: now)
        for index in cases.indices { cases[index].weigh(in: batch, lane, at: now) }
    }

    /// Writes some of what requests that ended used, and moves on some of what others hold.
    ///
    /// - Returns: why the server failed, if it did. Nothing is lost by that but that a request that was to be taken back may
    ///   stay counted.
    mutating func keep() -> MemcachedError? {
        var keys: [LimitKey] = []
        var known: Set<LimitKey> = []
        for settlement in settlements where keys.count < Self.maximumKept {
            if known.insert(settlement.grant.key).inserted { keys.append(settlement.grant.key) }
        }
        while keys.count < Self.maximumKept, let key = renewals.popLast() {
            guard holdings[key] != nil, known.insert(key).inserted else { continue }
            keys.append(key)
        }
        guard !keys.isEmpty else { return nil }
        var batch: RecordBatch?
        defer {
            let isDue = { (key: LimitKey) in batch?[key]?.isTrue != true && self.holdings[key] != nil }
            renewals += keys.filter(isDue)
        }
        do {
            let recalled = try recall(keys)
            batch = recalled
            let now = clock.unixMoment
            apply(to: recalled, at: now)
            for entry in recalled.entries where entry.state != .changed {
                entry.renew(at: now, leaseSeconds: lane.leaseSeconds)
            }
            try write(recalled, since: now.seconds, isOfClaims: false)
            return nil
        } catch {
            return error
        }
    }

    // MARK: Records

    private static func distinct(_ keys: [LimitKey]) -> [LimitKey] {
        // Most are those of one claim.
        if keys.count < 2 || keys.count == 2 && keys[0] != keys[1] { return keys }
        var known: Set<LimitKey> = []
        return keys.filter { known.insert($0).inserted }
    }

    /// Records as they are remembered, but for those out of which requests are to be taken back: of a write to one that was
    /// fetched just now it is known better what came of it, and what is taken back twice would be somebody else's.
    private mutating func recall(_ keys: [LimitKey]) throws(MemcachedError) -> RecordBatch {
        for settlement in settlements where settlement.isUndone { shelf.forget(settlement.grant.key) }
        return held(try shelf.recall(keys))
    }

    /// Records with what this process holds in them.
    private func held(_ entries: [RecordEntry]) -> RecordBatch {
        for entry in entries {
            let holding = holdings[entry.key]
            entry.hold(holding?.lease ?? LimitLease(), lifetime: holding?.lifetime ?? 0)
        }
        return RecordBatch(entries)
    }

    /// Writes what was changed, and finds out what came of it.
    ///
    /// All in one go, unless an address is nearly full. Many requests share its record, and none of them is to be refused
    /// for one that its caller's limit stops in the end; so then it waits until it is known with whose callers nobody else
    /// was first, and counts only those.
    ///
    /// - Parameter began: when, at the earliest, anything was changed, in seconds.
    private mutating func write(
        _ batch: RecordBatch, since began: Int, isOfClaims: Bool
    ) throws(MemcachedError) {
        let changed = batch.entries.filter { $0.state == .changed }
        let isTight = isOfClaims && cases.contains { $0.isTight(Self.tightness) }
        let later = isTight ? changed.filter { $0.key.scope == .address } : []
        do {
            try shelf.write(isTight ? changed.filter { $0.key.scope == .caller } : changed)
            if changed.contains(where: { $0.state == .contested || $0.state == .doubtful }) {
                recount(later, of: batch)
            }
            try shelf.write(later.filter { $0.state == .changed })
        } catch {
            finish(batch, since: began, hasFailed: true, isOfClaims: isOfClaims)
            throw error
        }
        finish(batch, since: began, hasFailed: false, isOfClaims: isOfClaims)
    }

    /// Leaves out of addresses' records whom somebody else was first with at his caller's.
    private mutating func recount(_ entries: [RecordEntry], of batch: RecordBatch) {
        let now = clock.unixMoment
        for entry in entries { entry.reset() }
        apply(to: RecordBatch(entries), at: now)
        for entry in entries {
            for index in cases.indices { cases[index].recount(in: entry, of: batch, lane, at: now) }
        }
    }

    /// Settles what concerns records that are at hand.
    private func apply(to batch: RecordBatch, at now: LimitMoment) {
        for settlement in settlements {
            batch[settlement.grant.key]?.settle(settlement, at: now, leaseSeconds: lane.leaseSeconds)
        }
    }

    /// Takes note of what is written.
    private mutating func finish(
        _ batch: RecordBatch, since began: Int, hasFailed: Bool, isOfClaims: Bool
    ) {
        var contested: Set<LimitKey> = []
        for entry in batch.entries {
            switch entry.state {
            case .remembered, .fetched, .changed: break
            case .written:
                holdings[entry.key] =
                    entry.lease.isEmpty
                    ? nil : Holding(lease: entry.lease, lifetime: entry.lifetime, movedAt: began)
                hasWritten = true
            case .contested: contested.insert(entry.key)
            case .doubtful:
                contested.insert(entry.key)
                doubt(entry.key)
            }
        }
        let isAgain = !contested.isDisjoint(with: lost)
        if !lost.isEmpty { lost = lost.filter { batch[$0] == nil } }
        lost.formUnion(contested)
        if isAgain, !hasFailed {
            contests += 1
            // After a pause it would be of the past.
            for key in contested { shelf.forget(key) }
        } else if hasFailed || isOfClaims || cases.isEmpty {
            // What is settled meanwhile says nothing of the records that others are first with.
            contests = 0
        }
        settlements.removeAll { batch[$0.grant.key]?.state == .written }
    }

    /// Takes note that it is not known whether a record was written.
    ///
    /// What ended is settled again: the tokens it used may count twice then, but no request is taken back twice, which
    /// would be somebody else's.
    private mutating func doubt(_ key: LimitKey) {
        // Nobody knows until when the server has it; so it is left to end there, and registered anew.
        holdings[key]?.lease.expires = 0
        for index in settlements.indices where settlements[index].grant.key == key {
            settlements[index].isUndone = false
        }
    }
}
