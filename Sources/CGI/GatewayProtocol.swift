/// What a web server speaks on its connections: where a request begins and ends in their bytes.
///
/// Everything else (accepting, waiting, credit, bodies that come late, the end) is the same for every protocol that
/// carries CGI variables one way and CGI output the other.
public protocol GatewayProtocol: Sendable {
    /// Looks at the bytes of a request, from its first one, while they are still in the socket.
    ///
    /// Called again with more bytes as they come, at most `RequestScan.maximumBytes` of them.
    func scan(_ bytes: Span<UInt8>) -> RequestScan

    /// Makes what reads and writes one connection, which stays the caller's.
    func makeSlot(connection: Int32) -> any RequestSlot
}

/// How much of a request the bytes in a socket hold.
public enum RequestScan: Sendable, Equatable {
    /// The parameters are not complete yet.
    case needsMore
    /// The parameters are complete, the body is not.
    case hasParameters
    /// All of it; the body has this many bytes.
    case isComplete(bodyBytes: Int)
    /// Not a request that an application can take.
    case isMalformed

    /// The most of a request that is looked at before it is read: parameters have to fit in, and nginx sends at most
    /// 4 × 8 KiB of header lines (`large_client_header_buffers`). A longer body is read on a thread.
    public static let maximumBytes = 128 * 1024
}
