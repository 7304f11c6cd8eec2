/// What a web server speaks on its connections.
///
/// A protocol knows where a request lies in the bytes and how an answer goes back. Everything else (accepting, waiting,
/// credit, bodies that come late, the end) is the same for all that carry CGI variables one way and CGI output the other.
public protocol GatewayProtocol: Sendable {
    /// Makes what reads and writes one connection, which stays the caller's.
    func makeSlot(connection: Int32) -> any RequestSlot
}
