public import Wire

/// Status and header fields of an answer.
public struct ResponseHead: Sendable, Equatable {
    /// The HTTP status, 200 to 599. Never an interim 1xx.
    public var status: Int
    /// Header fields. `content-length` is among them exactly when the whole body is known.
    public var fields: HeaderLines

    /// Makes a head.
    public init(status: Int, fields: HeaderLines) {
        self.status = status
        self.fields = fields
    }
}

/// The client hung up, or the web server did so in its name: nothing more can be said to it.
public struct ClientGone: Error, Equatable {
    /// Makes one; it carries nothing.
    public init() {}
}

/// The way back to the client of one exchange.
///
/// The relay calls it from the exchange's task only, never twice at a time, and makes the last call with
/// `isLast`, unless a call threw or the task was cancelled. A conformer that sees the client hang up while no `send` is
/// running cancels the exchange's task; that is how an upstream call that is silent for minutes learns of it.
public protocol ClientResponse: AnyObject, Sendable {
    /// Sends bytes, before them the head, after them the end.
    ///
    /// Returns when the bytes were taken over by the system; suspends as long as the client's socket is full, and
    /// that is the only brake on a fast upstream. The conformer must not keep `body` after it returned (the caller
    /// reuses the buffer), nor collect bytes over several calls.
    /// - Parameters:
    ///   - head: given with the first call and never again.
    ///   - body: may be empty, with a head or with `isLast`.
    ///   - isLast: nothing follows. The answer is complete when the call returns.
    /// - Throws: `ClientGone` when the client left or the task was cancelled. No further call is made then.
    func send(head: ResponseHead?, body: [UInt8], isLast: Bool) async throws(ClientGone)
}
