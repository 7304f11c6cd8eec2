public import Wire

/// How the relay reaches a vendor over HTTP.
///
/// One conformer serves the whole process. It owns connections, name look-ups and TLS; it never follows a redirect,
/// never repeats a request by itself, and never logs a header value or a body.
public protocol UpstreamTransport: Sendable {
    /// Starts a call and returns at once; what happens to it is told by the call's `next`.
    ///
    /// May be called from any thread. On a loop the call belongs to that loop, and so has its `next` to.
    func start(_ request: UpstreamRequest) -> any UpstreamCall
}

/// One HTTP request under way and its answer as it comes in.
///
/// The task that started the call owns it. `next` is called by one task at a time; `cancel` may come from any thread at
/// any time. A call object that goes away cancels itself.
public protocol UpstreamCall: AnyObject, Sendable {
    /// The next thing that happens: exactly one `head`, then any number of `bytes`, then `end`.
    ///
    /// Bytes that arrived since the last call come together as one event, up to the transport's receive buffer.
    /// A caller that does not call pauses the transfer: what a call holds back is bounded.
    /// After `end` or an error the method must not be called again.
    /// - Parameter silence: after this long without anything the call returns `.silence`, and the transfer goes on
    ///   undisturbed. `nil` waits until something happens. Zero or negative asks without waiting.
    /// - Throws: `UpstreamError`; the call is over and released then. Cancelling the waiting task throws
    ///   `.cancelled` and gives the call up, also when the task was cancelled before.
    func next(silence: Duration?) async throws(UpstreamError) -> UpstreamEvent

    /// Gives the call up: the connection is closed or its stream reset within milliseconds, and buffers are released.
    ///
    /// Does nothing on a call that has ended or was cancelled. A `next` that waits throws `.cancelled`.
    func cancel()
}

/// What `UpstreamCall.next` can return.
public enum UpstreamEvent: Sendable, Equatable {
    /// The answer's status and header fields, names in lower case. Interim (1xx) answers are skipped; a redirect is a
    /// head like any other.
    case head(status: Int, headers: HeaderFields)
    /// A part of the body, decoded from its transfer and content coding, never empty.
    case bytes([UInt8])
    /// Nothing happened for as long as the caller wanted to wait.
    case silence
    /// The body is complete.
    case end
}

/// Everything a transport has to know to make a call.
public struct UpstreamRequest: Sendable, Equatable {
    /// `GET`, `POST`, …
    public var method: String
    /// The absolute URL, path and query percent-encoded. Never carries a credential.
    public var url: String
    /// Header fields as they go out, without `host`, `content-length` and `connection`, which the transport sets.
    /// They can carry a credential.
    public var headers: HeaderFields
    /// The whole body, or its beginning where `further` follows; empty for methods without one.
    public var body: [UInt8]
    /// What follows `body`, in this order; for what is too long for memory. The transport reads it piece by piece, away
    /// from its loop, holds at most 1 MiB of it at a time, and sends the length of all of it first.
    public var further: [FileContent] = []
    /// When to give up. The transport keeps all but `firstEvent`.
    public var timeouts: Timeouts
    /// A proxy's URL; `nil` leaves it to the environment (`https_proxy`, `no_proxy`), an empty string forbids any.
    public var proxy: String?
    /// A file of certificate authorities (PEM) used instead of the system's.
    public var certificateFile: String?
    /// After more body bytes than this, decoded, the call fails with `.tooLarge`; `nil` is for streams.
    public var maximumResponseBytes: Int?
    /// Whether HTTP/2 may be used; it then is over TLS when the server agrees.
    public var http2: Bool
    /// Which addresses may be called.
    public var reach = Reach.any
    /// Whether the answer is a file rather than events or one value: it is read in larger pieces.
    public var isDownload = false

    /// Which addresses a request may be sent to.
    public enum Reach: Sendable, Equatable {
        /// All: the operator chose where it goes.
        case any
        /// Those of the internet only, and the networks that the operator allows: a client chose where it goes.
        ///
        /// The address that the connection is made to is looked at, after the name was resolved; no proxy is used, which
        /// would resolve it again, and no connection that is kept for other calls. Fails with `.forbiddenAddress`.
        case publicAddresses(except: [NetworkBlock])
    }

    /// Makes a request.
    public init(
        method: String, url: String, headers: HeaderFields = HeaderFields(), body: [UInt8] = [],
        timeouts: Timeouts = Timeouts(), proxy: String? = nil, certificateFile: String? = nil,
        maximumResponseBytes: Int? = nil, http2: Bool = true
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeouts = timeouts
        self.proxy = proxy
        self.certificateFile = certificateFile
        self.maximumResponseBytes = maximumResponseBytes
        self.http2 = http2
    }
}
