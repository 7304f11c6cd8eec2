internal import CGI
internal import EventLoop
internal import Glibc

/// The body of a request on standard input (RFC 3875, section 4.2).
///
/// Read before the loop runs, by a process that has nothing else to do: it may wait.
struct CGIInput {
    /// What one body may cost, as for bodies that come by other ways.
    struct Limits {
        /// The largest body, in bytes.
        var bytes: Int
        /// The longest a body may take to arrive.
        var time: Duration
        /// The longest silence within a body.
        var stall = Duration.seconds(30)
        /// Where forms go that are too long for memory.
        var spoolDirectory = "/tmp"
    }

    private let descriptor: Int32
    private let limits: Limits

    /// Reads from a descriptor, which stays the caller's.
    init(descriptor: Int32 = STDIN_FILENO, limits: Limits) {
        self.descriptor = descriptor
        self.limits = limits
    }

    /// Reads a body.
    ///
    /// One over the limit is read to its end and thrown away: input and output of mod_cgid are one Unix socket, and closing
    /// that with bytes unread breaks it while Apache still writes, which drops the answer then.
    ///
    /// - Parameters:
    ///   - expected: its length in bytes; `nil` for one that ends with the input, as a chunked upload does.
    ///   - contentType: its `CONTENT_TYPE`.
    func read(_ expected: Int?, contentType: String? = nil) -> ArrivingBody.Result {
        let deadline = EventLoop.monotonicTime() &+ Self.nanoseconds(limits.time)
        var body = ArrivingBody(
            expected: expected, limit: limits.bytes, contentType: contentType,
            directory: limits.spoolDirectory)
        var rest = expected ?? .max
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while rest > 0 {
            guard waitForBytes(until: deadline) else { return ArrivingBody.Result(problem: .timedOut) }
            let count = Glibc.read(descriptor, &chunk, min(chunk.count, rest))
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count >= 0 else { return ArrivingBody.Result(problem: .brokenOff) }
            if count == 0 { break }
            rest -= count
            body.append(chunk.span.extracting(first: count))
        }
        // A shorter body than announced is seen by whoever compares it with CONTENT_LENGTH.
        return body.complete()
    }

    /// Waits until something can be read, or the input ends; false when that takes too long. `poll`
    private func waitForBytes(until deadline: UInt64) -> Bool {
        let stallEnd = EventLoop.monotonicTime() &+ Self.nanoseconds(limits.stall)
        let end = min(deadline, stallEnd)
        while true {
            let now = EventLoop.monotonicTime()
            guard now < end else { return false }
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let count = poll(&entry, 1, Int32(clamping: (end - now + 999_999) / 1_000_000))
            if count != 0, count > 0 || errno != EINTR { return true }
        }
    }

    private static func nanoseconds(_ duration: Duration) -> UInt64 {
        let (seconds, attoseconds) = duration.components
        return UInt64(max(0, seconds)) * 1_000_000_000 + UInt64(max(0, attoseconds) / 1_000_000_000)
    }
}
