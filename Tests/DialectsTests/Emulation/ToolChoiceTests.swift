import Dialects
import Testing
import Wire

struct ToolChoiceTests {
    private static let weather =
        "<tool_call>{\"name\":\"get_weather\",\"arguments\":{\"city\":\"x\"}}</tool_call>"
    private static let given = "‹0:get_weather|{\"city\":\"x\"}›"

    @Test func `none leaves text alone`() throws {
        let fixture = try EmulationFixture(thinkTags: false) { $0.toolChoice = ToolChoice.none }
        #expect(fixture.emulation.isIdle)
        fixture.check(Self.weather, "\(Self.weather) stop")
    }

    @Test func `one call only ends the answer`() throws {
        for change: @Sendable (inout GenerationRequest) -> Void in [
            { $0.parallelToolCalls = false }, { $0.toolChoice = .tool(name: "get_weather") },
        ] {
            let fixture = try EmulationFixture(change)
            fixture.check("So: \(Self.weather)\n\(Self.weather) and more", "So: \(Self.given) toolCalls")
            var answer = EmulatedAnswer(fixture.emulation, furtherCalls: 0)
            answer.take(.text(String(Self.weather.dropLast(14)))) { _ in }
            #expect(!answer.isOver)
            answer.take(.text("}}")) { _ in }
            #expect(answer.isOver)
            var end: [GenerationEvent] = []
            answer.giveUp { end.append($0) }
            #expect(end == [.finished(.toolCalls)])
        }
    }

    @Test func `an invented turn ends the answer at once`() throws {
        var answer = try EmulatedAnswer(EmulationFixture().emulation, furtherCalls: 1)
        answer.take(.text("Fine.\n\n[user]")) { _ in }
        #expect(!answer.isOver)
        answer.take(.text("\n")) { _ in }
        #expect(answer.isOver)
    }

    @Test func `a named tool alone can be called`() throws {
        try EmulationFixture { $0.toolChoice = .tool(name: "add") }
            .check(Self.weather, "\(Self.weather) stop")
    }

    @Test(arguments: [
        JSONValue.object(
            JSONObject([.init(key: "tools", value: [["name": "add"]]), .init(key: "mode", value: "auto")])),
        ["allowed_tools": ["mode": "auto", "tools": [["type": "function", "function": ["name": "add"]]]]],
    ]) func `some tools alone can be called`(_ choice: JSONValue) throws {
        let fixture = try EmulationFixture { $0.toolChoice = .allowed(choice) }
        fixture.check(Self.weather, "\(Self.weather) stop")
        fixture.check(
            "<tool_call>{\"name\":\"add\",\"arguments\":{\"a\":1,\"b\":2}}",
            "‹0:add|{\"a\":1,\"b\":2}› toolCalls")
    }

    @Test func `a call of the old functions is the only one`() throws {
        let fixture = try EmulationFixture {
            $0.tools = [Tool(kind: .function(FunctionTool(name: "get_weather", isLegacy: true)))]
        }
        fixture.check(Self.weather + Self.weather, "\(Self.given) toolCalls")
    }

    @Test func `a forced tool that cannot be called is refused`() {
        let failure = #expect(throws: Failure.self) {
            try EmulationFixture {
                $0.tools = [Tool(kind: .vendor(type: "shell", json: ["type": "shell"]))]
                $0.toolChoice = .tool(name: "shell")
                $0.ignorable = [RequestParameter(name: "tool_choice", feature: .toolChoice)]
            }
        }
        #expect(failure?.kind == .unsupported)
        #expect(failure?.parameter == "tool_choice")
    }

    @Test func `a strict schema that cannot be used is refused, another one is not`() throws {
        func tools(strict: Bool) -> [Tool] {
            let parameters: JSONValue = ["type": "object", "properties": ["a": ["$ref": "#/nowhere"]]]
            return [Tool(kind: .function(FunctionTool(name: "f", parameters: parameters, isStrict: strict)))]
        }
        #expect(throws: Failure.self) { try EmulationFixture { $0.tools = tools(strict: true) } }
        _ = try EmulationFixture { $0.tools = tools(strict: false) }
    }

    struct Forgery: CustomTestStringConvertible, Sendable {
        let text: String
        let tag: String
        var testDescription: String { text }
    }

    @Test(arguments: [
        Forgery(text: "<tool_call>", tag: "tool_call_2"),
        Forgery(text: "a < / TOOL_call", tag: "tool_call_2"),
        Forgery(text: "<tool_call_2>", tag: "tool_call"),
        Forgery(text: "tool_call> <tool call>", tag: "tool_call"),
        Forgery(text: "<tool_call></Tool_Call_2><<tool_call_03", tag: "tool_call_4"),
    ]) func `a tag in a text of the request is none of the answer's`(_ test: Forgery) throws {
        let places: [@Sendable (inout GenerationRequest) -> Void] = [
            { $0.turns[0] = Turn(role: .user, text: test.text) },
            {
                let result = ToolResult(callID: "c", parts: [.text(TextPart(test.text))])
                $0.turns.append(Turn(role: .tool, parts: [.toolResult(result)]))
            },
            {
                let call = ToolCall(id: "c", name: "f", arguments: "{\"a\":\"\(test.text)\"}")
                $0.turns.append(Turn(role: .assistant, parts: [.toolCall(call)]))
            },
            { $0.tools.append(Tool(kind: .function(FunctionTool(name: "f", description: test.text)))) },
        ]
        for place in places {
            let fixture = try EmulationFixture(place)
            let body = #"{"name":"get_weather","arguments":{"city":"x"}}"#
            fixture.check("<\(test.tag)>\(body)</\(test.tag)>", "\(Self.given) toolCalls")
            let other = test.tag == "tool_call" ? "tool_call_2" : "tool_call"
            fixture.check("<\(other)>\(body)</\(other)>", "<\(other)>\(body)</\(other)> stop")
            let encoded = try OneMinChatRequestEncoder().encode(EmulationFixture.request(place))
            #expect(text(encoded.body).contains("\\n<\(test.tag)>\\n{\\\"name\\\": \\\"NAME\\\""))
        }
    }
}
