internal import EventLoop
internal import Glibc
internal import Relay
internal import Synchronization

/// The limit store of one machine: a table in a file that all its worker processes have in their memory.
///
/// It decides at once, in about a microsecond. Where the file cannot be had, the process counts alone, and says so once.
/// A file that was removed, replaced or cut short costs its counts: another one is made within a second.
final class SharedLimitStore: LimitStore {
    /// How often it is looked whether the name still stands for the same file, in seconds.
    private static let watchSeconds = 1
    /// How long others that make the file are waited for when the process starts, in milliseconds.
    private static let startPatience = 100
    /// How often a file is tried again that could not be used, in seconds.
    private static let retrySeconds = 10
    /// How long a file is left alone that lost pages though it is as long as it was, in seconds: its disk is full.
    private static let damageSeconds = 60
    /// Settlements that wait for a lock. More are lost; what they held ends with their leases.
    private static let maximumPending = 4096
    /// How long `admit` waits from one try to the next.
    private static let pause = Duration.milliseconds(2)
    /// How long the end of a process waits for settlements, in nanoseconds: a little longer than anybody can keep a lock.
    private static let endPatience = 1_200_000_000
    /// How often it tries: longer than anybody can keep a lock.
    private static let maximumTries = 1000

    private struct State {
        var table: SharedLimitTable
        /// Why the file is not used; empty where it is, or there is none.
        var reason = ""
    }

    private let path: String?
    private let leaseSeconds: Int
    private let layout: LimitTableLayout
    private let clock: any RelayClock
    private let log: any ExchangeLog
    private let leases = LimitLeases()
    /// Memory of this process alone, for when there is no file.
    private let own: SharedLimitTable
    private let state: Mutex<State>
    private let nextLook = Atomic(0)
    private let isLooking = Atomic(false)
    private let pending = Mutex<[LimitSettlement]>([])
    private let hasPending = Atomic(false)

    /// Opens the file, or makes it.
    ///
    /// - Parameters:
    ///   - path: nil counts for this process alone.
    ///   - leaseSeconds: after what time a process that was killed holds nothing any more.
    ///   - layout: the same for all who use the file.
    init(
        path: String?, leaseSeconds: Int, clock: any RelayClock, log: any ExchangeLog,
        layout: LimitTableLayout = LimitTableLayout()
    ) {
        self.path = path
        self.leaseSeconds = leaseSeconds
        self.layout = layout
        self.clock = clock
        self.log = log
        guard let mapping = SharedMapping(count: layout.fileBytes) else {
            // A few megabytes of addresses, of which nothing is used yet: nothing else could begin either.
            preconditionFailure("no address space")
        }
        own = SharedLimitTable(mapping, layout: layout)
        state = Mutex(State(table: own))
        guard let path else { return }
        nextLook.store(clock.moment.seconds + Self.watchSeconds, ordering: .relaxed)
        do throws(SharedLimitFile.Refusal) {
            let mapping = try SharedLimitFile.open(
                path, layout: layout, replacesOtherVersions: true, maximumWait: Self.startPatience)
            state.withLock { $0.table = SharedLimitTable(mapping, layout: layout) }
        } catch {
            refuse(error.reason, path, for: Self.retrySeconds)
        }
    }

    func admitAtOnce(_ claim: LimitClaim) -> LimitDecision? {
        let now = clock.moment
        let table = table(at: now)
        if hasPending.load(ordering: .relaxed) { settlePending(table, at: now) }
        return table.admit(claim, at: now, leases: leases, leaseSeconds: leaseSeconds)
    }

    func admit(_ claim: LimitClaim) async -> LimitDecision {
        for _ in 0..<Self.maximumTries {
            if let decision = admitAtOnce(claim) { return decision }
            // Somebody was stopped, or killed, while he had the lock. After a second it is taken from him.
            do { try await clock.sleep(for: Self.pause) } catch { break }
        }
        // Nobody waits any more, or the machine has other troubles.
        return LimitDecision(refusal: .unavailable)
    }

    func settle(_ grants: [LimitGrant], usedTokens: Int, isUndone: Bool) {
        let now = clock.moment
        let table = table(at: now)
        if hasPending.load(ordering: .relaxed) { settlePending(table, at: now) }
        for grant in grants {
            let settlement = LimitSettlement(of: grant, inRequestOf: usedTokens, isUndone: isUndone)
            if !settlement.isEmpty { settle(settlement, in: table, at: now) }
        }
    }

    func renew() {
        let now = clock.moment
        let table = table(at: now)
        settlePending(table, at: now)
        // One that cannot be had now is renewed the next time.
        for key in leases.held() {
            _ = table.renew(key, at: now, leases: leases, leaseSeconds: leaseSeconds, isNew: false)
        }
    }

    func finish() {
        let began = EventLoop.monotonicTime()
        while hasPending.load(ordering: .relaxed) {
            // Tried once more after that: this thread may have been stopped meanwhile.
            let isLast = EventLoop.monotonicTime() &- began >= Self.endPatience
            let now = clock.moment
            settlePending(table(at: now), at: now)
            guard !isLast else { return }
            usleep(2000)
        }
    }

    var health: LimitStoreHealth {
        let (isShared, reason) = state.withLock { ($0.table.mapping.identity != nil, $0.reason) }
        guard let path else { return LimitStoreHealth(kind: "process") }
        return LimitStoreHealth(
            kind: isShared ? "machine" : "process",
            places: [.init(name: path, isUp: isShared, reason: reason)])
    }

    /// How many records there are, for tests.
    var recordCount: Int { state.withLock { $0.table }.usedCells }
    /// The table, for tests.
    var currentTable: SharedLimitTable { state.withLock { $0.table } }

    // MARK: Settlements that wait

    private func settle(_ settlement: LimitSettlement, in table: SharedLimitTable, at now: LimitMoment) {
        if table.settle(settlement, at: now, leases: leases, leaseSeconds: leaseSeconds) { return }
        let isKept = pending.withLock { pending in
            guard pending.count < Self.maximumPending else { return false }
            pending.append(settlement)
            hasPending.store(true, ordering: .relaxed)
            return true
        }
        guard !isKept else { return }
        // At least it is not renewed; the record has it until the lease ends.
        leases.change(settlement.grant.key) { lease in
            lease.places = max(0, lease.places - settlement.grant.heldPlaces)
            lease.tokens = max(0, lease.tokens - settlement.grant.tokens)
        }
    }

    private func settlePending(_ table: SharedLimitTable, at now: LimitMoment) {
        let waiting = pending.withLock { pending in
            hasPending.store(false, ordering: .relaxed)
            defer { pending = [] }
            return pending
        }
        for settlement in waiting { settle(settlement, in: table, at: now) }
    }

    // MARK: The file

    private func table(at now: LimitMoment) -> SharedLimitTable {
        let table = state.withLock { $0.table }
        guard let path, now.seconds >= nextLook.load(ordering: .relaxed) || table.mapping.isDamaged else {
            return table
        }
        guard isLooking.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged else {
            return table
        }
        defer { isLooking.store(false, ordering: .releasing) }
        return look(path, at: now)
    }

    /// Looks whether the name still stands for what is mapped. Only one at a time does.
    private func look(_ path: String, at now: LimitMoment) -> SharedLimitTable {
        let table = state.withLock { $0.table }
        let isShared = table.mapping.identity != nil
        let isSame = isShared && SharedLimitFile.identity(path) == table.mapping.identity
        nextLook.store(now.seconds + Self.watchSeconds, ordering: .relaxed)
        if isSame, !table.mapping.isDamaged { return table }
        do throws(SharedLimitFile.Refusal) {
            // Not waiting: this is on an event loop.
            let mapping = try SharedLimitFile.open(
                path, layout: layout, replacesOtherVersions: false, maximumWait: 0)
            if isSame, mapping.identity == table.mapping.identity {
                refuse("its disk has no room, or fails", path, for: Self.damageSeconds)
            } else {
                change(to: SharedLimitTable(mapping, layout: layout), reason: "")
                log.event(
                    .info, isShared ? "limit file was lost" : "limit file is used again",
                    [LogField("path", .string(path))])
            }
        } catch  where error.isBusy {
            // Goes on as it did; the next look will find it.
        } catch {
            refuse(error.reason, path, for: Self.retrySeconds)
        }
        return state.withLock { $0.table }
    }

    /// Counts for this process alone from now on, and tries the file again later.
    private func refuse(_ reason: String, _ path: String, for seconds: Int) {
        nextLook.store(clock.moment.seconds + seconds, ordering: .relaxed)
        let wasShared = state.withLock { $0.table.mapping.identity != nil }
        let former = state.withLock { $0.reason }
        if wasShared {
            change(to: own, reason: reason)
        } else {
            state.withLock { $0.reason = reason }
        }
        // Once for each reason, not for each try.
        guard reason != former else { return }
        log.event(
            .warning, "limit file cannot be used",
            [LogField("path", .string(path)), LogField("reason", .string(reason))])
    }

    /// Goes on in another table, with what is held.
    private func change(to table: SharedLimitTable, reason: String) {
        state.withLock { state in
            state.table = table
            state.reason = reason
        }
        let now = clock.moment
        for key in leases.held() {
            _ = table.renew(key, at: now, leases: leases, leaseSeconds: leaseSeconds, isNew: true)
        }
    }
}
