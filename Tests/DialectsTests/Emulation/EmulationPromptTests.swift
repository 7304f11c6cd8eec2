import Testing
import Wire

@testable import Dialects

struct EmulationPromptTests {
    private static let weather = Tool(
        kind: .function(
            FunctionTool(
                name: "get_weather", description: "Weather of a city.",
                parameters: [
                    "type": "object", "properties": ["city": ["type": "string"]], "required": ["city"],
                ])))

    private static func conversation(_ change: (inout GenerationRequest) -> Void = { _ in })
        -> GenerationRequest
    {
        var request = GenerationRequest(
            model: "m",
            turns: [
                Turn(role: .system, text: "Be brief."), Turn(role: .user, text: "Weather in Rome?"),
                Turn(
                    role: .assistant,
                    parts: [
                        .text(TextPart("I look.")),
                        .toolCall(
                            ToolCall(id: "call_x", name: "get_weather", arguments: "{\"city\": \"Rome\"}")),
                        .toolCall(ToolCall(id: "call_y", name: "patch", arguments: "a\nb", kind: .custom)),
                    ]),
                Turn(
                    role: .tool,
                    parts: [.toolResult(ToolResult(callID: "call_x", parts: [.text(TextPart("sun"))]))]),
                Turn(
                    role: .tool,
                    parts: [
                        .toolResult(
                            ToolResult(callID: "call_y", parts: [.text(TextPart("no"))], isError: true))
                    ]),
            ])
        request.tools = [weather]
        change(&request)
        return request
    }

    private func prompt(_ request: GenerationRequest) throws -> String {
        try OneMinPrompt(request.turns, Emulation.Draft(request)).text
    }

    @Test func `a conversation with tools`() throws {
        #expect(
            try prompt(Self.conversation()) == """
                [system]
                Be brief.

                [system]
                You can call tools. Each line is one tool, its parameters as a JSON schema:
                {"name":"get_weather","description":"Weather of a city.","parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}

                To call a tool, write a block of exactly this form, on lines of its own and not in a code fence:
                <tool_call>
                {"name": "NAME", "arguments": {"PARAMETER": "VALUE"}}
                </tool_call>

                Rules for calls:
                - "name" is the name of a listed tool, "arguments" is one JSON object that fits its schema.
                - For several calls, write several such blocks, one after the other.
                - After the last block stop at once and wait: the results come in the next turns, in the order of the calls.
                - Never write or guess a result yourself. Nothing is done unless you call the tool.
                - If no tool is needed, answer without a block.

                [user]
                Weather in Rome?

                [assistant]
                I look.
                <tool_call>
                {"name": "get_weather", "arguments": {"city": "Rome"}}
                </tool_call>
                <tool_call>
                {"name": "patch", "arguments": {"input":"a\\nb"}}
                </tool_call>

                [tool: get_weather #1]
                sun

                [tool: patch #2 failed]
                no

                [assistant]
                """)
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let end: String
        let change: @Sendable (inout GenerationRequest) -> Void
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(name: "required", end: "[system]\nThis answer must call at least one tool.\n\n[assistant]") {
            $0.toolChoice = .required
        },
        Case(
            name: "named",
            end:
                "[system]\nThis answer must call the tool get_weather once, and no other tool.\n\n[assistant]"
        ) { $0.toolChoice = .tool(name: "get_weather") },
        Case(
            name: "some",
            end: "[system]\nIn this answer you may call these tools only: get_weather.\n\n[assistant]"
        ) { $0.toolChoice = .allowed(["mode": "auto", "tools": [["name": "get_weather"]]]) },
    ]) func `what holds for one answer stands at the end`(_ test: Case) throws {
        let plain = try prompt(Self.conversation())
        let asked = try prompt(Self.conversation(test.change))
        #expect(asked.hasPrefix(plain.dropLast("[assistant]".count)))
        #expect(asked.hasSuffix("\n\n" + test.end))
    }

    @Test func `without tools the conversation is told all the same`() throws {
        for change: (inout GenerationRequest) -> Void in [
            { $0.toolChoice = ToolChoice.none }, { $0.tools = [] },
        ] {
            let text = try prompt(Self.conversation(change))
            #expect(!text.contains("You can call tools"))
            #expect(text.contains("I look.\n<tool_call>\n{\"name\": \"get_weather\", "))
        }
    }

    @Test func `one call at most, if the client wants that`() throws {
        let text = try prompt(Self.conversation { $0.parallelToolCalls = false })
        #expect(text.contains("\n- Make one call at most in an answer.\n"))
    }

    @Test func `a custom tool is a function with one string`() throws {
        let text = try prompt(
            Self.conversation {
                let format: JSONValue = ["type": "grammar", "syntax": "lark"]
                $0.tools = [Tool(kind: .custom(CustomTool(name: "patch", description: "P", format: format)))]
            })
        #expect(
            text.contains(
                #"{"name":"patch","description":"P","parameters":{"type":"object","properties":{"input":{"type":"string"}},"#
                    + #""required":["input"]},"input_format":{"type":"grammar","syntax":"lark"}}"#))
    }

    @Test func `a form is asked for`() throws {
        var request = GenerationRequest(model: "m", turns: [Turn(role: .user, text: "Who?")])
        request.outputFormat = .jsonObject
        #expect(
            try prompt(request) == """
                [system]
                Your answer must be one JSON object and nothing else: no code fence, no text before or after it.

                [user]
                Who?

                [assistant]
                """)
        request.outputFormat = .jsonSchema(
            JSONSchemaFormat(name: "p", description: "A person.", schema: ["type": "object"]))
        #expect(
            try prompt(request).contains(
                """
                Your answer must be one JSON value and nothing else: no code fence, no text before or after it.
                It is: A person.
                It must fit this JSON schema:
                {"type":"object"}

                """))
    }

    @Test func `arguments that are no JSON stay in their place`() throws {
        let text = try prompt(
            Self.conversation {
                $0.turns = [
                    Turn(
                        role: .assistant,
                        parts: [.toolCall(ToolCall(id: "c", name: "f", arguments: "{\"a\": \n}</x>"))])
                ]
            })
        #expect(text.contains(#"{"name": "f", "arguments": "{\"a\": \n}</x>"}"#))
    }

    /// What the client sends back is what the model wrote, so an upstream's cache of prompts hits.
    @Test func `the prompt of a request begins the prompt of the next one, calls and all`() throws {
        var request = Self.conversation()
        var previous = try prompt(request)
        for round in 3..<6 {
            let call = ToolCall(id: "id\(round)", name: "get_weather", arguments: "{\"city\":\"\(round)\"}")
            request.turns.append(Turn(role: .assistant, parts: [.toolCall(call)]))
            let result = ToolResult(callID: "id\(round)", parts: [.text(TextPart("rain [\(round)]"))])
            request.turns.append(Turn(role: .tool, parts: [.toolResult(result)]))
            let next = try prompt(request)
            #expect(next.hasPrefix(previous))
            #expect(next.contains("[tool: get_weather #\(round)]\nrain"))
            previous = next
        }
    }
}
