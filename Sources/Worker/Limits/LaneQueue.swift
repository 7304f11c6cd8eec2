internal import Relay

/// What waits for the thread of a lane.
struct LaneQueue: Sendable {
    /// What the thread does next.
    enum Turn {
        /// Works, if only on what it has. What is counted ahead comes after the claims.
        case work(
            [LaneCase], ahead: [LimitClaim], [LimitSettlement], abandoned: [LimitKey: LimitLease],
            isRenewing: Bool)
        /// Looks whether the server is there again.
        case probe
        /// Sleeps until it is woken, or until then.
        case sleep(until: Instant?)
        /// Ends, for nothing is left to do or it cannot be done.
        case end
    }

    /// Claims that may wait: more requests at once than a process can have.
    static let maximumClaims = 16_384
    /// Settlements that may wait, such as for a server that is away.
    static let maximumSettlements = 8192
    /// Claims in one go: their records, two each, are half a megabyte, and those of what is counted ahead half as much.
    static let maximumBatch = 256

    /// Whether the server is asked.
    var breaker: StoreBreaker
    /// What was counted ahead.
    private var stock = LimitStock()
    private var claims: [LaneCase] = []
    private var settlements: [LimitSettlement] = []
    private var abandoned: [LimitKey: LimitLease] = [:]
    private var isRenewing = false
    private var isEnding = false
    private var isAsleep = false

    /// An empty queue.
    init(_ breaker: StoreBreaker) {
        self.breaker = breaker
    }

    /// Whether claims are taken.
    var isOpen: Bool { breaker.isOpen || isEnding }

    // MARK: Whoever comes

    /// Takes a claim.
    ///
    /// - Returns: false when it is not taken, and nobody answers it.
    mutating func append(_ claim: LaneCase) -> Bool {
        guard !isOpen, claims.count < Self.maximumClaims else { return false }
        claims.append(claim)
        return true
    }

    /// Takes what a request asks of some records out of what was counted ahead.
    ///
    /// - Parameter decision: gets what was taken, also when it is not all.
    /// - Returns: false where the server has to be asked.
    mutating func take(
        places: Int, of subjects: ArraySlice<LimitSubject>, at second: Int, now: Instant,
        into decision: inout LimitDecision
    ) -> Bool {
        guard !isOpen else { return false }
        for subject in subjects {
            guard stock.take(places: places, of: subject, at: second, now: now, into: &decision) else {
                return false
            }
        }
        return true
    }

    /// Takes the end of a request.
    ///
    /// - Returns: whether there is something to write.
    mutating func settle(_ settlement: LimitSettlement, now: Instant) -> Bool {
        if settlement.isEmpty || stock.takeBack(settlement, now: now) { return false }
        append(settlement)
        return true
    }

    /// Takes ends of requests that have to be written. Of those for which there is no room only what they held is given
    /// up, not what they used.
    mutating func append(_ settlement: LimitSettlement) {
        guard settlements.count >= Self.maximumSettlements else { return settlements.append(settlement) }
        let grant = settlement.grant
        // No more keys than there are requests, for each has one or two.
        abandoned[grant.key, default: LimitLease()].places += max(0, grant.heldPlaces)
        abandoned[grant.key, default: LimitLease()].tokens += grant.tokens
    }

    /// Asks for a renewal of what is held.
    mutating func renew() {
        isRenewing = true
    }

    /// Asks the thread to end when all is written.
    mutating func end() {
        isEnding = true
        for settlement in stock.clear() { append(settlement) }
    }

    /// Whether the thread sleeps, and has to be woken; once for each time that it does.
    mutating func mustWake() -> Bool {
        defer { isAsleep = false }
        return isAsleep
    }

    // MARK: The thread

    /// Takes note of how the limits stand behind claims, and says what is true of that where something was counted ahead.
    mutating func note(_ answers: inout [(case: LaneCase, decision: LimitDecision?)]) {
        for index in answers.indices {
            guard let decision = answers[index].decision, !answers[index].case.isAhead else { continue }
            var windows = decision.windows
            for subject in answers[index].case.subjects { stock.note(&windows, of: subject) }
            // A refusal shows what it is for.
            if decision.refusal == nil { answers[index].decision?.windows = windows }
        }
    }

    /// Takes what was counted ahead.
    ///
    /// - Parameter decision: nil when nothing was.
    mutating func fill(_ key: LimitKey, with decision: LimitDecision?, now: Instant) {
        if let settlement = stock.fill(key, with: decision, now: now) { append(settlement) }
    }

    /// Whether more is to be counted ahead.
    var isWanting: Bool { stock.isWanting }

    /// Takes note of a failure.
    ///
    /// - Returns: the claims that waited, and whether the server was asked until now.
    mutating func fail(_ reason: String, at now: Instant) -> (claims: [LaneCase], hasChanged: Bool) {
        let waiting = claims
        claims = []
        for settlement in stock.clear() { append(settlement) }
        return (waiting, breaker.fail(reason, at: now))
    }

    /// What to do next.
    ///
    /// - Parameters:
    ///   - isPending: whether the thread has something to do.
    ///   - room: how many settlements it takes.
    mutating func next(at now: Instant, isPending: Bool, room: Int) -> Turn {
        isAsleep = false
        if let probeAt = breaker.probeAt {
            if isEnding { return .end }
            if probeAt <= now { return .probe }
            isAsleep = true
            return .sleep(until: probeAt)
        }
        for settlement in stock.expire(now: now) { append(settlement) }
        guard
            isPending || isRenewing || !claims.isEmpty || !settlements.isEmpty || !abandoned.isEmpty
                || stock.isWanting
        else {
            if isEnding { return .end }
            isAsleep = true
            return .sleep(until: stock.ends(after: now))
        }
        defer {
            claims.removeFirst(min(Self.maximumBatch, claims.count))
            settlements.removeFirst(min(max(0, room), settlements.count))
            abandoned = [:]
            isRenewing = false
        }
        return .work(
            Array(claims.prefix(Self.maximumBatch)), ahead: stock.claims(),
            Array(settlements.prefix(max(0, room))), abandoned: abandoned, isRenewing: isRenewing)
    }
}
