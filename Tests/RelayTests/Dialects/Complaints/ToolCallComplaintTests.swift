import TestSupport
import Testing
import Wire

@testable import Relay

/// What users complained about: calls on their way to the client.
@Suite(.timeLimit(.minutes(1))) struct ToolCallComplaintTests {
    private typealias Expected = ExpectedStream

    private static let call = [
        "<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"a", ".txt\"}}\n</tool_call>",
    ]

    /// The prompt's tokens in the first event of a message.
    private func inputTokens(_ client: RecordingClient) -> Int {
        client.values.first?["message"]?["usage"]?["input_tokens"]?.intValue ?? 0
    }

    @Test func `a streamed turn of text and a call ends with tool_use (bifrost 3638, 4065, 6123)`() async {
        let model = ScriptedModel("I lo", "ok.\n", Self.call[0], Self.call[1])
        let client = await model.ask(.anthropic, ClientDialect.anthropic.readAndTime, isStreamed: true)
        #expect(
            client.golden
                == Expected.message(
                    Expected.text(0, "I lo", "ok.\n")
                        + Expected.call(1, id: 2, "read", #"{"path": "a"#, #".txt"}"#),
                    inputTokens: inputTokens(client), end: "tool_use"))
    }

    @Test
    func
        `a streamed call alone has no empty text before it and ends with tool_use (litellm 34692, 12481, 8066)`()
        async
    {
        let model = ScriptedModel(Self.call[0], Self.call[1])
        let client = await model.ask(.anthropic, ClientDialect.anthropic.readAndTime, isStreamed: true)
        #expect(
            client.golden
                == Expected.message(
                    Expected.call(0, id: 2, "read", #"{"path": "a"#, #".txt"}"#),
                    inputTokens: inputTokens(client), end: "tool_use"))
    }

    @Test func `a whole turn with a call ends with tool_use too (bifrost 4065)`() async {
        let model = ScriptedModel("I look.\n", Self.call.joined())
        let client = await model.ask(.anthropic, ClientDialect.anthropic.readAndTime)
        #expect(
            client.golden
                == #"{"id":"msg_#1","type":"message","role":"assistant","model":"gpt-4o","content":["#
                + #"{"type":"text","text":"I look.\n"},"#
                + #"{"type":"tool_use","id":"toolu_#2","name":"read","input":{"path":"a.txt"}}],"#
                + #""stop_reason":"tool_use","stop_sequence":null,"usage":\#(Expected.usage(11, 7))}"#)
    }

    @Test
    func
        `calls in parallel have an index, an id and a name each, and no chunk is empty (litellm 16863, 18201)`()
        async
    {
        let model = ScriptedModel(
            Self.call[0], Self.call[1] + "\n",
            #"<tool_call>{"name": "time", "arguments": {}}</tool_call>"#)
        let client = await model.ask(.openAIChat, ClientDialect.openAIChat.readAndTime, isStreamed: true)
        func begin(_ index: Int, id: Int, _ name: String) -> String {
            Expected.delta(
                #"{"tool_calls":[{"index":\#(index),"id":"call_#\#(id)","type":"function","#
                    + #""function":{"name":"\#(name)","arguments":""}}]}"#)
        }
        func piece(_ index: Int, _ json: String) -> String {
            Expected.delta(#"{"tool_calls":[{"index":\#(index),"function":{"arguments":"\#(json)"}}]}"#)
        }
        #expect(
            client.golden
                == Expected.chunks([
                    Expected.delta(#"{"role":"assistant","content":""}"#), begin(0, id: 2, "read"),
                    piece(0, #"{\"path\": \"a"#), piece(0, #".txt\"}"#), begin(1, id: 3, "time"),
                    piece(1, "{}"), Expected.delta("{}", end: "tool_calls"),
                ]))
    }

    @Test func `every answer says why it ended, and until then null (bifrost 1821, 7397)`() async {
        for (pieces, members, reason) in [
            (["Hel", "lo"], "", "stop"), (["one two three four"], #""max_tokens":2"#, "length"),
            (Self.call, ClientDialect.openAIChat.readAndTime, "tool_calls"),
        ] {
            let model = ScriptedModel(pieces.joined())
            let whole = await model.ask(.openAIChat, members)
            #expect(whole.json["choices"]?.arrayValue?.map { $0["finish_reason"] } == [.string(reason)])
            let stream = await model.ask(.openAIChat, members, isStreamed: true)
            let reasons = stream.values.map { $0["choices"]?.arrayValue?.first?["finish_reason"] }
            #expect(reasons.last == .string(reason))
            #expect(reasons.count > 2 && reasons.dropLast().allSatisfy { $0 == .null })
        }
    }

    @Test(arguments: [false, true])
    func `an answer without a call has no input_json_delta (litellm 29286)`(hasHistory: Bool) async {
        let model = ScriptedModel("No need.")
        let history =
            #""messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":[]},"#
            + #"{"role":"user","content":"Well?"}],"#
        let client = await model.ask(
            .anthropic, (hasHistory ? history : "") + ClientDialect.anthropic.readAndTime, isStreamed: true)
        #expect(
            client.golden
                == Expected.message(
                    Expected.text(0, "No need."), inputTokens: inputTokens(client), end: "end_turn"))
    }

    @Test(arguments: [false, true])
    func `a call without arguments has no empty piece, and its input is an object (litellm 29286, 31561)`(
        isEmptyText: Bool
    ) async {
        let model = ScriptedModel(
            #"<tool_call>{"name": "time", "arguments": \#(isEmptyText ? #""""# : "{}")}</tool_call>"#)
        for dialect in ScriptedModel.toolDialects {
            let stream = await model.ask(dialect, dialect.readAndTime, isStreamed: true)
            #expect(!stream.text.contains(#""partial_json":"""#) && !stream.text.contains(#""delta":"""#))
            #expect(SeenAnswer(stream: stream.events, dialect).calls.map(\.arguments) == ["{}"])
            let whole = await model.ask(dialect, dialect.readAndTime)
            #expect(SeenAnswer(whole: whole.json, dialect).calls.map(\.arguments) == ["{}"])
        }
    }

    @Test func `a call of a custom apply_patch comes back as one (litellm 20905)`() async {
        let model = ScriptedModel(
            "<tool_call>\n{\"name\": \"apply_patch\", \"arguments\": {\"input\": \"*** Begin",
            " Patch\\n\"}}\n",
            "</tool_call>")
        let tool = #""tools":[{"type":"custom","name":"apply_patch","description":"Edits."}]"#
        let client = await model.ask(.openAIResponses, tool, isStreamed: true)
        #expect(
            client.types == [
                "response.created", "response.in_progress", "response.output_item.added",
                "response.custom_tool_call_input.delta", "response.custom_tool_call_input.delta",
                "response.custom_tool_call_input.done", "response.output_item.done", "response.completed",
            ])
        let whole = await model.ask(.openAIResponses, tool)
        for item in [
            client.values.last?["response"]?["output"]?.arrayValue, whole.json["output"]?.arrayValue,
        ] {
            #expect(item?.count == 1)
            #expect(item?.first?["type"] == "custom_tool_call")
            #expect(item?.first?["name"] == "apply_patch")
            #expect(item?.first?["input"] == "*** Begin Patch\n")
        }
    }

    @Test
    func
        `a tool in a namespace keeps description, parameters and both its names (litellm 29854, codex 23186)`()
        async
    {
        let schema = #"{"type":"object","properties":{"code":{"type":"string"}},"required":["code"]}"#
        let tools =
            #""tools":[{"type":"namespace","name":"mcp__node","description":"","tools":[{"type":"function","#
            + #""name":"js","description":"Runs code.","strict":false,"parameters":\#(schema)}]}]"#
        let model = ScriptedModel(
            #"<tool_call>{"name": "mcp__node__js", "arguments": {"code": "1"}}</tool_call>"#)
        let client = await model.ask(.openAIResponses, tools)
        #expect(
            model.prompts[0].contains(
                #"{"name":"mcp__node__js","description":"Runs code.","parameters":\#(schema)}"#))
        let item = client.json["output"]?.arrayValue?.first
        #expect(item?["type"] == "function_call" && item?["arguments"] == #"{"code": "1"}"#)
        #expect(item?["namespace"] == "mcp__node" && item?["name"] == "js")
        // A namespace without tools could only be forgotten silently.
        let bare = await model.ask(.openAIResponses, #""tools":[{"type":"namespace","name":"n"}]"#)
        #expect(bare.status == 400 && bare.json["error"]?["param"] == "tools[0].tools")
    }

    @Test(arguments: ScriptedModel.toolDialects)
    func `arguments pass piece by piece (litellm 6454, 1min-relay 85)`(dialect: ClientDialect) async {
        let gates = [TestGate(), TestGate()]
        let model = ScriptedModel(steps: [
            .delta(Self.call[0]), .gate(gates[0]), .delta(Self.call[1]), .gate(gates[1]),
            .together([.result(Self.call.joined()), .done]), .end,
        ])
        let client = model.harness.client()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await model.ask(dialect, dialect.readAndTime, isStreamed: true, over: client) }
            #expect(await eventually { client.text.contains(#"{\"path\": \"a"#) }, "\(client.text)")
            #expect(!client.text.contains(".txt"))
            gates[0].open()
            #expect(await eventually { client.text.contains(".txt") })
            #expect(!client.isComplete)
            gates[1].open()
        }
        #expect(client.isComplete)
    }
}
