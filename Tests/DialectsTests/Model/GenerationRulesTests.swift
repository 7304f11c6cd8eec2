import Dialects
import Testing
import Wire

struct GenerationRulesTests {
    /// The failure of a request, nil when it keeps the rules.
    private func failure(_ change: (inout GenerationRequest) -> Void) -> Failure? {
        var request = GenerationRequest(model: "m", turns: [Turn(role: .user, text: "Hi")])
        change(&request)
        do throws(Failure) {
            try request.checkRules()
            return nil
        } catch {
            #expect(error.kind == .invalidRequest)
            return error
        }
    }

    private func failure(tools: [Tool]) -> Failure? {
        failure { $0.tools = tools }
    }

    private func tool(_ name: String, _ schema: JSONValue? = nil) -> Tool {
        Tool(kind: .function(FunctionTool(name: name, parameters: schema)))
    }

    private func call(_ ids: String?...) -> Turn {
        Turn(role: .assistant, parts: ids.map { .toolCall(ToolCall(id: $0, name: "f", arguments: "{}")) })
    }

    private func result(_ ids: String?...) -> Turn {
        var turn = Turn(role: .tool, parts: ids.map { .toolResult(ToolResult(callID: $0, parts: [])) })
        turn.origin = "messages[7]"
        return turn
    }

    private func failure(turns: [Turn]) -> Failure? {
        failure { $0.turns = turns }
    }

    @Test func `a request without tools keeps the rules`() {
        #expect(failure { _ in } == nil)
    }

    @Test func `as many tools as allowed, and one more`() {
        let tools = (0...256).map { tool("f\($0)") }
        #expect(failure(tools: Array(tools.dropLast())) == nil)
        #expect(failure(tools: tools)?.parameter == "tools")
        #expect(failure(tools: tools)?.code == "too_many_tools")
    }

    /// A string that takes so many bytes as JSON.
    private func schema(bytes: Int) -> JSONValue { .string(String(repeating: "x", count: bytes - 2)) }

    @Test func `a schema of the greatest size, and one more byte`() {
        #expect(failure(tools: [tool("f", schema(bytes: 262_144))]) == nil)
        let found = failure(tools: [tool("a"), tool("f", schema(bytes: 262_145))])
        #expect(found?.parameter == "tools[1]")
        #expect(found?.code == "schema_too_large")
    }

    @Test func `tools of the greatest size together, and one more byte`() {
        var tools = (0..<3).map { tool("f\($0)", schema(bytes: 262_142)) }
        #expect(failure(tools: tools + [tool("f3", schema(bytes: 262_142))]) == nil)
        tools.append(tool("f3", schema(bytes: 262_143)))
        #expect(failure(tools: tools)?.parameter == "tools[3]")
        #expect(failure(tools: tools)?.code == "tools_too_large")
    }

    @Test(arguments: ["", "two words", "line\nend", "nul\u{0}", String(repeating: "x", count: 129)])
    func `names that no vendor takes`(_ name: String) {
        let found = failure(tools: [tool("good"), tool(name)])
        #expect(found?.parameter == "tools[1].name")
        #expect(found?.code == "invalid_tool_name")
    }

    @Test(arguments: ["f", "mcp__server__tool", "a.b/c:d-e", "größe", String(repeating: "x", count: 128)])
    func `names that some vendor takes`(_ name: String) {
        #expect(failure(tools: [tool(name)]) == nil)
    }

    @Test func `names are different, whatever the kind of tool`() {
        let custom = Tool(kind: .custom(CustomTool(name: "f")))
        let vendor = Tool(kind: .vendor(type: "bash", json: ["name": "f"]))
        for second in [tool("f"), custom, vendor] {
            let found = failure(tools: [tool("f"), second])
            #expect(found?.parameter == "tools[1].name")
            #expect(found?.code == "duplicate_tool_name")
        }
        let nameless = Tool(kind: .vendor(type: "web_search", json: ["type": "web_search"]))
        #expect(failure(tools: [nameless, nameless, tool("f")]) == nil)
    }

    @Test func `old functions are counted by themselves`() {
        let legacy = Tool(kind: .function(FunctionTool(name: "f", isLegacy: true)))
        #expect(failure(tools: [tool("f"), legacy])?.parameter == "functions[0].name")
        #expect(failure(tools: [legacy, tool("g"), tool("g")])?.parameter == "tools[1].name")
    }

    @Test func `a tool that is to be chosen is there`() {
        func choose(_ choice: ToolChoice, among tools: [Tool]) -> Failure? {
            failure { request in
                request.tools = tools
                request.toolChoice = choice
                request.ignorable = [RequestParameter(name: "function_call", feature: .toolChoice)]
            }
        }
        let vendor = Tool(kind: .vendor(type: "web_search_20250305", json: ["name": "web_search"]))
        #expect(choose(.tool(name: "f"), among: [tool("f")]) == nil)
        #expect(choose(.tool(name: "web_search"), among: [vendor]) == nil)
        #expect(choose(.required, among: [tool("f")]) == nil)
        #expect(choose(.none, among: []) == nil)
        #expect(choose(.automatic, among: []) == nil)
        #expect(choose(.tool(name: "g"), among: [tool("f")])?.code == "unknown_tool")
        #expect(choose(.tool(name: "f"), among: [])?.parameter == "function_call")
        #expect(choose(.required, among: [])?.code == "no_tools")
        #expect(failure { $0.toolChoice = .required }?.parameter == "tool_choice")
    }

    @Test func `every result has its call before it`() {
        #expect(failure(turns: [call("a", "b"), result("b"), result("a")]) == nil)
        #expect(failure(turns: [call("a"), Turn(role: .user, text: "Wait"), result("a")]) == nil)
        let found = failure(turns: [call("a"), result("b")])
        #expect(found?.message == "There is no tool call before this result with the ID 'b'.")
        #expect(found?.parameter == "messages[7]")
        #expect(failure(turns: [result("a"), call("a")])?.code == "unknown_tool_call_id")
    }

    @Test func `calls cannot be mixed up`() {
        #expect(failure(turns: [call("a", "a")])?.code == "duplicate_tool_call_id")
        #expect(failure(turns: [call("a"), call("a")])?.code == "duplicate_tool_call_id")
        #expect(failure(turns: [call("a"), result("a"), call("a"), result("a")]) == nil)
        #expect(failure(turns: [call("a"), result("a", "a")])?.code == "duplicate_tool_result")
        #expect(failure(turns: [call("a"), result("a"), result("a")]) == nil)
    }

    @Test func `old function messages have no ids`() {
        #expect(failure(turns: [call(nil), result(nil), call(nil, nil), result(nil, nil)]) == nil)
        #expect(failure(turns: [result(nil)]) == nil)
    }

    @Test func `ids of any length make no long complaint`() throws {
        let found = try #require(failure(turns: [result(String(repeating: "x", count: 100_000))]))
        #expect(found.message.utf8.count < 200)
    }
}
