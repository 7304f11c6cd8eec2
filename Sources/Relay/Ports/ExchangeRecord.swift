/// What is kept of one exchange: one line of the log.
///
/// Every field is a number, a word of a closed set, an identifier, or a hash; none holds a credential, prompt or answer.
public struct ExchangeRecord: Sendable, Equatable {
    /// How the exchange ended.
    public enum Outcome: String, Sendable, CaseIterable {
        /// A complete answer with a status below 400.
        case ok
        /// The relay refused the request without an upstream call.
        case refused
        /// The upstream failed or refused before the client had a byte.
        case failed
        /// The upstream failed after the answer had begun; the client got an error event.
        case brokenOff = "broken_off"
        /// The client hung up. The status is 499, the number web servers log for it.
        case clientLeft = "client_left"
    }

    /// When the request was taken over, in nanoseconds since 1970-01-01T00:00:00Z.
    public var startedUnixNanoseconds: Int64 = 0
    /// The id answered as `x-request-id`: at most 128 letters, digits and `._:-`.
    public var requestID = ""
    /// The caller's credential as a keyed hash, 16 hexadecimal digits; `nil` without a credential.
    public var callerHash: String?
    /// The name of the route, from the bounded set `Route.Name`.
    public var route = ""
    /// The method, when it is a known one, else `OTHER`.
    public var method = ""
    /// The model that was called, as the upstream's list has it; `nil` when none was called.
    ///
    /// `(unlisted)` stands for a name that no list has and that was passed on: it is the client's text.
    public var model: String?
    /// The provider's name in the configuration; `nil` when no upstream call was made.
    public var upstream: String?
    /// How many upstream calls were started.
    public var upstreamCalls = 0
    /// The status the client got, or 499.
    public var status = 0
    /// The OpenAI error code of a failure.
    public var errorCode: String?
    /// Body bytes of the request.
    public var bytesIn = 0
    /// Body bytes handed to the client.
    public var bytesOut = 0
    /// Whether the client asked for a stream.
    public var isStreamed = false
    /// From the start until the first byte was handed to the client; `nil` when none was.
    public var firstByte: Duration?
    /// From the start until the end.
    public var total: Duration = .zero
    /// Tokens of the prompt; `nil` when no generation took place.
    public var inputTokens: Int?
    /// Tokens of the answers.
    public var outputTokens: Int?
    /// Whether a token number is the relay's own, counted with the model's vocabulary, for the vendor gave none.
    public var usageIsCounted = false
    /// Whether a token number is the relay's estimate.
    public var usageIsEstimated = false
    /// The vendor's price of the call in its own credits, where it tells.
    public var credits: Double?
    /// How the exchange ended.
    public var outcome: Outcome = .ok

    /// Makes an empty record.
    public init() {}
}
