public import CGI

/// FastCGI, as its reference implementation reads and writes it.
public struct FastCGIProtocol: GatewayProtocol {
    /// Initialises libfcgi, once per process.
    ///
    /// - Precondition: libfcgi can be initialised, which only a system without memory prevents.
    public init() {
        precondition(FastCGISlot.isLibraryReady)
    }

    /// Makes one request of libfcgi.
    public func makeSlot(connection: Int32) -> any RequestSlot {
        FastCGISlot(connection: connection)
    }
}
