import Wire

@testable import Relay

extension BadInputTests {
    static let inputs = toolInputs + callInputs + schemaInputs + contentInputs + otherInputs

    private static let user: JSONValue = ["role": "user", "content": "Hi"]
    private static let picture = "data:image/png;base64,iVBORw0KGgo="
    private static let chatImage: JSONValue = ["type": "image_url", "image_url": ["url": .string(picture)]]
    private static let inputImage: JSONValue = ["type": "input_image", "image_url": .string(picture)]
    private static let image: JSONValue = [
        "type": "image", "source": ["type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="],
    ]

    /// Tools in a dialect's words.
    private static func tools(
        _ dialect: ClientDialect, _ names: [String] = ["f"], schema: JSONValue = ["type": "object"],
        isStrict: Bool = false
    ) -> JSONValue {
        .array(
            names.map { name -> JSONValue in
                switch dialect {
                case .anthropic: ["name": .string(name), "input_schema": schema]
                case .openAIResponses:
                    [
                        "type": "function", "name": .string(name), "parameters": schema,
                        "strict": .bool(isStrict),
                    ]
                default:
                    [
                        "type": "function",
                        "function": ["name": .string(name), "parameters": schema, "strict": .bool(isStrict)],
                    ]
                }
            })
    }

    private static let toolDialects: [ClientDialect] = [.openAIChat, .openAIResponses, .anthropic]

    private static let toolInputs: [BadInput] =
        toolDialects.flatMap { dialect -> [BadInput] in
            let huge: JSONValue = [
                "type": "object", "description": .string(String(repeating: "x", count: 1 << 20)),
            ]
            let tool = dialect == .anthropic ? "tools.0" : "tools[0]"
            let second = dialect == .anthropic ? "tools.1.name" : "tools[1].name"
            return [
                BadInput(
                    "1,000 tools", dialect, "tools", words: "256",
                    ["tools": tools(dialect, (0..<1000).map { "f\($0)" })]),
                BadInput(
                    "1 MB schema", dialect, tool, words: "262144", ["tools": tools(dialect, schema: huge)]),
                BadInput("two tools of a name", dialect, second, ["tools": tools(dialect, ["f", "f"])]),
                BadInput(
                    "circular $ref", dialect, tool, words: "refers to itself",
                    [
                        "tools": tools(
                            dialect,
                            schema: [
                                "type": "object", "properties": ["a": ["$ref": "#/$defs/n"]],
                                "$defs": ["n": ["$ref": "#/$defs/n"]],
                            ])
                    ]),
            ]
        } + [
            BadInput(
                "unknown tool in tool_choice", .openAIChat, "tool_choice", words: "'g'",
                [
                    "tools": tools(.openAIChat),
                    "tool_choice": ["type": "function", "function": ["name": "g"]],
                ]),
            BadInput(
                "unknown tool in function_call", .openAIChat, "function_call", words: "'g'",
                ["functions": [["name": "f"]], "function_call": ["name": "g"]]),
            BadInput(
                "unknown allowed tool", .openAIChat, "tool_choice", words: "'g'",
                [
                    "tools": tools(.openAIChat),
                    "tool_choice": [
                        "type": "allowed_tools",
                        "allowed_tools": [
                            "mode": "auto", "tools": [["type": "function", "function": ["name": "g"]]],
                        ],
                    ],
                ]),
            BadInput(
                "unknown tool in tool_choice", .openAIResponses, "tool_choice", words: "'g'",
                ["tools": tools(.openAIResponses), "tool_choice": ["type": "function", "name": "g"]]),
            BadInput(
                "unknown allowed tool", .openAIResponses, "tool_choice", words: "'g'",
                [
                    "tools": tools(.openAIResponses),
                    "tool_choice": [
                        "type": "allowed_tools", "mode": "auto",
                        "tools": [["type": "function", "name": "g"]],
                    ],
                ]),
            BadInput(
                "a vendor's tool forced", .openAIResponses, "tool_choice", words: "of this upstream",
                ["tools": [["type": "code_interpreter"]], "tool_choice": ["type": "code_interpreter"]]),
            BadInput(
                "two tools of a name behind a search", .openAIResponses, "tools[2].name",
                [
                    "tools": .array(
                        [["type": "web_search"]] + (tools(.openAIResponses, ["f", "f"]).arrayValue ?? []))
                ]),
            BadInput(
                "unknown tool in tool_choice", .anthropic, "tool_choice", words: "'g'",
                ["tools": tools(.anthropic), "tool_choice": ["type": "tool", "name": "g"]]),
            BadInput("a call without tools", .openAIChat, "tool_choice", ["tool_choice": "required"]),
            BadInput("a call without tools", .openAIResponses, "tool_choice", ["tool_choice": "required"]),
            BadInput("a call without tools", .anthropic, "tool_choice", ["tool_choice": ["type": "any"]]),
        ]

    private static func chatCall(_ id: String) -> JSONValue {
        ["id": .string(id), "type": "function", "function": ["name": "f", "arguments": "{}"]]
    }

    private static func itemCall(_ id: String) -> JSONValue {
        ["type": "function_call", "call_id": .string(id), "name": "f", "arguments": "{}"]
    }

    private static func toolUse(_ id: String) -> JSONValue {
        ["type": "tool_use", "id": .string(id), "name": "f", "input": [:]]
    }

    private static let callInputs = [
        BadInput(
            "a result without a call", .openAIChat, "messages[1]",
            ["messages": [user, ["role": "tool", "tool_call_id": "a", "content": "R"]]]),
        BadInput(
            "two calls of an id", .openAIChat, "messages[1]",
            [
                "messages": [
                    user, ["role": "assistant", "tool_calls": [chatCall("a"), chatCall("a")]],
                    ["role": "tool", "tool_call_id": "a", "content": "R"],
                ]
            ]),
        BadInput(
            "a result without a call", .openAIResponses, "input[3]",
            [
                "input": [
                    user, itemCall("a"), ["type": "function_call_output", "call_id": "a", "output": "R"],
                    ["type": "function_call_output", "call_id": "b", "output": "R"],
                ]
            ]),
        BadInput(
            "two calls of an id", .openAIResponses, "input[2]",
            ["input": [user, itemCall("a"), itemCall("a")]]),
        BadInput(
            "a result without a call", .anthropic, "messages.2.content.1", words: "'b'",
            [
                "messages": [
                    user, ["role": "assistant", "content": [toolUse("a")]],
                    [
                        "role": "user",
                        "content": [
                            ["type": "tool_result", "tool_use_id": "a", "content": "R"],
                            ["type": "tool_result", "tool_use_id": "b", "content": "R"],
                        ],
                    ],
                ]
            ]),
        BadInput(
            "two calls of an id", .anthropic, "messages.1", words: "'a'",
            [
                "messages": [
                    user, ["role": "assistant", "content": [toolUse("a"), toolUse("a")]],
                    [
                        "role": "user",
                        "content": [["type": "tool_result", "tool_use_id": "a", "content": "R"]],
                    ],
                ]
            ]),
    ]

    private static let strange: JSONValue = [
        "type": "object", "properties": ["a": ["type": "string", "not": [:]]], "required": ["a"],
        "additionalProperties": false,
    ]
    private static let circle: JSONValue = ["$ref": "#/$defs/n", "$defs": ["n": ["$ref": "#/$defs/n"]]]

    private static let schemaInputs = [
        BadInput(
            "unsupported keyword", .openAIChat, "response_format.json_schema.schema", words: "'not'",
            [
                "response_format": [
                    "type": "json_schema", "json_schema": ["name": "n", "strict": true, "schema": strange],
                ]
            ]),
        BadInput(
            "unsupported keyword", .openAIResponses, "text.format.schema", words: "'not'",
            ["text": ["format": ["type": "json_schema", "name": "n", "strict": true, "schema": strange]]]),
        BadInput(
            "unsupported keyword of a tool", .openAIChat, "tools[0]", words: "'not'",
            ["tools": tools(.openAIChat, schema: strange, isStrict: true)]),
        BadInput(
            "unsupported keyword of a tool", .openAIResponses, "tools[0]", words: "'not'",
            ["tools": tools(.openAIResponses, schema: strange, isStrict: true)]),
        BadInput(
            "circular form", .openAIChat, "response_format.json_schema.schema", words: "refers to itself",
            ["response_format": ["type": "json_schema", "json_schema": ["name": "n", "schema": circle]]]),
        BadInput(
            "circular form", .openAIResponses, "text.format.schema", words: "refers to itself",
            ["text": ["format": ["type": "json_schema", "name": "n", "schema": circle]]]),
        BadInput(
            "circular form", .anthropic, "output_config.format.schema", words: "refers to itself",
            ["output_config": ["format": ["type": "json_schema", "schema": circle]]]),
    ]

    private static let contentInputs = [
        BadInput(
            "an image in a system message", .openAIChat, "messages[0].content[0].type",
            ["messages": [["role": "system", "content": [chatImage]], user]]),
        BadInput(
            "an image in a system message", .openAIResponses, "input[0].content[0].type",
            ["input": [["role": "system", "content": [inputImage]], user]]),
        BadInput("an image in a system message", .anthropic, "system.0.type", ["system": [image]]),
        BadInput(
            "an image", .openAIChat, "messages[0].content[1]",
            ["messages": [["role": "user", "content": [["type": "text", "text": "What?"], chatImage]]]]),
        BadInput(
            "an image", .openAIResponses, "input[0].content[1]",
            ["input": [["role": "user", "content": [["type": "input_text", "text": "What?"], inputImage]]]]),
        BadInput(
            "an image of a tool", .openAIResponses, "input[4].output[1]",
            [
                "input": [
                    user, itemCall("a"), itemCall("b"),
                    ["type": "function_call_output", "call_id": "a", "output": "R"],
                    [
                        "type": "function_call_output", "call_id": "b",
                        "output": [["type": "input_text", "text": "R"], inputImage],
                    ],
                ]
            ]),
        BadInput(
            "a generated image", .openAIResponses, "input[1].result",
            ["input": [user, ["type": "image_generation_call", "id": "ig_1", "result": "AAAA"], user]]),
        BadInput(
            "an image", .anthropic, "messages.0.content.1",
            ["messages": [["role": "user", "content": [["type": "text", "text": "What?"], image]]]]),
        BadInput(
            "an image behind a result", .anthropic, "messages.2.content.1",
            [
                "messages": [
                    user, ["role": "assistant", "content": [toolUse("a")]],
                    ["role": "user", "content": [["type": "tool_result", "tool_use_id": "a"], image]],
                ]
            ]),
        BadInput(
            "an image of a tool", .anthropic, "messages.2.content.1.content.1",
            [
                "messages": [
                    user, ["role": "assistant", "content": [toolUse("a")]],
                    [
                        "role": "user",
                        "content": [
                            ["type": "text", "text": "First"],
                            [
                                "type": "tool_result", "tool_use_id": "a",
                                "content": [["type": "text", "text": "R"], image],
                            ],
                        ],
                    ],
                ]
            ]),
        BadInput(
            "no content", .openAIChat, "messages[0].content", ["messages": [["role": "user", "content": []]]]),
        BadInput(
            "no content", .openAIResponses, "input[0].content", ["input": [["role": "user", "content": []]]]),
        BadInput("no content", .openAICompletions, "prompt", ["prompt": ""]),
        BadInput("no content", .anthropic, "messages.0", ["messages": [["role": "user", "content": []]]]),
        BadInput(
            "empty text", .anthropic, "messages.0.content.0.text",
            ["messages": [["role": "user", "content": [["type": "text", "text": ""]]]]]),
        BadInput("blank text", .openAIChat, "messages", ["messages": [["role": "user", "content": " \n"]]]),
        BadInput("blank text", .openAIResponses, "input", ["input": " \n"]),
        BadInput("blank text", .openAICompletions, "prompt[1]", ["prompt": ["a", " \n"]]),
        BadInput("blank text", .anthropic, "messages", ["messages": [["role": "user", "content": " \n"]]]),
    ]

    private static let otherInputs = [
        BadInput(
            "a budget above max_tokens", .anthropic, "max_tokens", words: "budget_tokens",
            ["max_tokens": 1500, "thinking": ["type": "enabled", "budget_tokens": 2000]]),
        BadInput(
            "a beginning of JSON", .anthropic, "messages.1", words: "schema",
            [
                "messages": [user, ["role": "assistant", "content": "{"]],
                "output_config": ["format": ["type": "json_schema", "schema": ["type": "object"]]],
            ]),
        BadInput("suffix", .openAICompletions, "suffix", ["suffix": "end"]),
        BadInput("token numbers", .openAICompletions, "prompt", ["prompt": [1, 2]]),
        BadInput("best_of", .openAICompletions, "best_of", ["best_of": 3]),
        BadInput(
            "unknown response", .openAIResponses, "previous_response_id",
            ["previous_response_id": "resp_unknown"]),
        BadInput(
            "unknown conversation", .openAIResponses, nil, status: 404, ["conversation": "conv_unknown"]),
        BadInput("background", .openAIResponses, "background", ["background": true]),
        BadInput("unknown model", .openAIChat, "model", status: 404, ["model": "nonsense"]),
        BadInput("unknown model", .openAICompletions, "model", status: 404, ["model": "nonsense"]),
        BadInput("unknown model", .openAIResponses, "model", status: 404, ["model": "nonsense"]),
        BadInput("unknown model", .anthropic, "model", status: 404, ["model": "nonsense"]),
    ]
}
