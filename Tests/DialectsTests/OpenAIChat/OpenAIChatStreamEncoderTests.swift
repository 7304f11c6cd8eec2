import Dialects
import Testing
import Wire

struct OpenAIChatStreamEncoderTests {
    private func encode(
        _ events: [(GenerationEvent, Int)], includeUsage: Bool = false, model: String = "gpt-4o"
    ) -> String {
        var encoder = OpenAIChatStreamEncoder(
            id: "chatcmpl-1", created: 1_700_000_000, model: model, includeUsage: includeUsage)
        var bytes: [UInt8] = []
        for (event, choice) in events { encoder.encode(event, choice: choice, into: &bytes) }
        encoder.finish(into: &bytes)
        return text(bytes)
    }

    private func chunk(_ choices: String, tail: String = "") -> String {
        #"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"gpt-4o","#
            + "\"choices\":[\(choices)]\(tail)}\n\n"
    }

    private let role = #"{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}"#
    private let end = #"{"index":0,"delta":{},"finish_reason":"stop"}"#

    @Test func `role, text, reason and end mark in this order`() {
        let stream = encode([(.text("Hel"), 0), (.text("lo \"x\"\n"), 0), (.finished(.stop), 0)])
        #expect(
            stream == chunk(role) + chunk(#"{"index":0,"delta":{"content":"Hel"},"finish_reason":null}"#)
                + chunk(#"{"index":0,"delta":{"content":"lo \"x\"\n"},"finish_reason":null}"#) + chunk(end)
                + "data: [DONE]\n\n")
    }

    @Test func `counts come in a chunk of their own and are null before it`() {
        let usage = Usage(inputTokens: 3, outputTokens: 2, cachedInputTokens: 1, reasoningTokens: 1)
        let stream = encode(
            [(.started, 0), (.text("a"), 0), (.usage(usage), 0), (.finished(.stop), 0)], includeUsage: true)
        let null = #","usage":null"#
        let counts =
            #","usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5,"#
            + #""prompt_tokens_details":{"cached_tokens":1},"completion_tokens_details":{"reasoning_tokens":1}}"#
        #expect(
            stream == chunk(role, tail: null)
                + chunk(#"{"index":0,"delta":{"content":"a"},"finish_reason":null}"#, tail: null)
                + chunk(end, tail: null) + chunk("", tail: counts) + "data: [DONE]\n\n")
    }

    @Test func `no counts unless they were asked for`() {
        let usage = Usage(inputTokens: 3, outputTokens: 2)
        #expect(!encode([(.text("a"), 0), (.usage(usage), 0), (.finished(.stop), 0)]).contains("usage"))
    }

    @Test func `estimated counts say so`() {
        let usage = Usage(inputTokens: 3, outputTokens: 2, origin: .estimated)
        let stream = encode([(.usage(usage), 0), (.finished(.stop), 0)], includeUsage: true)
        #expect(stream.contains(#""estimated":true"#))
    }

    @Test func `counts of several choices add up`() {
        let usage = Usage(inputTokens: 3, outputTokens: 2)
        let stream = encode(
            [
                (.text("a"), 0), (.text("b"), 1), (.finished(.stop), 1), (.usage(usage), 1),
                (.usage(usage), 0),
                (.finished(.length), 0),
            ], includeUsage: true)
        #expect(stream.contains(#"{"index":1,"delta":{"role":"assistant","content":""}"#))
        #expect(stream.contains(#"{"index":1,"delta":{},"finish_reason":"stop"}"#))
        #expect(stream.contains(#"{"index":0,"delta":{},"finish_reason":"length"}"#))
        #expect(stream.contains(#""total_tokens":10"#))
        #expect(stream.components(of: "\"role\"") == 2)
    }

    @Test func `a failure ends the stream without an end mark`() {
        let failure = Failure(.upstreamFailed, "cut \"off\"")
        let stream = encode([(.text("a"), 0), (.failed(failure), 0), (.text("b"), 0), (.finished(.stop), 0)])
        let error =
            #"data: {"error":{"message":"cut \"off\"","type":"upstream_error","param":null,"#
            + "\"code\":\"upstream_failed\"}}\n\n"
        #expect(stream.hasSuffix(error))
        #expect(stream.components(of: "data: ") == 3)
    }

    @Test func `an answer that ends at once still has its role`() {
        #expect(encode([(.finished(.contentFilter), 0)]).hasPrefix(chunk(role)))
    }

    @Test func `nothing follows a choice's end`() {
        let stream = encode([(.finished(.stop), 0), (.text("late"), 0), (.finished(.length), 0)])
        #expect(stream == chunk(role) + chunk(end) + "data: [DONE]\n\n")
    }

    @Test func `tool calls`() {
        let stream = encode([
            (.toolCallBegan(index: 0, id: "c", name: "f", kind: .function), 0),
            (.toolCallArguments(index: 0, "{\"a\""), 0), (.toolCallEnded(index: 0), 0),
            (.finished(.toolCalls), 0),
        ])
        let start =
            #"{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","type":"function","#
            + #""function":{"name":"f","arguments":""}}]},"finish_reason":null}"#
        let piece =
            #"{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]},"#
            + #""finish_reason":null}"#
        let reason = #"{"index":0,"delta":{},"finish_reason":"tool_calls"}"#
        #expect(
            stream == chunk(role) + chunk(start) + chunk(piece) + chunk(reason) + "data: [DONE]\n\n")
    }

    @Test func `reasoning and refusals have members of their own`() {
        let stream = encode([(.reasoning("hm"), 0), (.refusal("no"), 0), (.finished(.refusal), 0)])
        #expect(stream.contains(#""delta":{"reasoning_content":"hm"}"#))
        #expect(stream.contains(#""delta":{"refusal":"no"}"#))
        #expect(stream.contains(#""finish_reason":"stop""#))
    }

    @Test func `each chunk is JSON whatever the names are`() throws {
        let odd = "a\"b\\c\u{0}\u{2028}</script>👍"
        var encoder = OpenAIChatStreamEncoder(id: odd, created: -5, model: odd, includeUsage: true)
        var bytes: [UInt8] = []
        encoder.encode(.text(odd), choice: 0, into: &bytes)
        encoder.encode(.usage(Usage(inputTokens: 1, outputTokens: 1)), choice: 0, into: &bytes)
        encoder.encode(.finished(.stop), choice: 0, into: &bytes)
        encoder.finish(into: &bytes)
        var parser = EventStreamParser()
        var texts: [String] = []
        try parser.feed(bytes) { event in
            guard !event.hasData("[DONE]") else { return }
            let json = try JSONValue(parsing: Array(event.data))
            #expect(json["id"]?.stringValue == odd && json["model"]?.stringValue == odd)
            if let text = json["choices"]?.arrayValue?.first?["delta"]?["content"]?.stringValue {
                texts.append(text)
            }
        }
        #expect(texts == ["", odd])
    }

    @Test func `the heartbeat is a comment`() {
        #expect(text(EventStreamComment.heartbeat) == ": waiting\n\n")
    }
}

extension String {
    /// How often a text stands in this one.
    fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
