/// One request as the web server sent it.
public struct Request: Sendable {
    /// Why a body is not whole.
    public enum BodyProblem: Sendable, Equatable {
        /// It is over the limit, in bytes.
        case tooLarge(limit: Int)
        /// It did not come in time.
        case timedOut
        /// The web server broke off.
        case brokenOff
        /// Too many other bodies are being waited for.
        case overloaded
    }

    /// The CGI variables.
    public let parameters: RequestParameters

    /// The body; empty when `bodyProblem` says why it is not here.
    public let body: [UInt8]

    /// What went wrong with the body, if anything.
    public let bodyProblem: BodyProblem?
}

/// Whoever answers requests.
public protocol RequestHandler: Sendable {
    /// Answers one request. Runs on the loop's thread, in a task that is cancelled when the client leaves.
    ///
    /// The last call to `response` says that it is the last; a handler that returns without it cuts the answer.
    ///
    /// The request is the handler's to let go of: nothing else keeps its body while the answer streams.
    func respond(to request: consuming Request, through response: ResponseStream) async
}
