import Dialects
import Synchronization
import Testing
import Wire

/// Makes identifiers that count up: `msg_1`, `fc_2`, …
final class CountedIDs: Sendable {
    private let count = Atomic(0)

    /// The closure that decoders and encoders take.
    var make: @Sendable (String) -> String {
        { prefix in "\(prefix)\(self.count.wrappingAdd(1, ordering: .relaxed).newValue)" }
    }
}

/// Decodes a request.
func responsesRequest(_ body: String) throws(Failure) -> OpenAIResponsesRequest {
    try OpenAIResponsesRequestDecoder.decode(Array(body.utf8), makeID: CountedIDs().make)
}

/// Decodes a request that has to be right.
func responsesEcho(_ body: String = #"{"model":"m","input":"Hi"}"#) throws -> OpenAIResponsesEcho {
    try responsesRequest(body).echo
}

/// One event of a stream.
struct StreamedEvent: Equatable {
    var name: String
    var data: JSONValue
}

/// The events of a stream, each of which has a name and one line of data.
func streamedEvents(_ stream: String) throws -> [StreamedEvent] {
    try stream.split(separator: "\n\n").map { event in
        let lines = event.split(separator: "\n", omittingEmptySubsequences: false)
        try #require(lines.count == 2 && lines[0].hasPrefix("event: ") && lines[1].hasPrefix("data: "))
        let data = try JSONValue(parsing: Array(lines[1].dropFirst(6).utf8))
        return StreamedEvent(name: String(lines[0].dropFirst(7)), data: data)
    }
}

/// Streams an answer; gives the stream and the response at its end.
func responsesStream(
    _ events: [GenerationEvent], echo: OpenAIResponsesEcho, completed: (@Sendable () -> Int)? = nil
) -> (stream: String, response: [UInt8]?) {
    var encoder = OpenAIResponsesStreamEncoder(
        id: "resp_1", created: 1_700_000_000, echo: echo, completed: completed, makeID: CountedIDs().make)
    var bytes: [UInt8] = []
    for event in events { encoder.encode(event, choice: 0, into: &bytes) }
    encoder.finish(into: &bytes)
    return (text(bytes), encoder.whole)
}

/// The whole answer that the events come to, written without a stream.
func responsesResult(_ events: [GenerationEvent], echo: OpenAIResponsesEcho) throws -> [UInt8] {
    var fold = GenerationFold()
    for event in events { fold.add(event) }
    let result = try fold.result()
    let encoder = OpenAIResponsesResultEncoder(
        id: "resp_1", created: 1_700_000_000, echo: echo, makeID: CountedIDs().make)
    return encoder.encode([result], usage: result.usage)
}

/// Answers that between them have everything an answer can have.
enum ResponsesAnswers {
    static let usage = GenerationEvent.usage(
        Usage(inputTokens: 9, outputTokens: 4, cachedInputTokens: 2, reasoningTokens: 1))
    static let plain: [GenerationEvent] = [
        .started, .text("Hel"), .text("lo \"x\"\n"), usage, .finished(.stop),
    ]
    static let thought: [GenerationEvent] = [
        .reasoning("Hm"), .reasoning("m."), .signature("proof"), .text("Yes."), usage, .finished(.stop),
    ]
    static let calls: [GenerationEvent] = [
        .text("Let me look."), .toolCallBegan(index: 0, id: "call_a", name: "read", kind: .function),
        .toolCallArguments(index: 0, #"{"path":"#), .toolCallArguments(index: 0, #""a.txt"}"#),
        .toolCallEnded(index: 0), .toolCallBegan(index: 1, id: nil, name: "list", kind: .function),
        .toolCallArguments(index: 1, "{}"), .toolCallEnded(index: 1), usage, .finished(.toolCalls),
    ]
    static let custom: [GenerationEvent] = [
        .toolCallBegan(index: 0, id: "call_p", name: "apply_patch", kind: .custom),
        .toolCallArguments(index: 0, "*** Begin Patch\n"), .toolCallArguments(index: 0, "*** End Patch"),
        .toolCallEnded(index: 0), .finished(.toolCalls),
    ]
    static let refusal: [GenerationEvent] = [
        .text("Well, "), .refusal("I can"), .refusal("not."), .finished(.refusal),
    ]
    static let cut: [GenerationEvent] = [.text("Once upon"), usage, .finished(.length)]
    static let filtered: [GenerationEvent] = [.text("Once"), .finished(.contentFilter)]
    static let cutCall: [GenerationEvent] = [
        .toolCallBegan(index: 0, id: "call_a", name: "read", kind: .function),
        .toolCallArguments(index: 0, #"{"pa"#), .finished(.length),
    ]
    static let cited: [GenerationEvent] = [
        .text("See there."),
        .citation([
            "type": "url_citation",
            "url_citation": ["url": "http://a.example", "title": "A", "start_index": 0, "end_index": 3],
        ]), .finished(.stop),
    ]
    static let empty: [GenerationEvent] = [.started, .finished(.stop)]
    static let failed: [GenerationEvent] = [
        .started, .text("Half an ans"),
        .failed(Failure(.upstreamFailed, "The upstream's answer ended before it was complete.")),
    ]

    /// All that do not fail.
    static let complete = [
        plain, thought, calls, custom, refusal, cut, filtered, cutCall, cited, empty,
    ]
}
