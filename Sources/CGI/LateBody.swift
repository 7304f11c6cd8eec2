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
    private let stall: Duration
    private let deadline: UInt64
    private var longestWait = Duration.zero
    private var body: ArrivingBody

    /// Makes one for a body that is empty yet.
    ///
    /// - Parameters:
    ///   - connection: whose receive time-out is set.
    ///   - body: where the bytes go.
    ///   - stall: the longest silence.
    ///   - deadline: when to give up, in nanoseconds of the loop's clock.
    init(connection: Int32, body: consuming ArrivingBody, stall: Duration, deadline: UInt64) {
        self.connection = connection
        self.body = body
        self.stall = stall
        self.deadline = deadline
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

    /// Takes what came; only reads past it when that is over the limit or cannot be kept.
    public mutating func append(_ piece: Span<UInt8>) {
        body.append(piece)
    }

    /// What came of it: the body, or why there is none. Takes the receive time-out back.
    public consuming func ended(_ end: End) -> ArrivingBody.Result {
        setReceiveTimeout(.zero)
        switch end {
        case .complete: return body.complete()
        case .timedOut: return ArrivingBody.Result(problem: .timedOut)
        case .brokenOff: return ArrivingBody.Result(problem: .brokenOff)
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
