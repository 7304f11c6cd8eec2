/// The way back to the web server for one request. For the loop's thread.
///
/// Bytes are written blocking, as libfcgi does it; so a write happens only against credit that the kernel gave: `poll`
/// reports a Unix stream socket writable when three quarters of its send buffer are free (`unix_writable` in
/// net/unix/af_unix.c), a TCP socket when a third is (`sk_stream_is_writable`). As long as less than that was written
/// since, no write can block. Without credit the writer suspends: a slow reader costs its own exchange and nothing else.
public final class ResponseStream: @unchecked Sendable {
    // @unchecked: used on the connection's loop only.

    /// The client left, or the connection to the web server broke.
    public struct ClientGone: Error {
        /// Makes the error.
        public init() {}
    }

    private let connection: Connection
    /// Whether the last write was made.
    private(set) var hasEnded = false

    init(connection: Connection) {
        self.connection = connection
    }

    /// Sends CGI output: first `Status` and header lines, an empty line, then the body, in pieces as they come.
    ///
    /// - Parameters:
    ///   - bytes: sent completely before the call returns; copied, nothing is kept.
    ///   - isLast: ends the answer in the same write. No call may follow.
    /// - Throws: `ClientGone`, and then nothing more can be sent.
    public func write(_ bytes: [UInt8], isLast: Bool) async throws(ClientGone) {
        var rest = bytes[...]
        while true {
            guard !hasEnded else { throw ClientGone() }
            // Asked first without a suspension, which costs the task memory that it keeps.
            if !connection.hasCredit(), !(await connection.waitForCredit()) { throw ClientGone() }
            let piece = rest.prefix(Connection.maximumWriteBytes)
            rest = rest.dropFirst(piece.count)
            let isEnd = isLast && rest.isEmpty
            if isEnd { hasEnded = true }
            guard connection.write(piece, isEnd: isEnd) else { throw ClientGone() }
            if rest.isEmpty { return }
        }
    }
}
