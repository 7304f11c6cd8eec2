import Dialects
import Testing
import Wire

/// The stream and the whole answer, made of the same events, must say the same.
struct AnthropicAnswerTests {
    /// Events and what both forms of the answer must have.
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let events: [GenerationEvent]
        let content: String
        let reason: String
        var testDescription: String { name }

        init(_ name: String, _ events: [GenerationEvent], _ content: String, _ reason: String = "end_turn") {
            self.name = name
            self.events = events
            self.content = content
            self.reason = reason
        }
    }

    private static func call(
        _ index: Int, _ name: String, _ pieces: [String], ends: Bool = true
    ) -> [GenerationEvent] {
        [.toolCallBegan(index: index, id: "toolu_\(index)", name: name, kind: .function)]
            + pieces.map { .toolCallArguments(index: index, $0) }
            + (ends ? [.toolCallEnded(index: index)] : [])
    }

    private static func use(_ index: Int, _ name: String, _ input: String) -> String {
        #"{"type":"tool_use","id":"toolu_\#(index)","name":"\#(name)","input":\#(input)}"#
    }

    private static let quote: JSONValue = ["type": "char_location", "cited_text": "q", "document_index": 0]

    static let cases: [Case] = [
        Case("nothing", [.started, .finished(.stop)], "[]"),
        Case(
            "text", [.text("Grüße "), .text("\u{1F600}\u{0}"), .finished(.stop)],
            #"[{"type":"text","text":"Grüße 😀\u0000"}]"#),
        Case(
            "a thought with its proof",
            [.reasoning("Hm"), .reasoning("…"), .signature("S"), .text("a"), .finished(.stop)],
            #"[{"type":"thinking","thinking":"Hm…","signature":"S"},{"type":"text","text":"a"}]"#),
        Case(
            "a thought without a proof", [.reasoning("Hm"), .text("a"), .finished(.stop)],
            #"[{"type":"thinking","thinking":"Hm","signature":""},{"type":"text","text":"a"}]"#),
        Case(
            "a proof of a thought that is not shown", [.signature("S"), .text("a"), .finished(.stop)],
            #"[{"type":"thinking","thinking":"","signature":"S"},{"type":"text","text":"a"}]"#),
        Case(
            "a call", [.text("a")] + call(0, "f", [#"{"b":1.50,"#, #""a":[]}"#]) + [.finished(.toolCalls)],
            #"[{"type":"text","text":"a"},\#(use(0, "f", #"{"b":1.50,"a":[]}"#))]"#, "tool_use"),
        Case(
            "a call after which the upstream says stop", call(0, "f", ["{}"]) + [.finished(.stop)],
            "[\(use(0, "f", "{}"))]", "tool_use"),
        Case(
            "calls without arguments", call(0, "f", []) + call(1, "g", [""]) + [.finished(.toolCalls)],
            "[\(use(0, "f", "{}")),\(use(1, "g", "{}"))]", "tool_use"),
        Case(
            "calls that come at the same time",
            call(0, "f", [#"{"a":"#], ends: false) + call(1, "g", [#"{"b":"#], ends: false)
                + [
                    .toolCallArguments(index: 0, "1}"), .toolCallArguments(index: 1, "2}"), .text("late"),
                    .toolCallEnded(index: 1), .toolCallEnded(index: 0), .finished(.toolCalls),
                ],
            #"[\#(use(0, "f", #"{"a":1}"#)),\#(use(1, "g", #"{"b":2}"#)),{"type":"text","text":"late"}]"#,
            "tool_use"),
        Case(
            "calls that nobody ended",
            call(0, "f", ["{}"], ends: false) + call(1, "g", [], ends: false)
                + call(2, "h", ["{}"], ends: false)
                + [.finished(.toolCalls)],
            "[\(use(0, "f", "{}")),\(use(1, "g", "{}")),\(use(2, "h", "{}"))]", "tool_use"),
        Case(
            "text between calls",
            call(0, "f", []) + [.text("a"), .reasoning("b")] + call(1, "g", []) + [.finished(.stop)],
            #"[\#(use(0, "f", "{}")),{"type":"text","text":"a"},{"type":"thinking","thinking":"b","signature":""},"#
                + "\(use(1, "g", "{}"))]", "tool_use"),
        Case(
            "a refusal", [.refusal("N"), .refusal("o"), .finished(.stop)], #"[{"type":"text","text":"No"}]"#,
            "refusal"),
        Case(
            "a refusal after text", [.text("Well"), .refusal("no"), .finished(.refusal)],
            #"[{"type":"text","text":"Well"},{"type":"text","text":"no"}]"#, "refusal"),
        Case(
            "citations in Anthropic's forms",
            [
                .text("a"), .citation(quote), .text("b"), .citation(["type": "url_citation"]),
                .finished(.stop),
            ],
            #"[{"type":"text","text":"ab","citations":[{"type":"char_location","cited_text":"q","document_index":0}]}]"#
        ),
        Case(
            "a citation before its text", [.citation(quote), .text("a"), .finished(.stop)],
            #"[{"type":"text","text":"a","citations":[{"type":"char_location","cited_text":"q","document_index":0}]}]"#
        ),
        Case(
            "the most tokens", [.text("a"), .finished(.length)], #"[{"type":"text","text":"a"}]"#,
            "max_tokens"),
        Case(
            "a full window", [.finished(.contextWindow)], "[]", "model_context_window_exceeded"),
        Case("a filter", [.finished(.contentFilter)], "[]", "refusal"),
        Case("a pause", [.finished(.paused)], "[]", "pause_turn"),
        Case("an unknown stop sequence", [.finished(.stopSequence(nil))], "[]", "stop_sequence"),
        Case(
            "calls although tokens ran out", call(0, "f", ["{}"]) + [.finished(.length)],
            "[\(use(0, "f", "{}"))]", "max_tokens"),
    ]

    @Test(arguments: cases) func `stream and whole answer are the same`(_ test: Case) throws {
        let usage = Usage(inputTokens: 30, outputTokens: 4, cachedInputTokens: 10, reasoningTokens: 2)
        let events = [.usage(usage)] + test.events
        var fold = GenerationFold()
        for event in events { fold.add(event) }
        let result = try fold.result()
        let whole = try JSONValue(
            parsing: AnthropicResultEncoder(id: "msg_1", model: "gpt-4o").encode(
                [result], usage: result.usage))
        let stream = try AnthropicAccumulator(AnthropicStreamEncoderTests.encode(events))
        #expect(stream.pings == 1)
        #expect(JSONValue.object(stream.message) == whole)
        #expect(whole["content"] == (try JSONValue(parsing: Array(test.content.utf8))))
        #expect(whole["stop_reason"]?.stringValue == test.reason)
        #expect(whole["stop_sequence"] == .null)
        #expect(whole["usage"]?["input_tokens"]?.intValue == 20)
    }

    @Test func `the stop sequence that came up is named`() throws {
        let events: [GenerationEvent] = [.text("a"), .finished(.stopSequence("END"))]
        let stream = try AnthropicAccumulator(AnthropicStreamEncoderTests.encode(events)).message
        let result = GenerationResult(
            parts: [.text(TextPart("a"))], usage: nil, finishReason: .stopSequence("END"))
        let whole = try JSONValue(
            parsing: AnthropicResultEncoder(id: "msg_1", model: "gpt-4o").encode([result], usage: nil))
        for answer in [JSONValue.object(stream), whole] {
            #expect(answer["stop_reason"]?.stringValue == "stop_sequence")
            #expect(answer["stop_sequence"]?.stringValue == "END")
        }
    }

    @Test func `the whole answer, byte by byte`() {
        let result = GenerationResult(
            parts: [
                .reasoning(ReasoningPart(text: "", redacted: "R")), .text(TextPart("a")), .text(TextPart("")),
                .toolCall(ToolCall(id: nil, name: "f", arguments: #" {"b": 1.0, "a": "\u00e4"} "#)),
            ], usage: nil, finishReason: .toolCalls)
        let bytes = AnthropicResultEncoder(id: "msg_1", model: "m").encode(
            [result], usage: Usage(inputTokens: 3, outputTokens: 2))
        #expect(
            text(bytes)
                == #"{"id":"msg_1","type":"message","role":"assistant","model":"m","content":["#
                + #"{"type":"redacted_thinking","data":"R"},{"type":"text","text":"a"},"#
                + #"{"type":"tool_use","id":"toolu_1_0","name":"f","input":{"b":1.0,"a":"ä"}}],"#
                + #""stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":3,"#
                + #""cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":2}}"#)
    }

    @Test(arguments: [
        ("", "{}"), (" \n", "{}"), ("[1]", #"{"arguments":[1]}"#), ("{oops", #"{"arguments":"{oops"}"#),
    ])
    func `a call's input is an object whatever the model wrote`(_ arguments: String, _ input: String) throws {
        let call = ToolCall(id: "toolu_1", name: "f", arguments: arguments)
        let result = GenerationResult(parts: [.toolCall(call)], usage: nil, finishReason: .toolCalls)
        let bytes = AnthropicResultEncoder(id: "msg_1", model: "m").encode([result], usage: nil)
        #expect(text(bytes).contains(#""name":"f","input":\#(input)}]"#))
    }
}
