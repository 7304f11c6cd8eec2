internal import Glibc

/// One HTTP request and how long its parts may take.
public struct TransferOptions: Sendable {
    /// `GET`, `POST`, or another one whose answer is read like theirs, such as `OPTIONS`.
    public var method = "GET"
    /// `http` or `https`; no other protocol is spoken.
    public var url: String
    /// The header fields, sent in this order: a line for each, `name: value` CR LF. A value must hold neither line breaks,
    /// which would begin another field, nor NUL.
    public var headerLines: [UInt8] = []
    /// The body of a `POST`, or its beginning.
    public var body: [UInt8] = []
    /// What follows `body`; nil for nothing. Such a call is never made by HTTP/2.
    public var further: BodySource?

    /// Until the connection stands, TLS included.
    public var connect: Duration = .seconds(10)
    /// From sending the request until the head of the answer; nil for no limit. With `further` it begins when all of the
    /// body is handed to the system.
    public var firstByte: Duration?
    /// The longest silence within the answer, and the longest stall in sending `further`; nil for no limit. Does not run
    /// while the reader, or the source of the body, is slow.
    public var idle: Duration?
    /// From the start to the end; nil for no limit.
    public var total: Duration?

    /// The most that the body of the answer may have, in bytes.
    public var maximumBodyBytes = Int.max

    /// What libcurl reads at once, in bytes: kept for each open call, so small where many calls wait for little.
    public var receiveBufferBytes = 16 * 1024
    /// What is to be read at once of a stream: some events. The least that libcurl takes; its default of 16 KB would be the
    /// largest part of an open stream.
    public static let streamBufferBytes = 1024

    /// Such as `http://proxy:3128`; nil takes `https_proxy` and its kin from the environment, "" uses none.
    public var proxy: String?
    /// A PEM file of trusted certificates; nil for the system's.
    public var certificateFile: String?
    /// Whether to offer HTTP/2 over TLS, and share connections by it.
    ///
    /// Not for answers that are long and read slowly: a paused transfer still buffers what its stream's window of
    /// 32 MiB granted, as long as other calls read from the connection.
    public var usesHTTP2 = true

    /// Which addresses, of 4 or 16 bytes, may be connected to; nil for all.
    ///
    /// Asked on the loop's thread with what a connection is about to be made to, after the name was looked up. Such a call
    /// takes no proxy, which would look it up again, and no connection of another call, and leaves none behind.
    public var mayConnect: (@Sendable (_ address: [UInt8]) -> Bool)?

    /// Whether the certificate has to be valid for the host. Without it anybody may answer: send no secret then.
    public var verifiesCertificate = true
    /// Whether to speak TLS 1.0 and 1.1 only, to see whether the other side still does: it should not.
    public var speaksOldTLS = false
    /// Whether `Transfer.report` tells of the connection afterwards.
    public var isReported = false

    /// `connect` as libcurl takes it: at least one, because 0 would be its default of five minutes.
    var connectMilliseconds: Int {
        max(1, Int(min(connect, .seconds(1 << 31)) / .milliseconds(1)))
    }

    /// Whether no proxy is to be asked for. Said to libcurl, which would look through the environment for each call.
    var goesStraight: Bool { mayConnect != nil || proxy?.isEmpty ?? !Self.environmentHasProxy }

    /// Whether the environment of the process names a proxy: https://curl.se/libcurl/c/libcurl-env.html
    private static let environmentHasProxy: Bool = {
        let names = ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
        return names.contains { (name: String) in unsafe getenv(name) != nil }
    }()

    /// Whether the call may go by a connection that has others: HTTP/2, over TLS.
    var mayShareConnection: Bool { usesHTTP2 && isTLS && further == nil && mayConnect == nil }

    /// Whether the URL asks for TLS.
    var isTLS: Bool { url.utf8.starts(with: "https:".utf8) }

    /// Makes a GET request.
    public init(url: String) {
        self.url = url
    }
}
