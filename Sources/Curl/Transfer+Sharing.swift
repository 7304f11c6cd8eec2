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

/// A call is never sent on a connection by HTTP/1.1 that has another call.
///
/// libcurl 7.88 would do that for a host of which some connections speak HTTP/2 and others do not, such as one with several
/// machines behind its name: see `TransferPool.shared`. Nothing was sent when it is noticed.
extension Transfer {
    /// Whether libcurl has put the call on such a connection.
    ///
    /// - Parameter port: this side's port of the connection.
    func isOnUnsharedConnection(port: Int32) -> Bool {
        guard mayShareConnection, choice == .libcurls, let easy = unsafe handle?.pointer,
            unsafe fr_easy_speaks_http2(easy, Self.alpnSelected) == 0
        else { return false }
        return multi.isInUse(port: port, besides: self)
    }

    /// Looked up once: it takes longer than all the rest.
    private static let alpnSelected = unsafe fr_find_alpn_selected()

    /// Begins the call again if it was on such a connection.
    ///
    /// - Returns: whether it runs again.
    func beginAnew() -> Bool {
        guard choice == .refused, isRunning, let handle else { return false }
        choice = .fresh
        multi.remove(self, handle, isGivenUp: false)
        unsafe fr_easy_set_long(handle.pointer, CURLOPT_FRESH_CONNECT, 1)
        return multi.add(self, handle)
    }
}
