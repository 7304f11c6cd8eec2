/// What a call used, in tokens.
public struct Usage: Sendable, Equatable {
    /// Tokens of the prompt, those read from a cache included.
    public var inputTokens: Int
    /// Tokens of the answer, those of its reasoning included.
    public var outputTokens: Int
    /// The vendor's own total; nil where it gives none.
    public var reportedTotalTokens: Int?
    /// How many of the input tokens came from the vendor's cache.
    public var cachedInputTokens: Int
    /// How many of the input tokens were written to the vendor's cache.
    public var cacheWriteTokens: Int
    /// How many of the output tokens are reasoning.
    public var reasoningTokens: Int
    /// Whose numbers the tokens are.
    public var origin: Origin
    /// What the call cost in the vendor's credits, where it says so.
    public var credits: Double?

    /// Counts of a call; what is not given is 0 or unknown.
    public init(
        inputTokens: Int, outputTokens: Int, totalTokens: Int? = nil, cachedInputTokens: Int = 0,
        cacheWriteTokens: Int = 0, reasoningTokens: Int = 0, origin: Origin = .reported,
        credits: Double? = nil
    ) {
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.reportedTotalTokens = totalTokens
        self.cachedInputTokens = cachedInputTokens
        self.cacheWriteTokens = cacheWriteTokens
        self.reasoningTokens = reasoningTokens
        self.origin = origin
        self.credits = credits
    }

    /// Whose numbers they are; of several together, the last of these words counts.
    public enum Origin: Sendable, Hashable, Comparable {
        /// The vendor's.
        case reported
        /// The relay's, with the model's own vocabulary.
        case counted
        /// The relay's estimate.
        case estimated
    }

    /// The sum of several calls; nil when none of them has any.
    public static func total(_ usages: [Usage?]) -> Usage? {
        var total: Usage?
        for case let usage? in usages {
            if total == nil { total = usage } else { total?.add(usage) }
        }
        return total
    }

    /// The vendor's total, or else input and output together.
    public var totalTokens: Int {
        reportedTotalTokens ?? inputTokens.saturatingSum(outputTokens)
    }

    /// Adds another call's counts, as when several calls make the choices of one answer.
    public mutating func add(_ other: Usage) {
        let total = totalTokens.saturatingSum(other.totalTokens)
        inputTokens = inputTokens.saturatingSum(other.inputTokens)
        outputTokens = outputTokens.saturatingSum(other.outputTokens)
        reportedTotalTokens = total
        cachedInputTokens = cachedInputTokens.saturatingSum(other.cachedInputTokens)
        cacheWriteTokens = cacheWriteTokens.saturatingSum(other.cacheWriteTokens)
        reasoningTokens = reasoningTokens.saturatingSum(other.reasoningTokens)
        origin = max(origin, other.origin)
        if let more = other.credits { credits = (credits ?? 0) + more }
    }
}

extension Int {
    /// The sum, or the largest number where it would overflow: counts come from outside.
    fileprivate func saturatingSum(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}

/// Why an answer ended.
public enum FinishReason: Sendable, Equatable {
    /// The model had said what it had to say.
    case stop
    /// A stop sequence came up; which one, where that is known.
    case stopSequence(String?)
    /// The most output tokens were reached.
    case length
    /// The context window is full.
    case contextWindow
    /// The model waits for the results of its tool calls.
    case toolCalls
    /// A filter cut the answer.
    case contentFilter
    /// The model refused.
    case refusal
    /// The vendor paused a long turn; sending the answer back continues it.
    case paused
}
