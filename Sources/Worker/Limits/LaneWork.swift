internal import Memcached
internal import Relay

/// What the thread of a lane works on, and what only it knows: the connection, and what this process holds where.
struct LaneWork {
    /// What this process holds in one record.
    private struct Holding {
        var lease: LimitLease
        var lifetime: Int
        /// When it was moved on, by this machine's clock. The lease ends by the record's, which may be another machine's.
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
    /// How much longer one go may take for each of its records. A server that is well needs a tenth of that.
    private static let patiencePerRecord = Duration.milliseconds(2)
    /// The longest pause after others were first.
    private static let maximumPause = 3200
    /// Failures that take longer than this are not those of a connection that was closed while nobody used it.
    private static let promptness = Duration.milliseconds(10)

    private let server: any RecordServer
    private let prefix: String
    private let lane: LaneCase.Lane
    private let patience: Duration
    private let clock: any RelayClock
    private let stopwatch: any RelayClock

    private var holdings: [LimitKey: Holding] = [:]
    private var cases: [LaneCase] = []
    private var settlements: [LimitSettlement] = []
    private var renewals: [LimitKey] = []
    /// How many times in a row others were first.
    private var contests = 0
    private var hasWritten = false

    /// Nothing to do.
    ///
    /// - Parameters:
    ///   - prefix: what all names of records begin with.
    ///   - patience: how long one go may take, besides some time for each of its records.
    ///   - clock: says when requests are counted.
    ///   - stopwatch: says how long the server takes.
    init(
        _ server: any RecordServer, prefix: String, _ lane: LaneCase.Lane, patience: Duration,
        clock: any RelayClock, stopwatch: any RelayClock = SystemClock()
    ) {
        self.server = server
        self.prefix = prefix
        self.lane = lane
        self.patience = patience
        self.clock = clock
        self.stopwatch = stopwatch
    }

    /// Whether there is something to do without anything new.
    var isPending: Bool { !cases.isEmpty || !settlements.isEmpty || !renewals.isEmpty }
    /// Whether a request is to be taken back.
    var isUndoing: Bool { settlements.contains(where: \.isUndone) }
    /// How many settlements wait here.
    var settlementCount: Int { settlements.count }

    /// Whether nobody was first the last time.
    var isUncontested: Bool { contests == 0 }

    /// How long to let others go first.
    var pause: Duration {
        guard !isUncontested else { return .zero }
        return .microseconds(Int.random(in: 0...min(50 << min(contests, 8), Self.maximumPause)))
    }

    /// Asks whether the server answers, by a key that nobody has: libmemcached asks each connection but once for the
    /// version.
    func ping() throws(MemcachedError) { _ = try server.fetch([prefix + "ping"]) }

    /// Closes the connection.
    func disconnect() { server.disconnect() }

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
                holding.lease.expires == 0 || 3 * abs(now - holding.movedAt) > lane.leaseSeconds
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
        do {
            batch = try fetch(cases.flatMap(\.missing))
            answers.failure = count(in: batch)
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

    /// Counts the cases and writes their records.
    ///
    /// Callers' records first: many requests share the one of their address, and none of them is to be refused for one
    /// that its caller's limit stops in the end.
    private mutating func count(in batch: RecordBatch) -> MemcachedError? {
        let now = clock.unixTime().seconds
        let deadline = deadline(for: batch)
        apply(to: batch, at: now)
        for index in cases.indices { cases[index].weigh(in: batch, lane, at: now) }
        var failure = batch.write(.caller, to: server) { stopwatch.now() > deadline }
        if failure == nil {
            if batch.entries.contains(where: { $0.state == .contested }) { recount(in: batch, at: now) }
            failure = batch.write(.address, to: server) { stopwatch.now() > deadline }
        }
        finish(batch, at: now, hasFailed: failure != nil, isOfClaims: true)
        return failure
    }

    /// Leaves out of addresses' records whom somebody else was first with at his caller's.
    private mutating func recount(in batch: RecordBatch, at now: Int) {
        for entry in batch.entries where entry.state == .changed {
            entry.reset()
            for settlement in settlements where settlement.grant.key == entry.key {
                entry.settle(settlement, at: now, leaseSeconds: lane.leaseSeconds)
            }
            for index in cases.indices { cases[index].recount(in: entry, of: batch, lane, at: now) }
        }
    }

    /// Writes some of what requests that ended used, and moves on some of what others hold.
    ///
    /// - Returns: why the server failed, if it did; nothing is lost by that.
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
        do {
            let batch = try fetch(keys)
            let now = clock.unixTime().seconds
            let deadline = deadline(for: batch)
            apply(to: batch, at: now)
            for entry in batch.entries where entry.state == .fetched {
                entry.renew(at: now, leaseSeconds: lane.leaseSeconds)
            }
            var failure: MemcachedError?
            for scope in LimitScope.allCases where failure == nil {
                failure = batch.write(scope, to: server) { stopwatch.now() > deadline }
            }
            finish(batch, at: now, hasFailed: failure != nil, isOfClaims: false)
            renewals += batch.entries.filter { !$0.isTrue && holdings[$0.key] != nil }.map(\.key)
            return failure
        } catch {
            renewals += keys.filter { holdings[$0] != nil }
            return error
        }
    }

    // MARK: Records

    private func fetch(_ keys: [LimitKey]) throws(MemcachedError) -> RecordBatch {
        let distinct = Self.distinct(keys)
        let names = distinct.map { prefix + $0.text }
        let items = try fetch(names)

        var batch = RecordBatch()
        for (index, key) in distinct.enumerated() {
            let item = index < items.count ? items[index] : nil
            let holding = holdings[key]
            batch.append(
                RecordBatch.Entry(
                    key, name: names[index], item, lease: holding?.lease ?? LimitLease(),
                    lifetime: holding?.lifetime ?? 0))
        }
        return batch
    }

    private func fetch(_ names: [String]) throws(MemcachedError) -> [MemcachedConnection.Item?] {
        let start = stopwatch.now()
        do {
            return try server.fetch(names)
        } catch {
            // Such as by a server that was restarted since; the next call makes a new connection.
            guard stopwatch.now() - start < Self.promptness else { throw error }
            return try server.fetch(names)
        }
    }

    private static func distinct(_ keys: [LimitKey]) -> [LimitKey] {
        // Most are those of one claim.
        if keys.count < 2 || keys.count == 2 && keys[0] != keys[1] { return keys }
        var known: Set<LimitKey> = []
        return keys.filter { known.insert($0).inserted }
    }

    /// Until when a batch that was fetched has to be written.
    private func deadline(for batch: RecordBatch) -> Instant {
        stopwatch.now() + patience + Self.patiencePerRecord * batch.entries.count
    }

    /// Settles what concerns records that are at hand.
    private func apply(to batch: RecordBatch, at now: Int) {
        for settlement in settlements {
            batch[settlement.grant.key]?.settle(settlement, at: now, leaseSeconds: lane.leaseSeconds)
        }
    }

    /// Takes note of what is written.
    private mutating func finish(_ batch: RecordBatch, at now: Int, hasFailed: Bool, isOfClaims: Bool) {
        var wasContested = false
        for entry in batch.entries {
            switch entry.state {
            case .fetched, .changed: break
            case .written:
                holdings[entry.key] =
                    entry.lease.isEmpty
                    ? nil : Holding(lease: entry.lease, lifetime: entry.lifetime, movedAt: now)
                hasWritten = true
            case .contested: wasContested = true
            case .doubtful: doubt(entry.key)
            }
        }
        if wasContested, !hasFailed {
            contests += 1
        } else if hasFailed || isOfClaims || cases.isEmpty {
            // What is settled meanwhile says nothing of the records that others are first with.
            contests = 0
        }
        settlements.removeAll { batch[$0.grant.key]?.state == .written }
    }

    /// Takes note that nobody knows whether a record was written.
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
