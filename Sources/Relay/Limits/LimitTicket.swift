import Dialects

/// What one request was counted for, and holds until it has ended.
struct LimitTicket {
    /// Who made the request; nil for one whose key was not looked at.
    var party: LimitParty?
    /// What a store that takes time has yet to decide: one or none. In an array, for most have none, and an open stream should
    /// be small.
    var claims: [OpenClaim] = []
    /// What was counted.
    private(set) var grants: [LimitGrant] = []
    /// How the limits stand, for the header of the answer.
    private(set) var windows: [LimitWindow] = []

    /// How many tokens are reserved.
    var reservedTokens: Int { grants.reduce(0) { max($0, $1.tokens) } }

    /// Takes what a store decided.
    ///
    /// - Throws: what the client is told, when it is no; all that was counted before is given back by `end`.
    mutating func take(_ decision: LimitDecision, on claim: LimitClaim) throws(Failure) {
        show(decision, of: claim)
        isScarce = isScarce || Self.isScarce(decision)
        if let refusal = decision.refusal {
            isRefused = true
            throw LimitRefusal.failure(for: refusal, of: claim)
        }
        guard !grants.isEmpty else {
            grants = decision.grants
            return
        }
        for grant in decision.grants {
            // Reserved tokens come behind the request, into the same record.
            if let index = grants.firstIndex(where: { $0.key == grant.key && $0.place == grant.place }),
                grant.requests == 0
            {
                grants[index].tokens += grant.tokens
            } else {
                grants.append(grant)
            }
        }
    }

    /// Whether a claim was refused.
    private(set) var isRefused = false

    /// Whether what is held can be missed by whoever has all of the answer: reserved tokens, or one of few places. Then it is
    /// given back before the last byte leaves, else after that, when it keeps nobody waiting (2 to 4 us).
    private(set) var isScarce = false

    /// So many others would have to come, and be answered still, until a place is missed.
    private static let scarcePlaces = 32

    private static func isScarce(_ decision: LimitDecision) -> Bool {
        decision.grants.contains { $0.tokens > 0 }
            || decision.windows.contains { $0.measure == .concurrent && $0.remaining < scarcePlaces }
    }

    /// How many of the grants, the first ones, are of another class.
    private var otherClassCount = 0

    /// Takes over how the limits stand. What was asked about a request's tokens says nothing of records without such a limit,
    /// and what is refused for them gives the request itself back.
    private mutating func show(_ decision: LimitDecision, of claim: LimitClaim) {
        guard claim.requests == 0 else {
            windows = decision.windows
            return
        }
        let earlier = windows
        windows = LimitScope.allCases.flatMap { scope in
            let asked = decision.windows.filter { $0.scope == scope }
            return asked.isEmpty ? earlier.filter { $0.scope == scope } : asked
        }
        guard decision.refusal != nil else { return }
        for index in windows.indices where !windows[index].measure.isOfTokens {
            windows[index].remaining = min(windows[index].limit, windows[index].remaining + 1)
            if windows[index].remaining == windows[index].limit { windows[index].resetSeconds = 0 }
        }
    }

    /// Says that what was granted so far is of another class than the request turned out to be.
    mutating func beginOtherClass() {
        otherClassCount = grants.count
    }

    /// Gives back what was granted for another class, now that the request is allowed in its own.
    mutating func endOtherClass(in store: any LimitStore) {
        guard otherClassCount > 0 else { return }
        store.settle(Array(grants.prefix(otherClassCount)), usedTokens: 0, isUndone: true)
        grants.removeFirst(otherClassCount)
        otherClassCount = 0
        // Its own class limits nothing, and the other one has not counted it.
        if grants.isEmpty { windows = [] }
    }

    /// Forgets what needs no end: nothing will be refused any more.
    mutating func keepHeld() {
        if grants.contains(where: { !$0.isHeld }) { grants.removeAll { !$0.isHeld } }
    }

    /// Forgets what the header says: it was sent.
    mutating func takeWindows() -> [LimitWindow] {
        defer { windows = [] }
        return windows
    }

    /// Ends everything that was counted.
    ///
    /// - Parameter usedTokens: what really was used.
    mutating func end(usedTokens: Int, in store: any LimitStore) {
        guard !grants.isEmpty else { return }
        if isRefused || grants.contains(where: \.isHeld) {
            store.settle(grants, usedTokens: usedTokens, isUndone: isRefused)
        }
        grants = []
    }
}

/// A claim that is not decided yet.
struct OpenClaim {
    /// What is wanted.
    var claim: LimitClaim
    /// The decision, if it is being made already.
    var inquiry: (any LimitInquiry)?
}
