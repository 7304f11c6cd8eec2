/// Why a request has no answer, or no complete one.
///
/// The message reaches the client: whoever makes one from an upstream's words cleans it first (`MessageCleaner`).
public struct Failure: Error, Sendable, Equatable {
    /// The reason; decides the status, the error type and the log level by one table.
    public var kind: Kind
    /// One sentence or two for the client.
    public var message: String
    /// The request's member that is to blame, as a path such as `messages[2].content`.
    public var parameter: String?
    /// A code that is more precise than the table's.
    public var code: String?
    /// When to try again, in seconds from now.
    public var retryAfterSeconds: Int?
    /// The upstream's HTTP status, for the log; nil when it gave none.
    public var upstreamStatus: Int?

    /// A failure; what is not given is unknown.
    public init(
        _ kind: Kind, _ message: String, parameter: String? = nil, code: String? = nil,
        retryAfterSeconds: Int? = nil, upstreamStatus: Int? = nil
    ) {
        self.kind = kind
        self.message = message
        self.parameter = parameter
        self.code = code
        self.retryAfterSeconds = retryAfterSeconds
        self.upstreamStatus = upstreamStatus
    }

    /// Every reason the relay can fail with.
    public enum Kind: Sendable, Hashable {
        /// The request breaks the dialect's rules.
        case invalidRequest
        /// The request asks for something the upstream cannot express and that must not be dropped.
        case unsupported
        /// No key came with the request.
        case missingCredential
        /// The key is not known.
        case invalidCredential
        /// The key is known but may not do this.
        case permissionDenied
        /// The account has no credit left.
        case insufficientQuota
        /// There is no such model.
        case modelNotFound
        /// There is nothing under the identifier in the path, or nothing of the caller's.
        case objectNotFound
        /// There is no such path.
        case routeNotFound
        /// The path exists, for these methods only.
        case methodNotAllowed([String])
        /// The body is over the limit.
        case requestTooLarge
        /// The body did not come in time.
        case requestTimedOut
        /// The body is not JSON by its content type.
        case unsupportedMediaType
        /// The upstream's filter refused the prompt or the answer.
        case contentFiltered
        /// Too many requests.
        case rateLimited
        /// The upstream says that the request is wrong.
        case upstreamRejected
        /// The upstream failed, answered nonsense, nothing, or stopped in the middle.
        case upstreamFailed
        /// The upstream answered in full, which is paid for, and the answer is of no use.
        case answerUnusable
        /// No connection to the upstream.
        case upstreamUnreachable
        /// The upstream took too long.
        case upstreamTimedOut(TimeoutPhase)
        /// The relay has too much to do.
        case overloaded
        /// The relay is about to stop.
        case shuttingDown
        /// A bug of the relay.
        case internalError
    }

    /// The five time-outs of a provider.
    public enum TimeoutPhase: String, Sendable, Hashable, CaseIterable {
        case connect, firstByte, firstEvent, idle, total
    }
}
