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
