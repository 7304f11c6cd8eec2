import Wire

/// Writes a complete answer as a `response` object.
public struct OpenAIResponsesResultEncoder: ResultEncoder {
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
    ) {}

    public func encode(_ choices: [GenerationResult], usage: Usage?) -> [UInt8] { [] }
}
