import Dialects
import Testing
import Wire

struct AnthropicStreamEncoderTests {
    /// The bytes that some events of one answer become.
    static func encode(_ events: [GenerationEvent], id: String = "msg_1", inputTokens: Int = 7) -> String {
        var encoder = AnthropicStreamEncoder(id: id, model: "gpt-4o", inputTokens: inputTokens)
        var bytes: [UInt8] = []
        for event in events { encoder.encode(event, choice: 0, into: &bytes) }
        encoder.finish(into: &bytes)
        return text(bytes)
    }

    private func event(_ name: String, _ members: String) -> String {
        "event: \(name)\ndata: {\"type\":\"\(name)\"\(members.isEmpty ? "" : ",")\(members)}\n\n"
    }

    private func delta(_ index: Int, _ members: String) -> String {
        event("content_block_delta", #""index":\#(index),"delta":{\#(members)}"#)
    }

    private func usage(_ input: Int, _ output: Int) -> String {
        #""usage":{"input_tokens":\#(input),"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"#
            + #""output_tokens":\#(output)}"#
    }

    private var start: String {
        event(
            "message_start",
            #""message":{"id":"msg_1","type":"message","role":"assistant","model":"gpt-4o","content":[],"#
                + #""stop_reason":null,"stop_sequence":null,\#(usage(7, 0))}"#) + event("ping", "")
    }

    private func end(_ reason: String, output: Int = 0) -> String {
        event(
            "message_delta",
            #""delta":{"stop_reason":"\#(reason)","stop_sequence":null},\#(usage(7, output))"#)
            + event("message_stop", "")
    }

    @Test func `a text is one block between the message's start and end`() {
        let stream = Self.encode([
            .started, .text("Hel"), .text("lo \"x\"\n"), .usage(Usage(inputTokens: 7, outputTokens: 2)),
            .finished(.stop),
        ])
        #expect(
            stream == start
                + event("content_block_start", #""index":0,"content_block":{"type":"text","text":""}"#)
                + delta(0, #""type":"text_delta","text":"Hel""#)
                + delta(0, #""type":"text_delta","text":"lo \"x\"\n""#)
                + event("content_block_stop", #""index":0"#) + end("end_turn", output: 2))
    }

    @Test func `thought, text and calls are blocks with indexes of their own`() {
        let stream = Self.encode([
            .reasoning("Hm"), .signature("SIG"), .text("a"),
            .toolCallBegan(index: 0, id: "toolu_a", name: "f", kind: .function),
            .toolCallArguments(index: 0, #"{"x""#), .toolCallArguments(index: 0, ":1}"),
            .toolCallEnded(index: 0),
            .toolCallBegan(index: 1, id: "toolu_b", name: "g", kind: .function), .toolCallEnded(index: 1),
            .finished(.toolCalls),
        ])
        #expect(
            stream == start
                + event(
                    "content_block_start",
                    #""index":0,"content_block":{"type":"thinking","thinking":"","signature":""}"#)
                + delta(0, #""type":"thinking_delta","thinking":"Hm""#)
                + delta(0, #""type":"signature_delta","signature":"SIG""#)
                + event("content_block_stop", #""index":0"#)
                + event("content_block_start", #""index":1,"content_block":{"type":"text","text":""}"#)
                + delta(1, #""type":"text_delta","text":"a""#) + event("content_block_stop", #""index":1"#)
                + event(
                    "content_block_start",
                    #""index":2,"content_block":{"type":"tool_use","id":"toolu_a","name":"f","input":{}}"#)
                + delta(2, #""type":"input_json_delta","partial_json":"{\"x\"""#)
                + delta(2, #""type":"input_json_delta","partial_json":":1}""#)
                + event("content_block_stop", #""index":2"#)
                + event(
                    "content_block_start",
                    #""index":3,"content_block":{"type":"tool_use","id":"toolu_b","name":"g","input":{}}"#)
                + event("content_block_stop", #""index":3"#) + end("tool_use"))
    }

    @Test func `the prompt's tokens are known from the start`() throws {
        let stream = try AnthropicAccumulator(Self.encode([.text("a"), .finished(.stop)], inputTokens: 42))
        #expect(stream.message["usage"]?["input_tokens"]?.intValue == 42)
        #expect(Self.encode([.started], inputTokens: 42).contains(#""usage":{"input_tokens":42,"#))
    }

    @Test func `counts leave out what came from a cache or went into one`() throws {
        let usage = Usage(
            inputTokens: 100, outputTokens: 9, cachedInputTokens: 60, cacheWriteTokens: 30,
            reasoningTokens: 4,
            origin: .estimated)
        let message = try AnthropicAccumulator(Self.encode([.text("a"), .usage(usage), .finished(.stop)]))
            .message
        let expected: JSONValue = [
            "input_tokens": 10, "cache_creation_input_tokens": 30, "cache_read_input_tokens": 60,
            "output_tokens": 9, "output_tokens_details": ["thinking_tokens": 4], "estimated": true,
        ]
        #expect(message["usage"] == expected)
    }

    @Test func `counts that contradict each other give no negative ones`() throws {
        let usage = Usage(inputTokens: 5, outputTokens: 0, cachedInputTokens: .max, cacheWriteTokens: .max)
        let message = try AnthropicAccumulator(Self.encode([.text("a"), .usage(usage), .finished(.stop)]))
            .message
        #expect(message["usage"]?["input_tokens"]?.intValue == 0)
    }

    @Test func `counts may come after the end, the last ones hold`() throws {
        let message = try AnthropicAccumulator(
            Self.encode([
                .text("a"), .usage(Usage(inputTokens: 1, outputTokens: 1)), .finished(.stop),
                .usage(Usage(inputTokens: 2, outputTokens: 3)), .text("late"),
            ])
        ).message
        #expect(message["usage"]?["input_tokens"]?.intValue == 2)
        #expect(message["usage"]?["output_tokens"]?.intValue == 3)
        #expect(message["content"]?.arrayValue?.count == 1)
    }

    @Test func `a failure before anything else is the only event`() {
        let stream = Self.encode([.failed(Failure(.overloaded, "busy")), .text("a"), .finished(.stop)])
        #expect(stream == event("error", #""error":{"type":"overloaded_error","message":"busy"}"#))
    }

    @Test func `a failure ends the stream without a message's end`() throws {
        let stream = Self.encode([
            .text("a"), .failed(Failure(.upstreamFailed, "cut")), .text("b"), .finished(.stop),
        ])
        #expect(stream.hasSuffix(event("error", #""error":{"type":"api_error","message":"cut"}"#)))
        #expect(!stream.contains("message_stop") && !stream.contains("\"b\""))
        #expect(try AnthropicAccumulator(stream).error != nil)
    }

    @Test func `without an end there is no message's end`() {
        #expect(!Self.encode([.text("a")]).contains("message_delta"))
    }

    @Test func `other choices are left out`() {
        var encoder = AnthropicStreamEncoder(id: "msg_1", model: "m", inputTokens: 0)
        var bytes: [UInt8] = []
        encoder.encode(.text("second"), choice: 1, into: &bytes)
        #expect(bytes.isEmpty)
    }

    @Test func `a sign of life is a ping`() {
        let encoder = AnthropicStreamEncoder(id: "msg_1", model: "m", inputTokens: 0)
        var bytes: [UInt8] = []
        encoder.writeHeartbeat(into: &bytes)
        #expect(text(bytes) == event("ping", ""))
    }

    @Test func `calls without an id get one that differs between messages`() throws {
        let events: [GenerationEvent] = [
            .toolCallBegan(index: 0, id: nil, name: "f", kind: .function), .toolCallEnded(index: 0),
            .toolCallBegan(index: 1, id: nil, name: "f", kind: .function), .toolCallEnded(index: 1),
            .finished(.toolCalls),
        ]
        var ids: Set<String> = []
        for message in ["msg_1", "msg_2"] {
            let content = try AnthropicAccumulator(Self.encode(events, id: message)).message["content"]
            for block in try #require(content?.arrayValue) {
                ids.insert(try #require(block["id"]?.stringValue))
            }
        }
        #expect(ids.count == 4)
        #expect(ids.allSatisfy { $0.hasPrefix("toolu_") })
    }

    /// A call that goes on while so many bytes of text come.
    private func holding(_ count: Int) -> String {
        Self.encode([
            .toolCallBegan(index: 0, id: "toolu_a", name: "f", kind: .function),
            .text(String(repeating: "x", count: count)), .finished(.stop),
        ])
    }

    @Test func `as much waits for a call's end as may, and no byte more`() throws {
        let limit = 1024 * 1024 - 64
        #expect(try AnthropicAccumulator(holding(limit)).error == nil)
        let message = try AnthropicAccumulator(holding(limit + 1)).error?["error"]?["message"]?.stringValue
        #expect(message == "The upstream's tool calls do not come to an end.")
    }

    @Test(.timeLimit(.minutes(1))) func `many calls at the same time take no long time`() throws {
        let calls = 0..<4000
        var events: [GenerationEvent] = calls.map {
            .toolCallBegan(index: $0, id: "toolu_\($0)", name: "f", kind: .function)
        }
        events += calls.map { .toolCallArguments(index: $0, "{\"n\":\($0)}") }
        events += calls.reversed().map { .toolCallEnded(index: $0) }
        let message = try AnthropicAccumulator(Self.encode(events + [.finished(.stop)])).message
        let blocks = try #require(message["content"]?.arrayValue)
        #expect(blocks.map { $0["input"]?["n"]?.intValue } == calls.map { $0 })
    }
}
