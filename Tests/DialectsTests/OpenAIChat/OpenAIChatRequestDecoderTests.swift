import Dialects
import Testing
import Wire

struct OpenAIChatRequestDecoderTests {
    private func decode(_ json: String) throws(Failure) -> GenerationRequest {
        try OpenAIChatRequestDecoder.decode(Array(json.utf8))
    }

    @Test func `a plain request`() throws {
        let request = try decode(#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}]}"#)
        var expected = GenerationRequest(model: "gpt-4o", turns: [Turn(role: .user, text: "Hi")])
        expected.turns[0].origin = "messages[0]"
        #expect(request == expected)
    }

    @Test func `all six roles and the published forms of content`() throws {
        let request = try decode(
            #"""
            {"messages":[
              {"role":"system","content":"S","name":"sys"},
              {"role":"developer","content":[{"type":"text","text":"D1"},{"type":"text","text":"D2"}]},
              {"role":"user","name":"ann","content":[
                {"type":"text","text":"look","prompt_cache_breakpoint":{"mode":"explicit","ttl":"30m"}},
                {"type":"image_url","image_url":{"url":"https://example.com/a.png","detail":"low"}},
                {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}},
                {"type":"input_audio","input_audio":{"data":"UklG","format":"wav"}},
                {"type":"file","file":{"file_data":"data:application/pdf;base64,JVBE","filename":"a.pdf"}},
                {"type":"file","file":{"file_id":"file-1"}}]},
              {"role":"assistant","content":[{"type":"text","text":"A"},{"type":"refusal","refusal":"R"}]},
              {"role":"assistant","content":null,"refusal":"no"},
              {"role":"assistant","audio":{"id":"audio_1"}},
              {"role":"assistant","tool_calls":[
                {"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}},
                {"id":"c2","type":"custom","custom":{"name":"g","input":"free"}}]},
              {"role":"tool","tool_call_id":"c1","content":"T"},
              {"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"T2"}]},
              {"role":"assistant","content":"","function_call":{"name":"h","arguments":"{"}},
              {"role":"function","name":"h","content":null}
            ]}
            """#)
        let marked = TextPart("look", cacheMarker: CacheMarker(timeToLive: "30m"))
        let expected: [Turn] = [
            Turn(role: .system, name: "sys", text: "S"),
            Turn(role: .developer, parts: [.text(TextPart("D1")), .text(TextPart("D2"))]),
            Turn(
                role: .user, name: "ann",
                parts: [
                    .text(marked),
                    .image(ImagePart(source: .url("https://example.com/a.png"), detail: "low")),
                    .image(ImagePart(source: .base64("AAAA", mediaType: "image/png"))),
                    .audio(AudioPart(source: .base64("UklG", mediaType: nil), format: "wav")),
                    .document(
                        DocumentPart(source: .base64("JVBE", mediaType: "application/pdf"), name: "a.pdf")),
                    .document(DocumentPart(source: .file(id: "file-1"))),
                ]),
            Turn(role: .assistant, parts: [.text(TextPart("A")), .refusal("R")]),
            Turn(role: .assistant, parts: [.refusal("no")]),
            Turn(role: .assistant, parts: [.audio(AudioPart(source: .file(id: "audio_1")))]),
            Turn(
                role: .assistant,
                parts: [
                    .toolCall(ToolCall(id: "c1", name: "f", arguments: "{}")),
                    .toolCall(ToolCall(id: "c2", name: "g", arguments: "free", kind: .custom)),
                ]),
            Turn(role: .tool, parts: [.toolResult(ToolResult(callID: "c1", parts: [.text(TextPart("T"))]))]),
            Turn(role: .tool, parts: [.toolResult(ToolResult(callID: "c2", parts: [.text(TextPart("T2"))]))]),
            Turn(
                role: .assistant,
                parts: [.text(TextPart("")), .toolCall(ToolCall(id: nil, name: "h", arguments: "{"))]),
            Turn(
                role: .tool,
                parts: [.toolResult(ToolResult(callID: nil, name: "h", parts: [.text(TextPart(""))]))]),
        ]
        #expect(request.turns.count == expected.count)
        for (index, pair) in zip(request.turns, expected).enumerated() {
            var turn = pair.1
            turn.origin = "messages[\(index)]"
            #expect(pair.0 == turn)
        }
    }

    @Test func `every documented parameter finds its place`() throws {
        let request = try decode(
            #"""
            {"stream":true,"stream_options":{"include_usage":true},"temperature":0.5,"top_p":1,"n":8,
             "presence_penalty":-2,"frequency_penalty":2.0,"seed":-9223372036854775808,"logprobs":true,
             "top_logprobs":20,"logit_bias":{"50256":-100},"max_completion_tokens":7,"max_tokens":9,
             "stop":["a","b","c","d"],"reasoning_effort":"high","verbosity":"low","user":"u",
             "metadata":{"k":"v"},"parallel_tool_calls":false,"response_format":{"type":"text"},
             "modalities":["text"],"store":true,"service_tier":"auto","prompt_cache_key":"p",
             "prompt_cache_retention":"24h","prompt_cache_options":{"mode":"implicit"},"safety_identifier":"s",
             "prediction":{"type":"content","content":"x"},"audio":{"voice":"alloy","format":"wav"},
             "moderation":{"model":"m"},"top_k":40,"model":"m",
             "messages":[{"role":"user","content":"Hi"}],"x_unknown":{"y":[1.10]}}
            """#)
        #expect(request.isStreamed && request.wantsStreamedUsage)
        #expect(
            request.sampling.temperature == 0.5 && request.sampling.topP == 1 && request.sampling.topK == 40)
        #expect(request.sampling.presencePenalty == -2 && request.sampling.frequencyPenalty == 2)
        #expect(request.sampling.seed == .min && request.sampling.logProbabilities == true)
        #expect(request.sampling.topLogProbabilities == 20)
        #expect(request.sampling.logitBias?["50256"] == .number(JSONNumber(-100)))
        #expect(request.choiceCount == 8)
        #expect(request.maximumOutputTokens == 7)
        #expect(request.stopSequences == ["a", "b", "c", "d"])
        #expect(request.reasoning == ReasoningOptions(effort: "high"))
        #expect(request.endUser == "u" && request.metadata?["k"] == "v")
        #expect(request.parallelToolCalls == false && request.outputFormat == .text)
        #expect(request.outputModalities == ["text"])
        #expect(request.otherMembers["x_unknown"]?.serialized() == Array(#"{"y":[1.10]}"#.utf8))
        #expect(request.otherMembers["service_tier"] == "auto")
        #expect(
            request.ignorable.map(\.name) == [
                "temperature", "top_p", "presence_penalty", "frequency_penalty", "seed", "logprobs",
                "top_logprobs", "logit_bias", "max_completion_tokens", "max_tokens", "reasoning_effort",
                "verbosity", "user", "metadata", "parallel_tool_calls", "response_format", "modalities",
                "store",
                "service_tier", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options",
                "safety_identifier", "prediction", "audio", "moderation", "top_k",
            ])
    }

    @Test func `tools and their older form`() throws {
        let request = try decode(
            #"""
            {"messages":[{"role":"user","content":"Hi"}],
             "tools":[{"type":"function","function":{"name":"f","description":"d","strict":true,
               "parameters":{"type":"object"}}},
              {"type":"custom","custom":{"name":"g","format":{"type":"text"}}},
              {"type":"web_search_preview","x":1}],
             "functions":[{"name":"old"}],
             "tool_choice":{"type":"function","function":{"name":"f"}},"function_call":"none",
             "response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"a":1},"strict":false}}}
            """#)
        #expect(
            request.tools == [
                Tool(
                    kind: .function(
                        FunctionTool(
                            name: "f", description: "d", parameters: ["type": "object"], isStrict: true))),
                Tool(kind: .custom(CustomTool(name: "g", format: ["type": "text"]))),
                Tool(
                    kind: .vendor(type: "web_search_preview", json: ["type": "web_search_preview", "x": 1])),
                Tool(kind: .function(FunctionTool(name: "old", isLegacy: true))),
            ])
        #expect(request.toolChoice == .tool(name: "f"))
        #expect(
            request.outputFormat
                == .jsonSchema(JSONSchemaFormat(name: "n", schema: ["a": 1], isStrict: false)))
    }

    struct Choice: Sendable {
        let json: String
        let choice: ToolChoice
    }

    @Test(arguments: [
        Choice(json: #""tool_choice":"none""#, choice: .none),
        Choice(json: #""tool_choice":"auto""#, choice: .automatic),
        Choice(json: #""tool_choice":"required""#, choice: .required),
        Choice(json: #""tool_choice":{"type":"custom","custom":{"name":"g"}}"#, choice: .tool(name: "g")),
        Choice(
            json: #""tool_choice":{"type":"allowed_tools","allowed_tools":{}}"#,
            choice: .allowed(["type": "allowed_tools", "allowed_tools": [:]])),
        Choice(json: #""function_call":"auto""#, choice: .automatic),
        Choice(json: #""function_call":{"name":"f"}"#, choice: .tool(name: "f")),
    ]) func `the choice of tools`(_ test: Choice) throws {
        let request = try decode(#"{"messages":[{"role":"user","content":"Hi"}],\#(test.json)}"#)
        #expect(request.toolChoice == test.choice)
    }

    struct Search: Sendable {
        let json: String
        let isOn: Bool
        var sites: Int?
        var words: Int?
        var size: WebSearch.ContextSize?
    }

    @Test(arguments: [
        Search(json: #""x":1"#, isOn: false),
        Search(json: #""web_search_options":{}"#, isOn: true),
        Search(json: #""web_search_options":null"#, isOn: false),
        Search(json: #""web_search_options":{"search_context_size":"high"}"#, isOn: true, size: .high),
        Search(
            json: #""web_search_options":{"num_of_site":4,"max_word":300}"#, isOn: true, sites: 4, words: 300),
        Search(json: #""web_search":true"#, isOn: true),
        Search(json: #""web_search":false"#, isOn: false),
        Search(json: #""web_search":true,"num_of_site":1,"max_word":500"#, isOn: true, sites: 1, words: 500),
        Search(json: #""num_of_site":2"#, isOn: false, sites: 2),
        Search(json: #""web_search_options":{},"web_search":false"#, isOn: true),
    ]) func `the web search and its older members`(_ test: Search) throws {
        let request = try decode(#"{"messages":[{"role":"user","content":"Hi"}],\#(test.json)}"#)
        #expect(request.webSearch.isOn == test.isOn)
        #expect(request.webSearch.siteCount == test.sites)
        #expect(request.webSearch.maximumWords == test.words)
        #expect(request.webSearch.contextSize == test.size)
        #expect(request.ignorable.isEmpty)
    }

    @Test func `null is as good as absent`() throws {
        let request = try decode(
            #"""
            {"model":null,"messages":[{"role":"user","content":"Hi","name":null}],"temperature":null,"n":null,
             "stop":null,"stream":null,"stream_options":null,"max_tokens":null,"tools":null,"tool_choice":null,
             "response_format":null,"logit_bias":null,"user":null,"metadata":null}
            """#)
        var expected = GenerationRequest(model: "", turns: [Turn(role: .user, text: "Hi")])
        expected.turns[0].origin = "messages[0]"
        #expect(request == expected)
    }

    @Test func `of duplicate keys the last counts, also when it is null`() throws {
        let request = try decode(
            #"""
            {"temperature":"wrong","messages":[],"temperature":1,"n":3,"n":null,
             "messages":[{"role":"user","content":"a","content":"b"}]}
            """#)
        #expect(request.sampling.temperature == 1)
        #expect(request.choiceCount == 1)
        #expect(request.turns[0].parts == [.text(TextPart("b"))])
        #expect(request.ignorable.map(\.name) == ["temperature"])
    }

    @Test func `a NUL and other control characters in a text are kept`() throws {
        let request = try decode(#"{"messages":[{"role":"user","content":"a\u0000b\u001f\n"}]}"#)
        #expect(request.turns[0].parts == [.text(TextPart("a\u{0}b\u{1F}\n"))])
    }

    @Test func `a message of 20 MB`() throws {
        let text = String(repeating: "0123456789", count: 2_000_000)
        let request = try decode(#"{"messages":[{"role":"user","content":"\#(text)"}]}"#)
        #expect(request.turns[0].parts == [.text(TextPart(text))])
    }

    @Test(.timeLimit(.minutes(1))) func `a hundred thousand members cost no more than they should`() throws {
        let unknown = (0..<100_000).map { #""x\#($0)":1"# }.joined(separator: ",")
        let known = Array(repeating: #""n":1"#, count: 100_000).joined(separator: ",")
        let biases = (0..<100_000).map { #""\#($0)":1"# }.joined(separator: ",")
        let request = try decode(
            #"""
            {\#(known),\#(unknown),"logit_bias":{\#(biases)},"messages":[{"role":"user","content":"Hi"}]}
            """#)
        #expect(request.otherMembers.members.count == 100_000)
    }

    @Test func `an empty list of tools is as good as none`() throws {
        #expect(try decode(#"{"messages":[{"role":"user","content":"Hi"}],"tools":[]}"#).tools.isEmpty)
    }
}
