import Dialects
import Testing
import Wire

struct OpenAICompletionsRequestDecoderTests {
    private func decode(_ body: String) throws -> OpenAICompletionsRequest {
        try OpenAICompletionsRequestDecoder.decode(Array(body.utf8))
    }

    @Test func `a prompt is one turn of a user`() throws {
        let request = try decode(#"{"model":"m","prompt":"Once"}"#)
        #expect(request.prompts == ["Once"] && request.choicesPerPrompt == 1 && request.echoes.isEmpty)
        #expect(!request.echo && !request.isStreamed && !request.wantsStreamedUsage)
        let generation = try #require(request.requests.first)
        #expect(generation.model == "m" && generation.turns.map(\.origin) == ["prompt"])
        #expect(
            generation.turns.map(\.role) == [.user] && generation.turns[0].parts == [.text(TextPart("Once"))])
        #expect(generation.maximumOutputTokens == nil && generation.ignorable.isEmpty)
    }

    @Test func `several prompts share all else`() throws {
        let request = try decode(
            #"{"prompt":["a","b"],"n":2,"echo":true,"max_tokens":5,"stop":["x"],"temperature":0.5,"logprobs":3,"#
                + #""stream":true,"stream_options":{"include_usage":true},"best_of":2,"suffix":"","user":null,"foo":1}"#
        )
        #expect(request.prompts == ["a", "b"] && request.echoes == ["a", "a", "b", "b"])
        #expect(request.isStreamed && request.wantsStreamedUsage && request.requests.count == 2)
        for (generation, path) in zip(request.requests, ["prompt[0]", "prompt[1]"]) {
            #expect(generation.turns.map(\.origin) == [path])
            #expect(generation.choiceCount == 2 && generation.maximumOutputTokens == 5)
            #expect(generation.stopSequences == ["x"] && generation.sampling.temperature == 0.5)
            #expect(generation.sampling.topLogProbabilities == 3)
            #expect(generation.ignorable.map(\.name) == ["max_tokens", "temperature", "logprobs"])
            #expect(generation.otherMembers.members.map(\.key) == ["foo"])
        }
    }

    @Test func `of duplicates the last counts`() throws {
        #expect(try decode(#"{"prompt":1,"prompt":"a","n":"x","n":2}"#).choicesPerPrompt == 2)
    }

    @Test(
        arguments: [
            ("", nil, "invalid_json"), ("{", nil, "invalid_json"), ("[]", nil, "invalid_type"),
            ("{}", "prompt", "missing_required_parameter"),
            (#"{"prompt":null}"#, "prompt", "missing_required_parameter"),
            (#"{"prompt":{}}"#, "prompt", "invalid_type"), (#"{"prompt":[]}"#, "prompt", "empty_array"),
            (#"{"prompt":[1,2]}"#, "prompt", "unsupported_parameter"),
            (#"{"prompt":[[1],[2]]}"#, "prompt", "unsupported_parameter"),
            (#"{"prompt":["a",null]}"#, "prompt[1]", "invalid_type"),
            (#"{"prompt":["a"," \n"]}"#, "prompt[1]", "empty_prompt"),
            (#"{"prompt":["a","b","c"],"n":3}"#, "prompt", "array_above_max_length"),
            (#"{"prompt":["a","b","c","d","e","f","g","h","i"]}"#, "prompt", "array_above_max_length"),
            (#"{"prompt":"a","suffix":"b"}"#, "suffix", "unsupported_parameter"),
            (#"{"prompt":"a","best_of":2}"#, "best_of", "unsupported_parameter"),
            (#"{"prompt":"a","echo":"yes"}"#, "echo", "invalid_type"),
            (#"{"prompt":"a","logprobs":6}"#, "logprobs", "integer_above_max_value"),
            (#"{"prompt":"a","temperature":3}"#, "temperature", "decimal_above_max_value"),
        ] as [(String, String?, String)])
    func `bad input is named`(_ body: String, _ parameter: String?, _ code: String) {
        let failure = #expect(throws: Failure.self) { try decode(body) }
        #expect(failure?.parameter == parameter && failure?.code == code && failure?.answer.status == 400)
    }
}

struct OpenAICompletionsEncoderTests {
    private func result(_ text: String, _ reason: FinishReason = .stop) -> GenerationResult {
        GenerationResult(parts: [.text(TextPart(text))], usage: nil, finishReason: reason)
    }

    @Test func `a whole answer`() {
        let encoder = OpenAICompletionsResultEncoder(id: "cmpl-1", created: 17, model: "m", echoes: ["p: "])
        let body = encoder.encode(
            [result("a\n"), result("b", .length)], usage: Usage(inputTokens: 4, outputTokens: 2))
        #expect(
            text(body)
                == #"{"id":"cmpl-1","object":"text_completion","created":17,"model":"m","choices":["#
                + #"{"text":"p: a\n","index":0,"logprobs":null,"finish_reason":"stop"},"#
                + #"{"text":"b","index":1,"logprobs":null,"finish_reason":"length"}],"#
                + #""usage":{"prompt_tokens":4,"completion_tokens":2,"total_tokens":6,"#
                + #""prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}"#
        )
    }

    @Test func `a refusal is text where there is no other`() throws {
        let encoder = OpenAICompletionsResultEncoder(id: "i", created: 1, model: "m")
        let refused = GenerationResult(parts: [.refusal("no")], usage: nil, finishReason: .refusal)
        let json = try JSONValue(parsing: encoder.encode([refused], usage: nil))
        #expect(json["choices"]?.arrayValue?[0]["text"] == "no" && json["usage"] == nil)
    }

    private func stream(
        _ events: [(GenerationEvent, Int)], includeUsage: Bool = false, echoes: [String] = []
    ) -> String {
        var encoder = OpenAICompletionsStreamEncoder(
            id: "cmpl-1", created: 17, model: "m", includeUsage: includeUsage, echoes: echoes)
        var bytes: [UInt8] = []
        for (event, choice) in events { encoder.encode(event, choice: choice, into: &bytes) }
        encoder.finish(into: &bytes)
        return text(bytes)
    }

    private func event(_ text: String, _ index: Int = 0, _ reason: String = "null", tail: String = "")
        -> String
    {
        #"data: {"id":"cmpl-1","object":"text_completion","created":17,"model":"m","choices":[{"text":"#
            + "\"\(text)\",\"index\":\(index),\"logprobs\":null,\"finish_reason\":\(reason)}]\(tail)}\n\n"
    }

    @Test func `pieces, reason and end mark`() {
        let events: [(GenerationEvent, Int)] = [
            (.started, 0), (.reasoning("hm"), 0), (.text("a\"\n"), 0), (.text("b"), 1),
            (.finished(.length), 1),
            (.text("late"), 1), (.finished(.stop), 0),
        ]
        #expect(
            stream(events)
                == event("a\\\"\\n") + event("b", 1) + event("", 1, "\"length\"") + event("", 0, "\"stop\"")
                + "data: [DONE]\n\n")
    }

    @Test func `prompts come first where they are wanted`() {
        let events: [(GenerationEvent, Int)] = [
            (.started, 1), (.text("a"), 0), (.finished(.stop), 0), (.finished(.stop), 1),
        ]
        #expect(
            stream(events, echoes: ["p", "q"])
                == event("q", 1) + event("p") + event("a") + event("", 0, "\"stop\"")
                + event("", 1, "\"stop\"")
                + "data: [DONE]\n\n")
    }

    @Test func `counts add up at the end`() {
        let usage = Usage(inputTokens: 3, outputTokens: 2)
        let stream = stream(
            [(.finished(.stop), 0), (.usage(usage), 0), (.usage(usage), 1), (.finished(.stop), 1)],
            includeUsage: true)
        #expect(stream.hasPrefix(event("", 0, "\"stop\"", tail: ",\"usage\":null")))
        #expect(
            stream.contains(
                #""choices":[],"usage":{"prompt_tokens":6,"completion_tokens":4,"total_tokens":10,"#))
        #expect(stream.hasSuffix("data: [DONE]\n\n"))
    }

    @Test func `a failure ends the stream without an end mark`() {
        let stream = stream([(.text("a"), 0), (.failed(Failure(.upstreamFailed, "cut")), 0), (.text("b"), 0)])
        #expect(
            stream.hasPrefix(event("a") + #"data: {"error":{"message":"cut""#) && !stream.contains("DONE"))
    }
}
