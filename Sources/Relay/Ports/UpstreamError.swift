/// Why an upstream call ended without a complete answer.
public struct UpstreamError: Error, Equatable {
    /// The reasons a transport tells apart.
    public enum Kind: Sendable, Hashable {
        /// No connection: name not found, refused, no route, proxy unreachable. Nothing was sent.
        case unreachable
        /// No secure connection: certificate or protocol refused. Nothing was sent.
        case tls
        /// One of the time-outs passed.
        case timedOut(Timeouts.Phase)
        /// The connection broke, or the peer violated HTTP, after the request had been sent in part or whole.
        case cut
        /// The address is none that the request may be sent to: `UpstreamRequest.Reach`. Nothing was sent.
        case forbiddenAddress
        /// The body grew past `UpstreamRequest.maximumResponseBytes`.
        case tooLarge
        /// The caller gave up: `cancel()`, or its task was cancelled.
        case cancelled
        /// The process is about to end and takes no new calls, or its time for running ones is over.
        case shuttingDown
        /// The request cannot be made as it stands (URL, proxy, certificate file), or memory ran out. Nothing was sent.
        case failed
    }

    /// The reason.
    public var kind: Kind
    /// A sentence for the log and for the client: without addresses, credentials and paths of this machine.
    public var message: String

    /// Makes an error.
    public init(_ kind: Kind, message: String) {
        self.kind = kind
        self.message = message
    }
}
