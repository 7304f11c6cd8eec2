import TestSupport
import Wire

@testable import Relay

/// A relay whose model writes the same pieces whatever it is asked.
///
/// The tests of what users of other gateways complained about ask it in every dialect; their names end with the projects
/// and the numbers of the complaints.
struct ScriptedModel {
    let harness: Harness

    /// A model that writes these pieces, one event each.
    init(_ pieces: String...) {
        harness = Harness { request, _ in
            request.url.contains("isStreaming")
                ? Self.head + pieces.map { .delta($0) } + [
                    .together([.result(pieces.joined()), .done]), .end,
                ]
                : FakeCall.Step.whole(pieces.joined())
        }
    }

    /// A model behind a streamed call that goes like this.
    init(steps: [FakeCall.Step]) {
        harness = Harness { _, _ in Self.head + steps }
    }

    /// The beginning of every stream of the upstream's.
    static let head: [FakeCall.Step] = [
        .head(status: 200, headers: HeaderFields([("content-type", "text/event-stream")]))
    ]

    /// The dialects that have tools.
    static let toolDialects: [ClientDialect] = [.openAIChat, .openAIResponses, .anthropic]
    /// All dialects.
    static let dialects: [ClientDialect] = toolDialects + [.openAICompletions]

    /// Sends a request of these members; what a request has to have comes first, unless it is among them.
    @discardableResult
    func ask(
        _ dialect: ClientDialect, _ members: String, isStreamed: Bool = false,
        over client: RecordingClient? = nil
    ) async -> RecordingClient {
        await harness.respond(
            to: Self.request(dialect, members, isStreamed: isStreamed), over: client)
    }

    /// A request of these members.
    static func request(_ dialect: ClientDialect, _ members: String, isStreamed: Bool = false)
        -> ClientRequest
    {
        var needed = #""model":"gpt-4o","stream":\#(isStreamed)"#
        if dialect == .anthropic { needed += #","max_tokens":1000"# }
        if !members.contains(#""\#(dialect.promptKey)":"#) { needed += ",\(dialect.prompt(#""Hi""#))" }
        let body = members.isEmpty ? "{\(needed)}" : "{\(needed),\(members)}"
        return Harness.request("POST", dialect.path, body: Array(body.utf8))
    }

    /// The prompts that the model was given.
    var prompts: [String] {
        harness.chats.map { call in
            (try? JSONValue(parsing: call.request.body))?["promptObject"]?["prompt"]?.stringValue ?? ""
        }
    }
}

extension ClientDialect {
    /// The member that holds what is said.
    var promptKey: String {
        switch self {
        case .openAIChat, .anthropic: "messages"
        case .openAICompletions: "prompt"
        case .openAIResponses: "input"
        }
    }

    /// The member with one thing that a user says, which is given as JSON.
    func prompt(_ text: String) -> String {
        switch self {
        case .openAIChat, .anthropic: #""messages":[{"role":"user","content":\#(text)}]"#
        case .openAICompletions, .openAIResponses: #""\#(promptKey)":\#(text)"#
        }
    }

    /// The member with turns of a conversation.
    func prompt(_ turns: [JSONValue]) -> String {
        "\"\(promptKey)\":\(String(decoding: JSONValue.array(turns).serialized(), as: UTF8.self))"
    }

    /// A whole answer's turns as clients send them back, and the result of its first call.
    func turns(after client: RecordingClient, result: String) -> [JSONValue] {
        let answer = client.json
        let id = JSONValue.string(SeenAnswer(whole: answer, self).calls.first?.id ?? "")
        let result = JSONValue.string(result)
        switch self {
        case .openAIChat:
            let message = answer["choices"]?.arrayValue?.first?["message"] ?? .null
            return [message, ["role": "tool", "tool_call_id": id, "content": result]]
        case .openAIResponses:
            let output: JSONValue = ["type": "function_call_output", "call_id": id, "output": result]
            return (answer["output"]?.arrayValue ?? []) + [output]
        case .anthropic:
            let block: JSONValue = ["type": "tool_result", "tool_use_id": id, "content": result]
            return [
                ["role": "assistant", "content": answer["content"] ?? .null],
                ["role": "user", "content": [block]],
            ]
        case .openAICompletions: return []
        }
    }

    /// The member with functions, each a name and a schema as JSON, nil for none.
    func tools(_ tools: (name: String, schema: String?)...) -> String {
        let list = tools.map { tool in
            switch self {
            case .openAICompletions: ""
            case .openAIChat:
                #"{"type":"function","function":{"name":"\#(tool.name)""#
                    + (tool.schema.map { #","parameters":\#($0)"# } ?? "") + "}}"
            case .openAIResponses:
                #"{"type":"function","name":"\#(tool.name)""#
                    + (tool.schema.map { #","parameters":\#($0),"strict":false"# } ?? "") + "}"
            case .anthropic:
                #"{"name":"\#(tool.name)","input_schema":\#(tool.schema ?? #"{"type":"object"}"#)}"#
            }
        }
        return #""tools":[\#(list.joined(separator: ","))]"#
    }

    /// The member with one function that reads a file, and one without parameters.
    var readAndTime: String {
        tools(
            ("read", #"{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}"#),
            ("time", #"{"type":"object","properties":{}}"#))
    }
}

extension RecordingClient {
    /// The body with identifiers replaced by `#` and a number that counts them.
    var golden: String {
        var known: [Substring] = []
        return text.replacing(#/[0-9a-f]{32}/#) { match in
            if !known.contains(match.output) { known.append(match.output) }
            return "#\((known.firstIndex(of: match.output) ?? 0) + 1)"
        }
    }

    /// The events of a stream as JSON.
    var values: [JSONValue] {
        events.compactMap { event in
            let data = event.split(separator: "\n").last { $0.hasPrefix("data: ") }?.dropFirst(6)
            return try? JSONValue(parsing: Array((data ?? event[...]).utf8))
        }
    }

    /// The types of a stream's events.
    var types: [String] { values.compactMap { $0["type"]?.stringValue } }
}

/// The bytes that streams are expected to be.
enum ExpectedStream {
    /// Events with the name that is their type.
    static func named(_ events: [String]) -> String {
        events.map { event in
            let name = (try? JSONValue(parsing: Array(event.utf8)))?["type"]?.stringValue ?? "?"
            return "event: \(name)\ndata: \(event)\n\n"
        }.joined()
    }

    /// A message of Anthropic's between its beginning and its end.
    static func message(
        _ blocks: [String], inputTokens: Int, end reason: String, usage: String = usage(11, 7)
    ) -> String {
        let start = #"{"id":"msg_#1","type":"message","role":"assistant","model":"gpt-4o","content":[],"#
        return named(
            [
                #"{"type":"message_start","message":\#(start)"stop_reason":null,"stop_sequence":null,"#
                    + #""usage":\#(self.usage(inputTokens, 0))}}"#,
                #"{"type":"ping"}"#,
            ] + blocks + [
                #"{"type":"message_delta","delta":{"stop_reason":"\#(reason)","stop_sequence":null},"#
                    + #""usage":\#(usage)}"#, #"{"type":"message_stop"}"#,
            ])
    }

    /// Anthropic's counts.
    static func usage(_ input: Int, _ output: Int) -> String {
        #"{"input_tokens":\#(input),"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"#
            + #""output_tokens":\#(output)}"#
    }

    /// The events of one block; `delta` is its pieces' type and member.
    static func block(
        _ index: Int, _ content: String, delta: (type: String, member: String), _ pieces: [String]
    ) -> [String] {
        [#"{"type":"content_block_start","index":\#(index),"content_block":\#(content)}"#]
            + pieces.map { piece in
                let json = String(decoding: JSONValue.string(piece).serialized(), as: UTF8.self)
                return #"{"type":"content_block_delta","index":\#(index),"#
                    + #""delta":{"type":"\#(delta.type)","\#(delta.member)":\#(json)}}"#
            } + [#"{"type":"content_block_stop","index":\#(index)}"#]
    }

    /// A block of text.
    static func text(_ index: Int, _ pieces: String...) -> [String] {
        block(index, #"{"type":"text","text":""}"#, delta: ("text_delta", "text"), pieces)
    }

    /// A block with a call; `id` is its number in the stream.
    static func call(_ index: Int, id: Int, _ name: String, _ pieces: String...) -> [String] {
        block(
            index, #"{"type":"tool_use","id":"toolu_#\#(id)","name":"\#(name)","input":{}}"#,
            delta: ("input_json_delta", "partial_json"), pieces)
    }

    /// OpenAI's chunks with these choices, and the end mark.
    static func chunks(_ choices: [String], usage: String? = nil) -> String {
        let head =
            #"data: {"id":"chatcmpl-#1","object":"chat.completion.chunk","created":1795219200,"#
            + #""model":"gpt-4o","choices":["#
        var all = choices.map { "\(head)\($0)]\(usage == nil ? "" : #","usage":null"#)}\n\n" }
        if let usage { all.append("\(head)],\"usage\":\(usage)}\n\n") }
        return all.joined() + "data: [DONE]\n\n"
    }

    /// A choice with this delta.
    static func delta(_ delta: String, end reason: String? = nil) -> String {
        #"{"index":0,"delta":\#(delta),"finish_reason":\#(reason.map { "\"\($0)\"" } ?? "null")}"#
    }
}
