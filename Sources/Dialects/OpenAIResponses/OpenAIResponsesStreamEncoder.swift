import Wire

/// Writes the events of an answer as the Responses API streams them.
public struct OpenAIResponsesStreamEncoder: StreamEncoder {
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

    /// The whole response object after the end, for the store, also of a failed one; nil before.
    public private(set) var response: [UInt8]?

    public mutating func encode(_ event: GenerationEvent, choice: Int, into bytes: inout [UInt8]) {}

    public mutating func finish(into bytes: inout [UInt8]) {}
}
