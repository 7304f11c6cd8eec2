/// How much one subject may do of one class; `nil` means as much as it likes.
public struct LimitRules: Sendable, Equatable {
    /// What is measured.
    public enum Measure: String, Sendable, CaseIterable {
        case requestsPerMinute, requestsPerDay, tokensPerMinute, tokensPerDay, concurrent
    }

    /// What happens while the store that is shared cannot be asked.
    public enum StoreFailure: String, Sendable, CaseIterable {
        /// This machine's processes count for themselves.
        case local
        /// Everything is refused.
        case deny
        /// Nothing is counted.
        case allow
    }

    /// Requests in any 60 seconds.
    public var requestsPerMinute: Int?
    /// Requests in any 24 hours.
    public var requestsPerDay: Int?
    /// Tokens, of prompts and answers together, in any 60 seconds.
    public var tokensPerMinute: Int?
    /// The same in any 24 hours.
    public var tokensPerDay: Int?
    /// Requests that are being answered at one moment.
    public var concurrent: Int?
    /// What happens while the store that is shared cannot be asked.
    public var onStoreFailure = StoreFailure.local

    /// No limit at all, unless given.
    public init(requestsPerMinute: Int? = nil, concurrent: Int? = nil) {
        self.requestsPerMinute = requestsPerMinute
        self.concurrent = concurrent
    }

    /// The limit of a measure.
    public subscript(measure: Measure) -> Int? {
        switch measure {
        case .requestsPerMinute: requestsPerMinute
        case .requestsPerDay: requestsPerDay
        case .tokensPerMinute: tokensPerMinute
        case .tokensPerDay: tokensPerDay
        case .concurrent: concurrent
        }
    }

    /// Whether nothing is limited.
    public var isEmpty: Bool { Measure.allCases.allSatisfy { self[$0] == nil } }
    /// Whether requests are, in some time.
    public var limitsRequests: Bool { requestsPerMinute != nil || requestsPerDay != nil }
    /// Whether tokens are.
    public var limitsTokens: Bool { tokensPerMinute != nil || tokensPerDay != nil }
    /// Whether a request holds something until it has ended: a place among those at once, or tokens.
    public var isHeld: Bool { concurrent != nil || limitsTokens }
}

extension LimitRules.Measure {
    /// The time within which it is counted, in seconds; 0 for what is counted at one moment.
    public var seconds: Int {
        switch self {
        case .requestsPerMinute, .tokensPerMinute: 60
        case .requestsPerDay, .tokensPerDay: 86_400
        case .concurrent: 0
        }
    }

    /// Whether tokens are counted.
    public var isOfTokens: Bool { self == .tokensPerMinute || self == .tokensPerDay }
}
