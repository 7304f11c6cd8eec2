internal import EventLoop
internal import Glibc

/// A body that is still coming: collects it within its limits of size and time, for a thread that may block.
public struct LateBody: ~Copyable {
    /// How reading came to its end.
    public enum End: Sendable {
        /// At the end of the body.
        case complete
        /// A read gave up, which is what the receive time-out makes it do.
        case timedOut
        /// The web server closed the connection, or it broke.
        case brokenOff
    }

    private let connection: Int32
    private let limit: Int
    private let stall: Duration
    private let deadline: UInt64
    private var longestWait = Duration.zero
    private var bytes: [UInt8] = []
    private var isTooLarge: Bool

    /// Room made before anything has come, in bytes: what is announced is not believed further than this.
    private static let maximumRoom = 1 << 20

    /// Makes an empty one.
    ///
    /// - Parameters:
    ///   - connection: whose receive time-out is set.
    ///   - expected: `CONTENT_LENGTH`, used to make room at once, up to 1 MiB ahead of what came.
    ///   - limit: bytes.
    ///   - stall: the longest silence.
    ///   - deadline: when to give up, in nanoseconds of the loop's clock.
    init(connection: Int32, expected: Int?, limit: Int, stall: Duration, deadline: UInt64) {
        self.connection = connection
        self.limit = limit
        self.stall = stall
        self.deadline = deadline
        bytes.reserveCapacity(min(max(0, expected ?? 0), limit, Self.maximumRoom))
        isTooLarge = (expected ?? 0) > limit
    }

    /// Sets how long the next read may wait. `SO_RCVTIMEO`
    ///
    /// - Returns: false when the time is over.
    public mutating func mayWait() -> Bool {
        let now = EventLoop.monotonicTime()
        guard now < deadline else { return false }
        let wait = min(stall, .nanoseconds(Int64(clamping: deadline - now)))
        // A call for each read only near the end: a stall is allowed again and again until then.
        if wait != longestWait {
            setReceiveTimeout(wait)
            longestWait = wait
        }
        return true
    }

    /// Takes what came; counts it only when that is over the limit.
    public mutating func append(_ piece: Span<UInt8>) {
        if !isTooLarge, bytes.count + piece.count > limit {
            isTooLarge = true
            bytes = []
        }
        if !isTooLarge { unsafe piece.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) } }
    }

    /// What came of it: the body, or why there is none. Takes the receive time-out back.
    public consuming func ended(_ end: End) -> (body: [UInt8], problem: Request.BodyProblem?) {
        setReceiveTimeout(.zero)
        switch end {
        case .complete: return isTooLarge ? ([], .tooLarge(limit: limit)) : (bytes, nil)
        case .timedOut: return ([], .timedOut)
        case .brokenOff: return ([], .brokenOff)
        }
    }

    /// Sets how long a read waits; zero for as long as it takes.
    private func setReceiveTimeout(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        // Not rounded down to zero, which would mean no limit.
        let microseconds = duration == .zero ? 0 : max(1, Int(attoseconds / 1_000_000_000_000))
        var time = timeval(tv_sec: Int(seconds), tv_usec: microseconds)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &time, size)
    }
}
