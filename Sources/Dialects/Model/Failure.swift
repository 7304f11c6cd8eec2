/// Why a request has no answer, or no complete one.
///
/// The message reaches the client: whoever makes one from an upstream's words cleans it first (`MessageCleaner`).
public struct Failure: Error, Sendable, Equatable {
    /// The reason; decides the status, the error type and the log level by one table.
    public var kind: Kind {
        get { parts.value.kind }
        set { change { $0.kind = newValue } }
    }
    /// One sentence or two for the client.
    public var message: String {
        get { parts.value.message }
        set { change { $0.message = newValue } }
    }
    /// The request's member that is to blame, as a path such as `messages[2].content`.
    public var parameter: String? {
        get { parts.value.parameter }
        set { change { $0.parameter = newValue } }
    }
    /// A code that is more precise than the table's.
    public var code: String? {
        get { parts.value.code }
        set { change { $0.code = newValue } }
    }
    /// When to try again, in seconds from now.
    public var retryAfterSeconds: Int? {
        get { parts.value.retryAfterSeconds }
        set { change { $0.retryAfterSeconds = newValue } }
    }
    /// The upstream's HTTP status, for the log; nil when it gave none.
    public var upstreamStatus: Int? {
        get { parts.value.upstreamStatus }
        set { change { $0.upstreamStatus = newValue } }
    }

    // In an object: whatever may fail has room for one, an open stream in three places, and what throws one hands over a
    // pointer.
    private var parts: Shared

    /// A failure; what is not given is unknown.
    public init(
        _ kind: Kind, _ message: String, parameter: String? = nil, code: String? = nil,
        retryAfterSeconds: Int? = nil, upstreamStatus: Int? = nil
    ) {
        parts = Shared(
            Parts(
                kind: kind, message: message, parameter: parameter, code: code,
                retryAfterSeconds: retryAfterSeconds, upstreamStatus: upstreamStatus))
    }

    private mutating func change(_ change: (inout Parts) -> Void) {
        var value = parts.value
        change(&value)
        parts = Shared(value)
    }

    /// Whether both say the same.
    public static func == (one: Failure, other: Failure) -> Bool { one.parts.value == other.parts.value }

    private struct Parts: Sendable, Equatable {
        var kind: Kind
        var message: String
        var parameter: String?
        var code: String?
        var retryAfterSeconds: Int?
        var upstreamStatus: Int?
    }

    private final class Shared: Sendable {
        let value: Parts

        init(_ value: Parts) { self.value = value }
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
