import TestSupport
import Testing
import Wire

@testable import Relay

/// What users complained about: tools, calls and results on their way to the model.
@Suite(.timeLimit(.minutes(1))) struct ToolHistoryComplaintTests {
    /// One round of a conversation with two calls at the same time, in each dialect.
    private static func conversation(
        _ dialect: ClientDialect, arguments: String = #"{"path":"a"}"#, isReversed: Bool = false
    ) -> String {
        let escaped = String(decoding: JSONValue.string(arguments).serialized(), as: UTF8.self)
        let user = #"{"role":"user","content":"Look."}"#
        switch dialect {
        case .openAICompletions: return ""
        case .openAIChat:
            let results = [
                #"{"role":"tool","tool_call_id":"c1","content":"alpha"}"#,
                #"{"role":"tool","tool_call_id":"c2","content":"noon"}"#,
            ]
            return #""messages":[\#(user),{"role":"assistant","content":null,"tool_calls":["#
                + #"{"id":"c1","type":"function","function":{"name":"read","arguments":\#(escaped)}},"#
                + #"{"id":"c2","type":"function","function":{"name":"time","arguments":"{}"}}]},"#
                + (isReversed ? results.reversed() : results).joined(separator: ",") + "]"
        case .openAIResponses:
            let results = [
                #"{"type":"function_call_output","call_id":"c1","output":"alpha"}"#,
                #"{"type":"function_call_output","call_id":"c2","output":"noon"}"#,
            ]
            return #""input":[\#(user),"#
                + #"{"type":"function_call","call_id":"c1","name":"read","arguments":\#(escaped)},"#
                + #"{"type":"function_call","call_id":"c2","name":"time","arguments":"{}"},"#
                + (isReversed ? results.reversed() : results).joined(separator: ",") + "]"
        case .anthropic:
            let results = [
                #"{"type":"tool_result","tool_use_id":"c1","content":[{"type":"text","text":"alpha"}]}"#,
                #"{"type":"tool_result","tool_use_id":"c2","content":"noon"}"#,
            ]
            return #""messages":[\#(user),{"role":"assistant","content":["#
                + #"{"type":"tool_use","id":"c1","name":"read","input":\#(arguments)},"#
                + #"{"type":"tool_use","id":"c2","name":"time","input":{}}]},{"role":"user","content":["#
                + (isReversed ? results.reversed() : results).joined(separator: ",") + "]}]"
        }
    }

    /// What the model is told of that conversation, behind the tools.
    private static let told = """
        [user]
        Look.

        [assistant]
        <tool_call>
        {"name": "read", "arguments": {"path":"a"}}
        </tool_call>
        <tool_call>
        {"name": "time", "arguments": {}}
        </tool_call>

        [tool: read #1]
        alpha

        [tool: time #2]
        noon

        [assistant]
        """

    private static let list = """
        You can call tools. Each line is one tool, its parameters as a JSON schema:
        {"name":"read","parameters":{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}}
        {"name":"time","parameters":{"type":"object","properties":{}}}

        To call a tool,
        """

    @Test(arguments: ScriptedModel.toolDialects)
    func `tools, calls and results reach the model alike (bifrost 2311; gravitee 11601; apisix 13583, 13599)`(
        dialect: ClientDialect
    ) async {
        let model = ScriptedModel("Fine.")
        let client = await model.ask(dialect, "\(Self.conversation(dialect)),\(dialect.readAndTime)")
        #expect(client.status == 200, "\(client.text)")
        #expect(model.prompts.count == 1)
        #expect(model.prompts.first?.hasPrefix("[system]\n\(Self.list)") == true)
        #expect(model.prompts.first?.hasSuffix("\n\n\(Self.told)") == true, "\(model.prompts)")
    }

    @Test(arguments: ScriptedModel.toolDialects)
    func
        `results in another order are told with the number of their call (chainlit 2662)`(
            dialect: ClientDialect
        ) async
    {
        let model = ScriptedModel("Fine.")
        await model.ask(dialect, Self.conversation(dialect, isReversed: true))
        #expect(
            model.prompts.first?.hasSuffix(
                "</tool_call>\n\n[tool: time #2]\nnoon\n\n[tool: read #1]\nalpha\n\n[assistant]") == true,
            "\(model.prompts)")
    }

    @Test func `tool_calls: [] in the history is no call (litellm 29286)`() async {
        let model = ScriptedModel("Fine.")
        let history =
            #""messages":[{"role":"user","content":"Hi"},"#
            + #"{"role":"assistant","content":"Hello","tool_calls":[]},{"role":"user","content":"Well?"}]"#
        let client = await model.ask(.openAIChat, history)
        #expect(client.status == 200)
        #expect(
            model.prompts == ["[user]\nHi\n\n[assistant]\nHello\n\n[user]\nWell?\n\n[assistant]"])
    }

    @Test(arguments: [#""content":null,"#, "", #""content":"","#, #""content":[{"type":"text","text":""}],"#])
    func `a call without words beside it is told alike, however that is said (langchainjs 10117)`(
        content: String
    ) async {
        let model = ScriptedModel("Fine.")
        let client = await model.ask(
            .openAIChat,
            #""messages":[{"role":"user","content":"Look."},{"role":"assistant",\#(content)"tool_calls":["#
                + #"{"id":"c","type":"function","function":{"name":"time","arguments":"{}"}}]},"#
                + #"{"role":"tool","tool_call_id":"c","content":"noon"}]"#)
        #expect(client.status == 200, "\(client.text)")
        #expect(
            model.prompts == [
                "[user]\nLook.\n\n[assistant]\n<tool_call>\n{\"name\": \"time\", \"arguments\": {}}\n"
                    + "</tool_call>\n\n[tool: time #1]\nnoon\n\n[assistant]"
            ])
    }

    @Test(arguments: ["", " ", "null", "{}"])
    func `arguments that are none are an empty object (litellm 5063; portkey 1103)`(arguments: String) async {
        for dialect in [ClientDialect.openAIChat, .openAIResponses] {
            let model = ScriptedModel("Fine.")
            let client = await model.ask(dialect, Self.conversation(dialect, arguments: arguments))
            #expect(client.status == 200, "\(client.text)")
            #expect(
                model.prompts.first?.contains(
                    "<tool_call>\n{\"name\": \"read\", \"arguments\": {}}\n</tool_call>") == true,
                "\(model.prompts)")
        }
    }

    @Test(arguments: ScriptedModel.toolDialects)
    func
        `a tool without parameters is one with an empty schema, and is called (litellm 5063; langchain 23911)`(
            dialect: ClientDialect
        ) async
    {
        let model = ScriptedModel(#"<tool_call>{"name": "now", "arguments": {}}</tool_call>"#)
        let client = await model.ask(dialect, dialect.tools(("now", nil)))
        #expect(
            SeenAnswer(whole: client.json, dialect).calls.map { [$0.name, $0.arguments] } == [["now", "{}"]])
        let schema =
            dialect == .anthropic ? #"{"type":"object"}"# : #"{"type":"object","properties":{}}"#
        #expect(model.prompts.first?.contains(#"{"name":"now","parameters":\#(schema)}"# + "\n") == true)
    }

    @Test(arguments: ["fs.read", "fs/read", "fs:read", "читать", "read\\\"x", "a-b_c"])
    func `a tool of any name is called by it (litellm 19384; edgequake 66)`(name: String) async {
        for dialect in ScriptedModel.toolDialects {
            let model = ScriptedModel(#"<tool_call>{"name": "\#(name)", "arguments": {}}</tool_call>"#)
            let client = await model.ask(dialect, dialect.tools((name, #"{"type":"object"}"#)))
            let expected = (try? JSONValue(parsing: Array("\"\(name)\"".utf8)))?.stringValue ?? "?"
            let call = SeenAnswer(whole: client.json, dialect).calls.first
            #expect(call?.name == expected, "\(client.text)")
            #expect(model.prompts.first?.contains(#"{"name":"\#(name)","#) == true)
        }
    }

    @Test(arguments: ScriptedModel.toolDialects)
    func `a tool with an empty name is named, not passed on (litellm 19384)`(dialect: ClientDialect) async {
        let model = ScriptedModel("Fine.")
        let client = await model.ask(dialect, dialect.tools(("", nil)))
        #expect(client.status == 400)
        #expect(client.text.contains(dialect == .openAIChat ? "tools[0].function.name" : "tools"))
        #expect(client.text.contains("name") && model.prompts.isEmpty, "\(client.text)")
    }

    @Test(arguments: ScriptedModel.toolDialects)
    func
        `the same request gives the same bytes, whatever else was asked (bifrost 898, 1742, 2347, 3362, 6591)`(
            dialect: ClientDialect
        ) async
    {
        let model = ScriptedModel("Fine.")
        let schema =
            #"{"type":"object","properties":{"z":{"type":"string"},"a":{"enum":[2,1]},"m":{}},"required":["z","a"]}"#
        let members =
            "\(Self.conversation(dialect)),\(dialect.tools(("zebra", schema), ("ant", schema), ("mole", nil)))"
        for _ in 0..<3 {
            await model.ask(dialect, members)
            await model.ask(dialect, "")
        }
        let bodies = model.harness.chats.map(\.request.body)
        #expect(Set([bodies[0], bodies[2], bodies[4]]).count == 1)
        // In the order that the client gave them.
        #expect(
            model.prompts[0].contains(#"{"name":"zebra","parameters":\#(schema)}"# + "\n" + #"{"name":"ant""#)
        )
    }

    @Test(arguments: ScriptedModel.toolDialects)
    func `a longer conversation begins with the bytes of the shorter one (bifrost 6406, 2082)`(
        dialect: ClientDialect
    ) async throws {
        let said = "I look.\n<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\":\"a\"}}\n</tool_call>"
        let model = ScriptedModel(said)
        var turns: [JSONValue] = [["role": "user", "content": "Hi"]]
        for round in 1...4 {
            let client = await model.ask(dialect, "\(dialect.prompt(turns)),\(dialect.readAndTime)")
            try #require(client.status == 200, "\(client.text)")
            turns += dialect.turns(after: client, result: "result \(round)")
        }
        let prompts = model.prompts
        #expect(prompts.count == 4)
        for (shorter, longer) in zip(prompts, prompts.dropFirst()) {
            #expect(longer.hasPrefix(shorter))
            // With what the model wrote behind it, byte by byte.
            #expect(longer.dropFirst(shorter.count).hasPrefix("\nI look.\n"))
        }
    }

    /// Tool data as no client should send it, and as some do.
    private static let odd: [(ClientDialect, String, Int)] = [
        (.openAIChat, #""tools":[]"#, 200), (.openAIChat, #""tools":null"#, 200),
        (.openAIChat, #""tools":[null]"#, 400), (.openAIChat, #""tools":[{}]"#, 400),
        (.openAIChat, #""tools":[{"type":"function"}]"#, 400),
        (.openAIChat, #""tools":[{"type":"function","function":null}]"#, 400),
        (.openAIChat, #""tools":[{"type":"function","function":{"name":"f","parameters":null}}]"#, 200),
        (.openAIChat, #""tools":[{"type":"function","function":{"name":"f","parameters":{}}}]"#, 200),
        (.openAIChat, #""tools":[{"type":"function","function":{"name":"f","parameters":[]}}]"#, 400),
        (.openAIChat, #""tool_choice":"auto""#, 200), (.openAIChat, #""parallel_tool_calls":true"#, 200),
        (
            .openAIChat,
            #""messages":[{"role":"user","content":"Hi"},{"role":"assistant","tool_calls":null,"content":"x"}]"#,
            200
        ),
        (
            .openAIChat,
            #""messages":[{"role":"user","content":"Hi"},{"role":"tool","tool_call_id":"gone","content":"x"}]"#,
            400
        ),
        (
            .openAIChat,
            #""messages":[{"role":"user","content":"Hi"},{"role":"assistant","tool_calls":[{"id":"c","function":{}}]}]"#,
            400
        ),
        (
            .openAIChat,
            #""messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"","tool_calls":"#
                + #"[{"id":"c","function":{"name":"f","arguments":"{"}}]}]"#, 200
        ),
        (.anthropic, #""tools":[]"#, 200), (.anthropic, #""tools":[{"name":"f"}]"#, 400),
        (.anthropic, #""tools":[{"name":"f","input_schema":null}]"#, 400),
        (
            .anthropic,
            #""messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"gone"}]}]"#, 400
        ),
        (
            .anthropic,
            #""messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"#
                + #"[{"type":"tool_use","id":"c","name":"f","input":null}]}]"#, 400
        ),
        (.openAIResponses, #""tools":[{"type":"function","name":"f","parameters":null,"strict":null}]"#, 200),
        (.openAIResponses, #""tools":[{"type":"function","function":{"name":"f"}}]"#, 400),
        (.openAIResponses, #""input":[{"type":"function_call_output","call_id":"gone","output":"x"}]"#, 400),
        (.openAIResponses, #""input":[{"type":"function_call","call_id":"c","name":"f"}]"#, 400),
    ]

    @Test(arguments: odd)
    func `odd tool data is answered or named, and is no failure of the relay (bifrost 2494)`(
        dialect: ClientDialect, members: String, status: Int
    ) async {
        let model = ScriptedModel("Fine.")
        for isStreamed in [false, true] {
            let client = await model.ask(dialect, members, isStreamed: isStreamed)
            #expect(client.status == status, "\(client.text)")
            #expect((status == 400) == (client.json["error"]?["message"]?.stringValue?.isEmpty == false))
        }
    }
}
