import Dialects
import Testing
import Wire

struct OpenAIChatResultEncoderTests {
    private let encoder = OpenAIChatResultEncoder(id: "chatcmpl-1", created: 1_700_000_000, model: "m:1")

    @Test func `one choice`() {
        let result = GenerationResult(
            parts: [.text(TextPart("Hi \"you\"\n"))], usage: nil, finishReason: .stopSequence("x"))
        let body = encoder.encode([result], usage: Usage(inputTokens: 4, outputTokens: 2, totalTokens: 7))
        #expect(
            text(body)
                == #"{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"m:1","choices":"#
                + #"[{"index":0,"message":{"role":"assistant","content":"Hi \"you\"\n","refusal":null},"#
                + #""logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":4,"completion_tokens":2,"#
                + #""total_tokens":7,"prompt_tokens_details":{"cached_tokens":0},"#
                + #""completion_tokens_details":{"reasoning_tokens":0}}}"#)
    }

    @Test func `several choices keep their order`() throws {
        let results = ["a", "b", "c"].map {
            GenerationResult(parts: [.text(TextPart($0))], usage: nil, finishReason: .length)
        }
        let json = try JSONValue(parsing: encoder.encode(results, usage: nil))
        let choices = try #require(json["choices"]?.arrayValue)
        #expect(choices.map { $0["index"]?.intValue } == [0, 1, 2])
        #expect(choices.map { $0["message"]?["content"]?.stringValue } == ["a", "b", "c"])
        #expect(choices.allSatisfy { $0["finish_reason"] == "length" })
        #expect(json["usage"] == nil)
    }

    @Test func `tool calls, refusals and reasoning`() throws {
        let called = GenerationResult(
            parts: [
                .reasoning(ReasoningPart(text: "hm")),
                .toolCall(ToolCall(id: "c", name: "f", arguments: "{}")),
                .toolCall(ToolCall(id: "d", name: "g", arguments: "free", kind: .custom)),
            ], usage: nil, finishReason: .toolCalls)
        let refused = GenerationResult(parts: [.refusal("no")], usage: nil, finishReason: .refusal)
        let json = try JSONValue(parsing: encoder.encode([called, refused], usage: nil))
        let message = json["choices"]?.arrayValue?[0]["message"]
        #expect(message?["content"] == .null)
        #expect(message?["reasoning_content"] == "hm")
        #expect(
            message?["tool_calls"]
                == [
                    ["id": "c", "type": "function", "function": ["name": "f", "arguments": "{}"]],
                    ["id": "d", "type": "custom", "custom": ["name": "g", "input": "free"]],
                ])
        #expect(json["choices"]?.arrayValue?[1]["message"]?["refusal"] == "no")
    }
}

struct OpenAIModelEncoderTests {
    @Test func `a model with all that is known of it`() {
        var model = ModelEntry(
            id: "us.anthropic.claude-v1:0", provider: "anthropic", name: "Claude",
            kinds: [.speechToText, .chat])
        model.inputModalities = ["text", "image"]
        model.contextWindow = 200_000
        model.maximumOutputTokens = 8_192
        model.created = 1_700_000_000
        #expect(
            text(OpenAIModelEncoder.model(model))
                == #"{"id":"us.anthropic.claude-v1:0","object":"model","created":1700000000,"owned_by":"anthropic","#
                + #""name":"Claude","context_length":200000,"max_output_tokens":8192,"#
                + #""input_modalities":["text","image"],"output_modalities":["text"],"#
                + #""capabilities":{"chat":true,"speech_to_text":true,"vision":true}}"#)
    }

    @Test func `a list of models of which little is known`() {
        let list = OpenAIModelEncoder.list([
            ModelEntry(id: "a/b", provider: "x", kinds: [.chat]),
            ModelEntry(id: "c", provider: "y", kinds: []),
        ])
        #expect(
            text(list)
                == #"{"object":"list","data":[{"id":"a/b","object":"model","created":0,"owned_by":"x","#
                + #""output_modalities":["text"],"capabilities":{"chat":true}},{"id":"c","object":"model","created":0,"owned_by":"y","#
                + #""capabilities":{}}]}"#)
        #expect(text(OpenAIModelEncoder.list([])) == #"{"object":"list","data":[]}"#)
    }
}
