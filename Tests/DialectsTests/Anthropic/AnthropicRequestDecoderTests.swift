import Dialects
import Testing
import Wire

struct AnthropicRequestDecoderTests {
    private func decode(_ body: String) throws -> GenerationRequest {
        try AnthropicRequestDecoder.decode(Array(body.utf8))
    }

    /// A request that is right but for the members given.
    private func decode(with members: String) throws -> GenerationRequest {
        try decode(#"{"max_tokens":4096,"messages":[{"role":"user","content":"Hi"}],\#(members)}"#)
    }

    /// The turns of some messages.
    private func turns(_ messages: String) throws -> [Turn] {
        try decode(#"{"max_tokens":10,"messages":[\#(messages)]}"#).turns
    }

    private func turn(_ role: Turn.Role, _ origin: String, _ parts: [Part]) -> Turn {
        var turn = Turn(role: role, parts: parts)
        turn.origin = origin
        return turn
    }

    @Test func `the smallest request`() throws {
        let request = try decode(
            #"{"model":"gpt-4o","max_tokens":100,"messages":[{"role":"user","content":"Hi"}]}"#)
        var expected = GenerationRequest(
            model: "gpt-4o", turns: [turn(.user, "messages.0", [.text(TextPart("Hi"))])])
        expected.maximumOutputTokens = 100
        expected.wantsStreamedUsage = true
        expected.ignorable = [RequestParameter(name: "max_tokens", feature: .maximumOutputTokens)]
        #expect(request == expected)
    }

    @Test func `system comes first wherever it stands, block by block`() throws {
        let request = try decode(
            #"""
            {"max_tokens":1,"messages":[{"role":"user","content":"Hi"},{"role":"system","content":"Now"}],
             "system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=1"},
              {"type":"text","text":"You help.","cache_control":{"type":"ephemeral","ttl":"1h"}}]}
            """#)
        #expect(
            request.turns == [
                turn(
                    .system, "system",
                    [
                        .text(TextPart("x-anthropic-billing-header: cc_version=1")),
                        .text(TextPart("You help.", cacheMarker: CacheMarker(timeToLive: "1h"))),
                    ]), turn(.user, "messages.0", [.text(TextPart("Hi"))]),
                turn(.system, "messages.1", [.text(TextPart("Now"))]),
            ])
        #expect(
            try decode(with: #""system":"S""#).turns[0] == turn(.system, "system", [.text(TextPart("S"))]))
        #expect(try decode(with: #""system":"""#).turns.map(\.role) == [.user])
        #expect(try decode(with: #""system":[]"#).turns.map(\.role) == [.user])
    }

    @Test func `pictures from all sources`() throws {
        let turns = try turns(
            #"""
            {"role":"user","content":[
              {"type":"image","source":{"type":"base64","media_type":"image/png","data":"QUJD"}},
              {"type":"image","source":{"type":"url","url":"https://a.example/b.png"}},
              {"type":"image","source":{"type":"file","file_id":"file_1"},"cache_control":{"type":"ephemeral"}}]}
            """#)
        #expect(
            turns[0].parts == [
                .image(ImagePart(source: .base64("QUJD", mediaType: "image/png"))),
                .image(ImagePart(source: .url("https://a.example/b.png"))),
                .image(ImagePart(source: .file(id: "file_1"), cacheMarker: CacheMarker())),
            ])
    }

    @Test func `documents from all sources`() throws {
        let turns = try turns(
            #"""
            {"role":"user","content":[
              {"type":"document","source":{"type":"text","media_type":"text/plain","data":"D"},"title":"T",
               "context":"C","citations":{"enabled":true},"cache_control":{"type":"ephemeral"}},
              {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBE"}},
              {"type":"document","source":{"type":"url","url":"https://a.example/b.pdf"}},
              {"type":"document","source":{"type":"file","file_id":"file_1"}},
              {"type":"document","source":{"type":"content","content":"whole"}},
              {"type":"document","source":{"type":"content","content":[{"type":"text","text":"a"},
               {"type":"text","text":"b"}]}},
              {"type":"document","source":{"type":"content","content":[
               {"type":"image","source":{"type":"url","url":"u"}}]}},
              {"type":"search_result","source":"https://s.example","title":"S",
               "content":[{"type":"text","text":"found"}]}]}
            """#)
        var first = DocumentPart(source: .text("D"), cacheMarker: CacheMarker())
        first.title = "T"
        first.context = "C"
        first.citationsEnabled = true
        var found = DocumentPart(source: .text("found"), name: "https://s.example")
        found.title = "S"
        let vendor = try JSONValue(
            parsing: Array(
                #"{"type":"document","source":{"type":"content","content":[{"type":"image","source":{"type":"url","url":"u"}}]}}"#
                    .utf8))
        #expect(
            turns[0].parts == [
                .document(first),
                .document(DocumentPart(source: .base64("JVBE", mediaType: "application/pdf"))),
                .document(DocumentPart(source: .url("https://a.example/b.pdf"))),
                .document(DocumentPart(source: .file(id: "file_1"))),
                .document(DocumentPart(source: .text("whole"))),
                .document(DocumentPart(source: .text("a\n\nb"))),
                .vendor(VendorPart(type: "document", json: vendor)), .document(found),
            ])
    }

    @Test func `a conversation of an agent`() throws {
        var turns = try turns(
            #"""
            {"role":"user","content":"Look"},
            {"role":"assistant","content":[
              {"type":"thinking","thinking":"Hm","signature":"S"},
              {"type":"thinking","thinking":"","signature":"T"},
              {"type":"thinking","thinking":"lost"},
              {"type":"redacted_thinking","data":"R"},
              {"type":"text","text":"I look.","citations":[{"type":"char_location"}]},
              {"type":"tool_use","id":"toolu_1","name":"read","input":{"path":"a\u00e4", "n":1.50, "a":{}}},
              {"type":"tool_use","id":"toolu_2","name":"list","input":{},"cache_control":{"type":"ephemeral"}}]},
            {"role":"user","content":[
              {"type":"text","text":"By the way"},
              {"type":"tool_result","tool_use_id":"toolu_1","content":"text"},
              {"type":"tool_result","tool_use_id":"toolu_2","is_error":true,
               "content":[{"type":"text","text":""},{"type":"image","source":{"type":"url","url":"u"}},
                {"type":"tool_reference","tool_name":"t"}],"cache_control":{"type":"ephemeral","ttl":"5m"}},
              {"type":"image","source":{"type":"url","url":"v"}}]},
            {"role":"user","content":[{"type":"text","text":"Well?"}]},
            {"role":"assistant","content":"So"}
            """#)
        var said = TextPart("I look.")
        said.citations = [["type": "char_location"]]
        var second = ToolCall(id: "toolu_2", name: "list", arguments: "{}")
        second.cacheMarker = CacheMarker()
        var result = ToolResult(
            callID: "toolu_2",
            parts: [
                .text(TextPart("")), .image(ImagePart(source: .url("u"))),
                .text(TextPart("The tool t is available.")),
            ], isError: true)
        result.cacheMarker = CacheMarker(timeToLive: "5m")
        // Where they stand in the message, although the results come first.
        #expect(turns[2].places.mapValues(\.path) == [0: "messages.2.content.1", 1: "messages.2.content.2"])
        #expect(turns[3].places.mapValues(\.path) == [1: "messages.2.content.3"])
        for index in turns.indices { turns[index].places = [:] }
        #expect(
            turns == [
                turn(.user, "messages.0", [.text(TextPart("Look"))]),
                turn(
                    .assistant, "messages.1",
                    [
                        .reasoning(ReasoningPart(text: "Hm", signature: "S")),
                        .reasoning(ReasoningPart(text: "", signature: "T")),
                        .reasoning(ReasoningPart(text: "lost")),
                        .reasoning(ReasoningPart(text: "", redacted: "R")), .text(said),
                        .toolCall(
                            ToolCall(
                                id: "toolu_1", name: "read", arguments: #"{"path":"aä","n":1.50,"a":{}}"#)),
                        .toolCall(second),
                    ]),
                turn(
                    .tool, "messages.2",
                    [
                        .toolResult(ToolResult(callID: "toolu_1", parts: [.text(TextPart("text"))])),
                        .toolResult(result),
                    ]),
                turn(
                    .user, "messages.2",
                    [.text(TextPart("By the way")), .image(ImagePart(source: .url("v")))]),
                turn(.user, "messages.3", [.text(TextPart("Well?"))]),
                turn(.assistant, "messages.4", [.text(TextPart("So"))]),
            ])
    }

    @Test func `a text of the model at the end is the beginning of its answer`() throws {
        let user = #"{"role":"user","content":"a"}"#
        for (last, isBeginning) in [
            (#"{"role":"assistant","content":"{"}"#, true), (#"{"role":"assistant","content":""}"#, false),
            (#"{"role":"assistant","content":[{"type":"text","text":"So"}]}"#, true),
            (#"{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]}"#, false),
            (user, false),
        ] {
            let request = try decode(#"{"max_tokens":10,"messages":[\#(user),\#(last)]}"#)
            #expect(request.continuesLastTurn == isBeginning, "\(last)")
        }
    }

    @Test func `results without anything to say`() throws {
        let turns = try turns(
            #"""
            {"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"a"},
             {"type":"tool_result","tool_use_id":"b","content":""},
             {"type":"tool_result","tool_use_id":"c","content":[],"is_error":false}]}
            """#)
        #expect(
            turns[1].parts == [
                .toolResult(ToolResult(callID: "a", parts: [])),
                .toolResult(ToolResult(callID: "b", parts: [])),
                .toolResult(ToolResult(callID: "c", parts: [], isError: false)),
            ])
    }

    @Test func `what Anthropic's servers did is kept as it came`() throws {
        let block = #"{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"q"}}"#
        let turns = try turns(#"{"role":"user","content":"Hi"},{"role":"assistant","content":[\#(block)]}"#)
        let json = try JSONValue(parsing: Array(block.utf8))
        #expect(turns[1].parts == [.vendor(VendorPart(type: "server_tool_use", json: json))])
    }

    @Test func `an empty answer that comes back is left out`() throws {
        let turns = try turns(
            #"{"role":"user","content":"a"},{"role":"assistant","content":[]},{"role":"user","content":"b"},"#
                + #"{"role":"assistant","content":""}"#)
        #expect(turns.map(\.origin) == ["messages.0", "messages.2"])
    }

    @Test func `tools of the client and of the vendor`() throws {
        let request = try decode(
            with: #"""
                "tools":[
                 {"name":"read","description":"Reads","input_schema":{"type":"object","properties":{}},"strict":true,
                  "cache_control":{"type":"ephemeral"},"eager_input_streaming":true,"defer_loading":false},
                 {"type":"custom","name":"go","input_schema":{}},
                 {"type":"bash_20250124","name":"bash"},
                 {"type":"web_search_20250305","name":"web_search","max_uses":8,
                  "user_location":{"type":"approximate","city":"Bonn"}}],
                "tool_choice":{"type":"tool","name":"read","disable_parallel_tool_use":true}
                """#)
        #expect(
            request.tools == [
                Tool(
                    kind: .function(
                        FunctionTool(
                            name: "read", description: "Reads",
                            parameters: ["type": "object", "properties": [:]])), cacheMarker: CacheMarker()),
                Tool(kind: .function(FunctionTool(name: "go", parameters: [:]))),
                Tool(kind: .vendor(type: "bash_20250124", json: ["type": "bash_20250124", "name": "bash"])),
                Tool(
                    kind: .vendor(
                        type: "web_search_20250305",
                        json: [
                            "type": "web_search_20250305", "name": "web_search", "max_uses": 8,
                            "user_location": ["type": "approximate", "city": "Bonn"],
                        ])),
            ])
        #expect(!request.webSearch.isOn)
        #expect(request.toolChoice == .tool(name: "read"))
        #expect(request.parallelToolCalls == false)
        #expect(
            request.ignorable.map(\.name) == [
                "max_tokens", "tools", "tool_choice.disable_parallel_tool_use",
                "tool_choice",
            ])
    }

    @Test func `a web search alone is made`() throws {
        let request = try decode(
            with: #"""
                "tools":[{"type":"web_search_20250305","name":"web_search",
                  "user_location":{"type":"approximate","city":"Bonn"}}]
                """#)
        #expect(request.webSearch.isOn)
        #expect(request.webSearch.userLocation?["city"] == "Bonn")
        #expect(request.ignorable.contains { $0.name == "tools.user_location" })
    }

    @Test(arguments: [("auto", ToolChoice.automatic), ("any", .required), ("none", .none)])
    func `the other choices of tools`(_ word: String, _ choice: ToolChoice) throws {
        let request = try decode(with: #""tool_choice":{"type":"\#(word)"}"#)
        #expect(request.toolChoice == choice)
        #expect(request.parallelToolCalls == nil)
    }

    @Test func `sampling, stop sequences and the rest`() throws {
        let request = try decode(
            with: #"""
                "stream":true,"temperature":1,"top_p":0.5,"top_k":40,"stop_sequences":["\n","END"],
                "metadata":{"user_id":"u1"},"service_tier":"auto","container":"c1","mcp_servers":[{"type":"url"}],
                "context_management":{"edits":[]},"inference_geo":"eu","speed":null,"custom_thing":[1]
                """#)
        #expect(request.isStreamed)
        #expect(request.sampling.temperature == 1)
        #expect(request.sampling.topP == 0.5)
        #expect(request.sampling.topK == 40)
        #expect(request.stopSequences == ["\n", "END"])
        #expect(request.endUser == "u1")
        #expect(
            request.otherMembers.members.map(\.key) == [
                "custom_thing", "service_tier", "container", "mcp_servers", "context_management",
                "inference_geo",
            ])
        #expect(
            request.ignorable.map(\.name) == [
                "max_tokens", "temperature", "top_p", "top_k", "metadata", "service_tier", "container",
                "mcp_servers", "context_management", "inference_geo",
            ])
    }

    /// A `thinking` or an `output_config`, and what it means.
    static let reasoning: [(String, ReasoningOptions)] = {
        var enabled = ReasoningOptions()
        enabled.budgetTokens = 2048
        enabled.includesThoughts = true
        var omitted = ReasoningOptions(effort: "max")
        omitted.includesThoughts = false
        var disabled = ReasoningOptions(effort: "none")
        disabled.includesThoughts = false
        return [
            (#""thinking":{"type":"enabled","budget_tokens":2048}"#, enabled),
            (
                #""output_config":{"effort":"max"},"thinking":{"type":"adaptive","display":"omitted"}"#,
                omitted
            ),
            (
                #""thinking":{"type":"adaptive","display":"omitted"},"output_config":{"effort":"max"}"#,
                omitted
            ),
            (#""thinking":{"type":"disabled"},"output_config":{"effort":"max"}"#, disabled),
            (#""output_config":{"effort":"max"},"thinking":{"type":"between_tools"}"#, disabled),
            (#""output_config":{"effort":"low","task_budget":{}}"#, ReasoningOptions(effort: "low")),
        ]
    }()

    @Test(arguments: reasoning)
    func `how much to think`(_ members: String, _ reasoning: ReasoningOptions) throws {
        #expect(try decode(with: members).reasoning == reasoning)
    }

    @Test(arguments: [
        #""output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}"#,
        #""output_format":{"type":"json_schema","schema":{"type":"object"}}"#,
    ]) func `a schema for the answer`(_ members: String) throws {
        let request = try decode(with: members)
        #expect(request.outputFormat == .jsonSchema(JSONSchemaFormat(name: nil, schema: ["type": "object"])))
        #expect(request.ignorable.last?.feature == .outputFormat)
    }

    @Test func `counting needs no most tokens`() throws {
        let body =
            #"{"model":"m","messages":[{"role":"user","content":"Hi"}],"thinking":{"type":"enabled","budget_tokens":9999}}"#
        let request = try AnthropicRequestDecoder.decodeForCounting(Array(body.utf8))
        #expect(request.maximumOutputTokens == nil)
        #expect(request.turns.count == 1)
    }

    @Test func `an answer can be sent back as it was given`() throws {
        let events: [GenerationEvent] = [
            .reasoning("Hm"), .text("a"), .toolCallBegan(index: 0, id: nil, name: "f", kind: .function),
            .toolCallArguments(index: 0, #"{"b":1.0,"a":null}"#), .toolCallEnded(index: 0), .finished(.stop),
        ]
        let answer = try AnthropicAccumulator(AnthropicStreamEncoderTests.encode(events)).message
        let content = try #require(answer["content"]).serialized()
        let turns = try turns(#"{"role":"assistant","content":\#(text(content))}"#)
        #expect(
            turns[0].parts == [
                .reasoning(ReasoningPart(text: "Hm")), .text(TextPart("a")),
                .toolCall(ToolCall(id: "toolu_1_0", name: "f", arguments: #"{"b":1.0,"a":null}"#)),
            ])
    }
}
