/// One record and the rules that hold for it.
public struct LimitSubject: Sendable, Equatable {
    /// The record.
    public var key: LimitKey
    /// Its limits.
    public var rules: LimitRules

    /// Puts them together.
    public init(key: LimitKey, rules: LimitRules) {
        self.key = key
        self.rules = rules
    }
}

/// What a request wants to be counted for, in all its records or in none.
public struct LimitClaim: Sendable, Equatable {
    /// The records: the caller's, the address's, or both. Never two of the same key.
    public var subjects: [LimitSubject]
    /// How many requests: 1, 0 where only tokens are reserved for one that is counted already, or more that are counted
    /// ahead.
    public var requests: Int
    /// Whether the requests are counted ahead: they are made until the end of the second.
    public var isAhead = false
    /// How many places among those at once are taken: one for each request, or 0 for one that has its place already.
    public var places: Int
    /// How many tokens are reserved, 0 or more. More than 10,000,000 count as so many.
    public var tokens: Int

    /// What one more request wants.
    public init(subjects: [LimitSubject], requests: Int = 1, places: Int = 1, tokens: Int = 0) {
        self.subjects = subjects
        self.requests = requests
        self.places = places
        self.tokens = tokens
    }
}

/// What was counted of a claim in one record, to be given back or settled.
public struct LimitGrant: Sendable, Equatable {
    /// The record.
    public var key: LimitKey
    /// Which of a store's places has it; a store's own number.
    public var place: UInt8 = 0
    /// How many places among those at once are held.
    public var heldPlaces: Int
    /// How many requests were counted.
    public var requests: Int
    /// When, in seconds of the store's clock: `LimitRecord.lastUsed` after `take`.
    public var countedAt: Int
    /// How many tokens are reserved.
    public var tokens: Int

    /// Whether something is held that has to be given back.
    public var isHeld: Bool { heldPlaces > 0 || tokens > 0 }

    /// Puts it together.
    public init(
        key: LimitKey, place: UInt8 = 0, heldPlaces: Int, requests: Int, countedAt: Int, tokens: Int
    ) {
        self.key = key
        self.place = place
        self.heldPlaces = heldPlaces
        self.requests = requests
        self.countedAt = countedAt
        self.tokens = tokens
    }

    /// What `LimitRecord.take` has counted of a claim in one of its records: a place and tokens only where they are limited.
    ///
    /// - Parameter countedAt: `LimitRecord.lastUsed` after that.
    public init(of claim: LimitClaim, under subject: LimitSubject, place: UInt8 = 0, countedAt: Int) {
        self.init(
            key: subject.key, place: place,
            heldPlaces: subject.rules.concurrent != nil ? max(0, claim.places) : 0,
            requests: max(0, claim.requests), countedAt: countedAt,
            tokens: subject.rules.limitsTokens
                ? min(max(0, claim.tokens), LimitRecord.maximumReservation) : 0)
    }
}

/// How what was granted ends.
public struct LimitSettlement: Sendable, Equatable {
    /// What was counted.
    public var grant: LimitGrant
    /// How many tokens were really used; they count from now on, and the reservation no more.
    public var usedTokens: Int
    /// Whether the request is not to have been counted, for it was refused after all.
    public var isUndone: Bool

    /// The end of a request.
    public init(_ grant: LimitGrant, usedTokens: Int = 0, isUndone: Bool = false) {
        self.grant = grant
        self.usedTokens = usedTokens
        self.isUndone = isUndone
    }

    /// The end of one grant of a request, of which each counts the tokens that were used if it has reserved any.
    public init(of grant: LimitGrant, inRequestOf usedTokens: Int, isUndone: Bool) {
        self.init(grant, usedTokens: grant.tokens > 0 ? usedTokens : 0, isUndone: isUndone)
    }

    /// Whether it changes nothing.
    public var isEmpty: Bool { !grant.isHeld && usedTokens <= 0 && !(isUndone && grant.requests > 0) }
}
