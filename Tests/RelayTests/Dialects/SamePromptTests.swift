import TestSupport
import Testing
import Wire

@testable import Relay

/// One conversation with tool calls and their results, said in three dialects, is one prompt.
@Suite(.timeLimit(.minutes(1))) struct SamePromptTests {
    static let schema: JSONValue = [
        "type": "object", "properties": ["path": ["type": "string"]], "required": ["path"],
    ]
    static let arguments = #"{"path":"a.txt"}"#

    static let chat: JSONValue = [
        "model": "gpt-4o",
        "messages": [
            ["role": "system", "content": "Be brief."], ["role": "user", "content": "Read both."],
            [
                "role": "assistant", "content": "I look.",
                "tool_calls": [
                    [
                        "id": "c1", "type": "function",
                        "function": ["name": "read", "arguments": .string(arguments)],
                    ],
                    ["id": "c2", "type": "function", "function": ["name": "list", "arguments": "{}"]],
                ],
            ],
            ["role": "tool", "tool_call_id": "c1", "content": "first"],
            ["role": "tool", "tool_call_id": "c2", "content": "second"],
            ["role": "user", "content": "Well?"],
        ],
        "tools": [
            [
                "type": "function",
                "function": ["name": "read", "description": "Reads", "parameters": schema],
            ],
            ["type": "function", "function": ["name": "list", "parameters": ["type": "object"]]],
        ],
    ]

    static let response: JSONValue = [
        "model": "gpt-4o", "instructions": "Be brief.",
        "input": [
            ["role": "user", "content": "Read both."], ["role": "assistant", "content": "I look."],
            [
                "type": "function_call", "call_id": "c1", "name": "read", "arguments": .string(arguments),
            ],
            ["type": "function_call", "call_id": "c2", "name": "list", "arguments": "{}"],
            ["type": "function_call_output", "call_id": "c1", "output": "first"],
            ["type": "function_call_output", "call_id": "c2", "output": "second"],
            ["type": "message", "role": "user", "content": [["type": "input_text", "text": "Well?"]]],
        ],
        "tools": [
            [
                "type": "function", "name": "read", "description": "Reads", "parameters": schema,
                "strict": false,
            ],
            ["type": "function", "name": "list", "parameters": ["type": "object"], "strict": false],
        ],
    ]

    static let message: JSONValue = [
        "model": "gpt-4o", "max_tokens": 1000, "system": [["type": "text", "text": "Be brief."]],
        "messages": [
            ["role": "user", "content": "Read both."],
            [
                "role": "assistant",
                "content": [
                    ["type": "text", "text": "I look."],
                    ["type": "tool_use", "id": "c1", "name": "read", "input": ["path": "a.txt"]],
                    ["type": "tool_use", "id": "c2", "name": "list", "input": [:]],
                ],
            ],
            [
                "role": "user",
                "content": [
                    ["type": "tool_result", "tool_use_id": "c1", "content": "first"],
                    [
                        "type": "tool_result", "tool_use_id": "c2",
                        "content": [["type": "text", "text": "second"]],
                    ], ["type": "text", "text": "Well?"],
                ],
            ],
        ],
        "tools": [
            ["name": "read", "description": "Reads", "input_schema": schema],
            ["name": "list", "input_schema": ["type": "object"]],
        ],
    ]

    @Test func `three dialects give one prompt`() async throws {
        var prompts: [String] = []
        for (path, body) in [
            ("/v1/chat/completions", Self.chat), ("/v1/responses", Self.response),
            ("/v1/messages", Self.message),
        ] {
            let harness = Harness { _, _ in FakeCall.Step.stream("Done.") }
            let client = await harness.respond(
                to: Harness.request("POST", path, body: body.serialized()))
            #expect(client.status == 200, "\(client.text)")
            let call = try #require(harness.chats.first)
            let prompt = try JSONValue(parsing: call.request.body)["promptObject"]?["prompt"]?.stringValue
            prompts.append(try #require(prompt))
        }
        #expect(prompts[0] == prompts[1])
        #expect(prompts[0] == prompts[2])
        #expect(prompts[0].contains(Self.arguments) && prompts[0].contains("[tool: list #2]\nsecond"))
    }
}
