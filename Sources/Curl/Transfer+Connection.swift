internal import CCurl

/// What is made of the connection that libcurl chooses for a call.
enum ConnectionChoice {
    /// It is taken.
    case libcurls
    /// It is not: the call has to begin anew.
    case refused
    /// The call has begun anew, on a new connection.
    case fresh
}

/// A call is sent on no kept connection by HTTP/1.1 on which it could read what is another's, or nothing. Nothing was sent
/// when that is noticed.
///
/// - One that has a call already: libcurl 7.88 would do that for a host of which some connections speak HTTP/2 and others do
///   not, such as one with several machines behind its name; see `TransferPool.shared`.
/// - One on which something waits to be read. What came after an answer, such as the same answer once more, would be taken
///   for that to this call, and that to this call for the next one's. And over TLS the end of a connection is such a thing:
///   the call would be sent, and nobody could tell whether it was heard.
///
/// Nor on any kept one at all, once it was refused on two: others may use up each before it.
extension Transfer {
    /// Whether the call may be sent on the connection that libcurl has chosen.
    ///
    /// - Parameter port: this side's port of the connection.
    func mayUseConnection(port: Int32) -> Bool {
        guard choice == .libcurls, let easy = unsafe handle?.pointer else { return true }
        var opened = 0
        unsafe fr_easy_get_long(easy, CURLINFO_NUM_CONNECTS, &opened)
        let connects = UInt16(clamping: opened)
        defer { refusals.connects = connects }
        // On a new one tickets for later ones may wait already (RFC 8446, section 4.6.1).
        guard connects == refusals.connects else { return true }
        if refusals.count >= Refusals.patience { return false }
        let ssl = unsafe fr_easy_tls(easy)
        if unsafe fr_tls_speaks_http2(Self.tls, ssl) { return true }
        if mayShareConnection, multi.isInUse(port: port, besides: self) { return false }
        return unsafe !fr_tls_has_pending(Self.tls, ssl) && !multi.hasUnread(port: port)
    }

    /// Looked up once: it takes longer than all the rest.
    private static let tls = fr_find_tls()
}
