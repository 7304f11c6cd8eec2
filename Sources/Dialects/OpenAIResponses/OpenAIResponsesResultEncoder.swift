import Wire

/// Writes a complete answer as a `response` object.
///
/// https://platform.openai.com/docs/api-reference/responses/object
public struct OpenAIResponsesResultEncoder: ResultEncoder {
    private let object: ResponsesObject
    private let toolNames: ResponsesToolNames
    private let makeID: @Sendable (String) -> String

    /// An encoder for one answer.
    ///
    /// - Parameters:
    ///   - id: the response's identifier, such as `resp_…`.
    ///   - created: seconds since 1970.
    ///   - completed: gives the seconds since 1970 at which the answer is complete; nil leaves `completed_at` null.
    ///   - makeID: makes a unique identifier that begins with what it is given, such as `msg_`.
    public init(
        id: String, created: Int, echo: OpenAIResponsesEcho, completed: (@Sendable () -> Int)? = nil,
        makeID: @escaping @Sendable (String) -> String
    ) {
        object = ResponsesObject(id: id, created: created, echo: echo, completed: completed)
        toolNames = echo.toolNames
        self.makeID = makeID
    }

    /// The body for the first choice: a response has no other.
    public func encode(_ choices: [GenerationResult], usage: Usage?) -> [UInt8] {
        var output = ResponsesOutput(toolNames: toolNames, makeID: makeID)
        output.usage = usage
        if let choice = choices.first { output.add(choice) }
        return object.bytes(output)
    }
}
