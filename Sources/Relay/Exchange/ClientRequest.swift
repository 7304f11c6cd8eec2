public import Wire

/// One request of a client, as the web server handed it over.
public struct ClientRequest: Sendable {
    /// Why the body is not all of what the client meant to send.
    public enum BodyProblem: Sendable, Equatable {
        /// It is longer than this many bytes, by its announced or its real length.
        case tooLarge(limit: Int)
        /// It ended before its announced length.
        case truncated
        /// It did not come in time.
        case timedOut
        /// It is too long for memory, and the relay found no place for it.
        case notKept
    }

    /// The method as sent; methods are case-sensitive.
    public var method: String
    /// The path below the place where the relay is mounted, percent-decoded. Begins with a slash.
    public var path: String
    /// The same path as the client wrote it, still encoded; equal to `path` when the server does not tell.
    public var rawPath: String
    /// What follows the first `?`, without it; empty when there is none.
    public var query: String
    /// Header fields, names in lower case, without `content-type` and `content-length`.
    public var headers: HeaderFields
    /// The `Content-Type`; `nil` when absent or empty.
    public var contentType: String?
    /// The announced length of the body; `nil` when absent or not a number.
    public var contentLength: Int?
    /// The client's address as the web server believes it to be (`REMOTE_ADDR`).
    public var remoteAddress: String
    /// The scheme by which the client came, `http` or `https`.
    public var scheme: String
    /// Where the web server has mounted the relay, such as `/relay`; empty at the root, or when it does not tell.
    public var mount: String
    /// How the client spoke to the web server, such as `HTTP/2.0`; empty when it does not tell.
    public var httpVersion: String
    /// What was read of the body. Ignored when `bodyProblem` is set.
    public var body: [UInt8]
    /// The body where it is too long for memory; `body` is empty then. Only forms (`multipart/form-data`) come so.
    public var longBody: (any ByteSource)?
    /// What is wrong with the body.
    public var bodyProblem: BodyProblem?

    /// How long the body is that came, in bytes, wherever it is.
    var bodyCount: Int { longBody?.count ?? body.count }

    /// Makes a request.
    public init(
        method: String, path: String, rawPath: String? = nil, query: String = "",
        headers: HeaderFields = HeaderFields(), contentType: String? = nil, contentLength: Int? = nil,
        remoteAddress: String = "", scheme: String = "https", mount: String = "", httpVersion: String = "",
        body: [UInt8] = [], longBody: (any ByteSource)? = nil, bodyProblem: BodyProblem? = nil
    ) {
        self.method = method
        self.path = path
        self.rawPath = rawPath ?? path
        self.query = query
        self.headers = headers
        self.contentType = contentType
        self.contentLength = contentLength
        self.remoteAddress = remoteAddress
        self.scheme = scheme
        self.mount = mount
        self.httpVersion = httpVersion
        self.body = body
        self.longBody = longBody
        self.bodyProblem = bodyProblem
    }
}
