/// What a store says to a claim.
public struct LimitDecision: Sendable, Equatable {
    /// Why a claim is refused.
    public enum Refusal: Sendable, Equatable {
        /// A limit is reached. Counted from now, in seconds, at least 1, it would pass; nil when it never will.
        case limit(LimitWindow, retryAfterSeconds: Int?)
        /// The store cannot be asked, and the rules say that nothing passes then.
        case unavailable

        /// The one of two that lasts longer: never is longer than any time, and what cannot be asked comes last.
        public static func longer(_ one: Refusal?, _ other: Refusal?) -> Refusal? {
            guard let one, case .limit(_, let wait) = one else { return other ?? one }
            guard let other, case .limit(_, let otherWait) = other else { return one }
            return otherWait ?? .max > wait ?? .max ? other : one
        }
    }

    /// Nil when the claim was granted.
    public var refusal: Refusal?
    /// What was counted, one for each record; empty when it was refused.
    public var grants: [LimitGrant]
    /// How each limit of each record stands after that, in the order of `LimitClaim.subjects` and of `Measure.allCases`.
    public var windows: [LimitWindow]

    /// Puts it together.
    public init(refusal: Refusal? = nil, grants: [LimitGrant] = [], windows: [LimitWindow] = []) {
        self.refusal = refusal
        self.grants = grants
        self.windows = windows
    }

    /// The answer where nothing is limited.
    public static let unlimited = LimitDecision()
}

/// How one limit stands.
public struct LimitWindow: Sendable, Equatable {
    /// Whose.
    public var scope: LimitScope
    /// Of what.
    public var measure: LimitRules.Measure
    /// How much there is in all.
    public var limit: Int
    /// How much is left, 0 or more.
    public var remaining: Int
    /// When all of it is there again if nothing more is used, in seconds from now; 0 when it is, or cannot be told.
    public var resetSeconds: Int

    /// Puts it together.
    public init(
        scope: LimitScope, measure: LimitRules.Measure, limit: Int, remaining: Int, resetSeconds: Int
    ) {
        self.scope = scope
        self.measure = measure
        self.limit = limit
        self.remaining = remaining
        self.resetSeconds = resetSeconds
    }
}
