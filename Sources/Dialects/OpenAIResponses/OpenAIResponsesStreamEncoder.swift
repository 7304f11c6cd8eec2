import Wire

/// Writes the events of an answer as the Responses API streams them.
///
/// https://platform.openai.com/docs/api-reference/responses-streaming, and openai-python 3.52.0,
/// `types/responses/response_*_event.py`: `response.created` and `response.in_progress`; for every item
/// `response.output_item.added`, its pieces, what they come to, and `response.output_item.done`; then exactly one of
/// `response.completed`, `response.incomplete` and `response.failed`. There is no `[DONE]`. Sequence numbers count all
/// of them from 0.
///
/// Thoughts are streamed as `response.reasoning_summary_text.delta`: of the two forms the API has, Codex, the agents
/// SDK, LangChain and the AI SDK show this one unasked.
public struct OpenAIResponsesStreamEncoder: StreamEncoder {
    private let object: ResponsesObject
    private var output: ResponsesOutput
    private var writer = ResponsesEventWriter()
    private var hasBegun = false

    /// The whole response object after the end, for the store, also of a failed one; nil before.
    public private(set) var whole: [UInt8]?

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
        output = ResponsesOutput(toolNames: echo.toolNames, makeID: makeID)
    }

    /// Appends the bytes of an event of the first choice: a response has no other.
    ///
    /// A failure becomes an `error` event, at which the openai SDKs raise, and `response.failed`, which Codex waits for.
    public mutating func encode(_ event: GenerationEvent, choice: Int, into bytes: inout [UInt8]) {
        guard choice == 0, whole == nil else { return }
        if !hasBegun { begin(into: &bytes) }
        output.add(event, telling: &writer, into: &bytes)
        guard let end = output.end else { return }
        let response = object.bytes(output)
        whole = response
        switch end {
        case .finished(let reason):
            let type: StaticString =
                reason.incompleteWord == nil ? "response.completed" : "response.incomplete"
            writer.write(type, response: response, into: &bytes)
        case .failed(let failure):
            writer.write(failure, into: &bytes)
            writer.write("response.failed", response: response, into: &bytes)
        }
    }

    /// Appends nothing: the last event of a response ends its stream.
    public mutating func finish(into bytes: inout [UInt8]) {}

    private mutating func begin(into bytes: inout [UInt8]) {
        hasBegun = true
        let response = object.bytes(output)
        writer.write("response.created", response: response, into: &bytes)
        writer.write("response.in_progress", response: response, into: &bytes)
    }
}
