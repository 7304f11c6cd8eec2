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
        /// It is too long for memory, and could not be put into a file.
        case notKept
    }

    /// The CGI variables.
    public let parameters: RequestParameters

    /// The body; empty when `bodyProblem` says why it is not here.
    public let body: [UInt8]

    /// The body where it is a form too long for memory; `body` is empty then.
    public let longBody: SpoolFile?

    /// What went wrong with the body, if anything.
    public let bodyProblem: BodyProblem?

    init(parameters: RequestParameters, body: [UInt8]) {
        self.init(parameters: parameters, body: body, longBody: nil, bodyProblem: nil)
    }

    init(parameters: RequestParameters, arrived: ArrivingBody.Result) {
        self.init(
            parameters: parameters, body: arrived.bytes, longBody: arrived.file, bodyProblem: arrived.problem)
    }

    private init(
        parameters: RequestParameters, body: [UInt8], longBody: SpoolFile?, bodyProblem: BodyProblem?
    ) {
        self.parameters = parameters
        self.body = body
        self.longBody = longBody
        self.bodyProblem = bodyProblem
    }
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
