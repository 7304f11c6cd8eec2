import TestSupport
import Testing
import Wire

@testable import Relay

/// Every feature in every dialect, streamed and not: the fold of the stream is the whole answer.
@Suite(.timeLimit(.minutes(1))) struct DialectMatrixTests {
    /// What a model writes, and what a client is to see of it.
    struct Feature: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var pieces: [String]
        var usesTools = false
        var hasSchema = false
        var maximumTokens: Int?
        var stop: String?
        var text = ""
        var reasoning = ""
        var calls: [[String]] = []
        var finish: Finish = .stop
    }

    enum Finish { case stop, length, tools, stopSequence }

    static let readCall = #"<tool_call>{"name": "read", "arguments": {"path": "a.txt"}}</tool_call>"#
    static let timeCall = #"<tool_call>{"name": "time", "arguments": {}}</tool_call>"#

    static let features = [
        Feature(testDescription: "text", pieces: ["Hel", "lo, ", "wörld"], text: "Hello, wörld"),
        Feature(
            testDescription: "thought", pieces: ["<thi", "nk>Hm.\n", "</think>", "\n\nYes"], text: "Yes",
            reasoning: "Hm.\n"),
        Feature(
            testDescription: "length", pieces: ["one two three four five six"], maximumTokens: 3,
            text: "one two three", finish: .length),
        Feature(
            testDescription: "stop sequence", pieces: ["Hello ST", "OP and more"], stop: "STOP",
            text: "Hello ", finish: .stopSequence),
        Feature(
            testDescription: "call", pieces: [readCall], usesTools: true,
            calls: [["read", #"{"path":"a.txt"}"#]], finish: .tools),
        Feature(
            testDescription: "text and call",
            pieces: ["I look.\n\n<tool", "_call>\n"]
                + [String(readCall.dropFirst(11))], usesTools: true, text: "I look.\n\n",
            calls: [["read", #"{"path":"a.txt"}"#]], finish: .tools),
        Feature(
            testDescription: "two calls", pieces: [readCall + "\n", timeCall], usesTools: true,
            calls: [["read", #"{"path":"a.txt"}"#], ["time", "{}"]], finish: .tools),
        Feature(
            testDescription: "thought and call", pieces: ["<think>Look.</think>", timeCall], usesTools: true,
            reasoning: "Look.", calls: [["time", "{}"]], finish: .tools),
        Feature(
            testDescription: "JSON that fits a schema",
            pieces: ["Here it is:\n```json\n{\"n\": 7", ",}\n```\n"], hasSchema: true, text: #"{"n": 7}"#),
        Feature(
            testDescription: "tools, but text", pieces: ["No need."], usesTools: true, text: "No need."),
    ]

    static let dialects: [ClientDialect] = [.openAIChat, .openAICompletions, .openAIResponses, .anthropic]

    @Test(arguments: features, dialects)
    func `a feature is the same in every dialect, streamed and not`(
        feature: Feature, dialect: ClientDialect
    ) async throws {
        guard dialect != .openAICompletions || feature.usesTools == false && feature.reasoning.isEmpty,
            dialect != .openAICompletions || !feature.hasSchema,
            dialect != .openAIResponses || feature.stop == nil
        else { return }
        let whole = await Self.ask(feature, dialect, isStreamed: false)
        let stream = await Self.ask(feature, dialect, isStreamed: true)
        #expect(whole.status == 200 && stream.status == 200, "\(whole.text) \(stream.text)")
        var seen = SeenAnswer(whole: whole.json, dialect)
        var streamed = SeenAnswer(stream: stream.events, dialect)
        #expect(seen.text == feature.text)
        #expect(seen.reasoning == feature.reasoning)
        #expect(seen.finish == feature.finish.word(in: dialect))
        #expect(seen.calls.map { [$0.name, Self.compact($0.arguments)] } == feature.calls)
        #expect(Set(seen.calls.map(\.id)).count == feature.calls.count)
        #expect(seen.calls.allSatisfy { $0.id.hasPrefix(dialect == .anthropic ? "toolu_" : "call_") })
        #expect(seen.outputTokens > 0 && seen.inputTokens > 0)
        for index in streamed.calls.indices { streamed.calls[index].id = "" }
        for index in seen.calls.indices { seen.calls[index].id = "" }
        if feature.finish == .stopSequence {
            // The streamed call is given up, so its tokens are the relay's count.
            streamed.inputTokens = seen.inputTokens
            streamed.outputTokens = seen.outputTokens
        }
        #expect(streamed == seen)
    }

    @Test(arguments: dialects)
    func `a failure before the first event has a status in the dialect's own words`(
        dialect: ClientDialect
    ) async {
        for isStreamed in [false, true] {
            let harness = Harness { _, _ in
                [
                    .head(
                        status: 429, headers: HeaderFields([("content-type", "application/json")])),
                    .text(#"{"message":"Too many requests"}"#), .end,
                ]
            }
            let client = await harness.respond(
                to: Self.request(Self.features[0], dialect, isStreamed: isStreamed))
            #expect(client.status == 429)
            let error = client.json["error"]
            #expect(error?["message"]?.stringValue?.isEmpty == false)
            #expect((client.json["type"]?.stringValue == "error") == (dialect == .anthropic))
            #expect(
                error?["type"]?.stringValue == "rate_limit_error",
                "\(client.text)")
        }
    }

    @Test(arguments: dialects)
    func `a failure in the middle is an event that the dialect's clients raise`(
        dialect: ClientDialect
    ) async {
        let harness = Harness { _, _ in
            [
                .head(status: 200, headers: HeaderFields([("content-type", "text/event-stream")])),
                .delta("Hello"), .error("It broke"), .end,
            ]
        }
        let client = await harness.respond(
            to: Self.request(Self.features[0], dialect, isStreamed: true))
        #expect(client.status == 200)
        let seen = SeenAnswer(stream: client.events, dialect)
        #expect(seen.error?.contains("It broke") == true, "\(client.text)")
        #expect(!client.text.contains("[DONE]") && !client.text.contains("message_stop"))
        #expect(harness.log.records.first?.outcome == .brokenOff)
    }

    /// Sends a request to a relay whose model writes what the feature says.
    static func ask(
        _ feature: Feature, _ dialect: ClientDialect, isStreamed: Bool
    ) async -> RecordingClient {
        let harness = Harness { request, _ in
            request.url.contains("isStreaming")
                ? [.head(status: 200, headers: HeaderFields([("content-type", "text/event-stream")]))]
                    + feature.pieces.map { .delta($0) }
                    + [.together([.result(feature.pieces.joined()), .done]), .end]
                : FakeCall.Step.whole(feature.pieces.joined())
        }
        return await harness.respond(to: request(feature, dialect, isStreamed: isStreamed))
    }

    static func request(_ feature: Feature, _ dialect: ClientDialect, isStreamed: Bool) -> ClientRequest {
        let schemas: [(String, JSONValue)] = [
            ("read", ["type": "object", "properties": ["path": ["type": "string"]], "required": ["path"]]),
            ("time", ["type": "object", "properties": [:]]),
        ]
        let form: JSONValue = [
            "type": "object", "properties": ["n": ["type": "integer"]], "required": ["n"],
            "additionalProperties": false,
        ]
        var body = JSONObject()
        body["model"] = "gpt-4o"
        body["stream"] = .bool(isStreamed)
        switch dialect {
        case .openAIChat:
            body["messages"] = [["role": "user", "content": "Hi"]]
            if isStreamed { body["stream_options"] = ["include_usage": true] }
            if let maximum = feature.maximumTokens {
                body["max_completion_tokens"] = .number(JSONNumber(maximum))
            }
            if let stop = feature.stop { body["stop"] = .string(stop) }
            if feature.usesTools {
                body["tools"] = .array(
                    schemas.map {
                        ["type": "function", "function": ["name": .string($0.0), "parameters": $0.1]]
                    })
            }
            if feature.hasSchema {
                body["response_format"] = [
                    "type": "json_schema", "json_schema": ["name": "form", "strict": true, "schema": form],
                ]
            }
        case .openAICompletions:
            body["prompt"] = "Hi"
            if isStreamed { body["stream_options"] = ["include_usage": true] }
            if let maximum = feature.maximumTokens { body["max_tokens"] = .number(JSONNumber(maximum)) }
            if let stop = feature.stop { body["stop"] = .string(stop) }
        case .openAIResponses:
            body["input"] = "Hi"
            if let maximum = feature.maximumTokens {
                body["max_output_tokens"] = .number(JSONNumber(maximum))
            }
            if feature.usesTools {
                body["tools"] = .array(
                    schemas.map {
                        ["type": "function", "name": .string($0.0), "parameters": $0.1, "strict": false]
                    })
            }
            if feature.hasSchema {
                body["text"] = [
                    "format": ["type": "json_schema", "name": "form", "strict": true, "schema": form]
                ]
            }
        case .anthropic:
            body["messages"] = [["role": "user", "content": "Hi"]]
            body["max_tokens"] = .number(JSONNumber(feature.maximumTokens ?? 1000))
            if let stop = feature.stop { body["stop_sequences"] = [.string(stop)] }
            if feature.hasSchema {
                body["output_config"] = ["format": ["type": "json_schema", "schema": form]]
            }
            if feature.usesTools {
                body["tools"] = .array(schemas.map { ["name": .string($0.0), "input_schema": $0.1] })
            }
        }
        return Harness.request("POST", dialect.path, body: JSONValue.object(body).serialized())
    }

    private static func compact(_ json: String) -> String {
        (try? JSONValue(parsing: Array(json.utf8))).map { String(decoding: $0.serialized(), as: UTF8.self) }
            ?? json
    }
}

extension ClientDialect {
    /// Where its chats go.
    var path: String {
        switch self {
        case .openAIChat: "/v1/chat/completions"
        case .openAICompletions: "/v1/completions"
        case .openAIResponses: "/v1/responses"
        case .anthropic: "/v1/messages"
        }
    }
}

extension DialectMatrixTests.Finish {
    /// The dialect's word for it.
    func word(in dialect: ClientDialect) -> String {
        switch (dialect, self) {
        case (.openAIResponses, .length): "max_output_tokens"
        case (.openAIResponses, _): "completed"
        case (.anthropic, .stop): "end_turn"
        case (.anthropic, .length): "max_tokens"
        case (.anthropic, .tools): "tool_use"
        case (.anthropic, .stopSequence): "stop_sequence"
        case (_, .stop), (_, .stopSequence): "stop"
        case (_, .length): "length"
        case (_, .tools): "tool_calls"
        }
    }
}
