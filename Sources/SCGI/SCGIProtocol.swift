public import CGI

/// SCGI, version 1: one request on each connection, and the end of the answer is the end of the connection.
///
/// The specification: https://python.ca/scgi/protocol.txt
public struct SCGIProtocol: GatewayProtocol {
    /// There is nothing to prepare.
    public init() {}

    /// Makes an empty one.
    public func makeSlot(connection: Int32) -> any RequestSlot {
        SCGISlot(connection: connection)
    }
}
