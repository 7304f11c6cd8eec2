/// Reads the requests of one connection and writes their answers, both blocking: whoever calls knows that it will not
/// block, or may.
///
/// Used by one thread at a time: the connection's loop, or a pool thread for as long as it reads a body.
public protocol RequestSlot: AnyObject, Sendable {
    /// Looks at the bytes of a request, from its first one, while they are still in the socket.
    ///
    /// Called again with more of them as they come, at most `RequestScan.maximumBytes`.
    func scan(_ bytes: Span<UInt8>) -> RequestScan

    /// Reads a request's parameters, which the last scan has seen.
    ///
    /// - Returns: nil when it was not a request after all.
    func readParameters() -> RequestParameters?

    /// Reads a body that has arrived completely.
    ///
    /// - Parameter count: its length in bytes, as the scan counted it.
    func readArrivedBody(count: Int) -> [UInt8]

    /// Reads a body that is still coming, on a thread that may block, and throws away what is over the limit or cannot be kept.
    ///
    /// To its end: closing with bytes unread breaks the connection for a web server that is still writing, and it drops
    /// the answer.
    func waitForBody(_ body: consuming LateBody) -> ArrivingBody.Result

    /// Sends bytes now, together with the end of the answer if this is the end; nothing can be sent after that.
    ///
    /// - Returns: false when the connection is broken.
    func write(_ bytes: ArraySlice<UInt8>, isEnd: Bool) -> Bool

    /// Has the end of the answer tell the web server not to use the connection again, where the protocol can.
    ///
    /// Closing it says so too late: a web server may have sent the next request already.
    func refuseReuse()

    /// Has the web server notice that the answer is not complete, where closing the connection does not tell it.
    func breakOff()

    /// Lets go of a request without the end of its answer; the connection stays.
    func release()

    /// Whether the web server wants to use the connection again after this request.
    var keepsConnection: Bool { get }

    /// Whether the connection is still the caller's to close: false after the slot closed a bad one.
    var hasConnection: Bool { get }
}
