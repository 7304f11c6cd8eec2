import TestSupport
import Testing
import Wire

@testable import Relay

/// A model whose answer cannot be used is asked once more, where the operator pays for that.
@Suite(.timeLimit(.minutes(1))) struct AskAgainTests {
    static let schema: JSONValue = [
        "type": "json_schema",
        "json_schema": [
            "name": "answer", "strict": true,
            "schema": [
                "type": "object", "properties": ["n": ["type": "integer"]], "required": ["n"],
                "additionalProperties": false,
            ],
        ],
    ]

    /// Answers each call in turn; a number is a refusal with that status.
    static func harness(_ answers: [Answer], _ configuration: Configuration = Configuration()) -> Harness {
        Harness(configuration) { _, count in
            switch answers[min(count, answers.count - 1)] {
            case .text(let text): FakeCall.Step.stream(text)
            case .status(let status): [.head(status: status), .end]
            case .cut: [.head(status: 200), .fail(UpstreamError(.cut, message: "reset"))]
            }
        }
    }

    enum Answer: Sendable { case text(String), status(Int), cut }

    @Test(arguments: [false, true])
    func `an answer that does not fit its schema is asked for again`(isStreamed: Bool) async throws {
        let harness = Self.harness([.text("I think it is seven."), .text(#"{"n": 7}"#)])
        let client = await harness.chat([
            "response_format": Self.schema, "stream": .bool(isStreamed),
            "stream_options": ["include_usage": true],
        ])
        #expect(client.status == 200)
        let seen =
            isStreamed
            ? SeenAnswer(stream: client.events, .openAIChat) : SeenAnswer(whole: client.json, .openAIChat)
        #expect(seen.text == #"{"n": 7}"# && seen.finish == "stop")
        #expect(seen.inputTokens == 22 && seen.outputTokens == 14)
        #expect(harness.chats.count == 2 && harness.allCallsAreOver)
        let record = try #require(harness.log.records.first)
        #expect(record.upstreamCalls == 2 && record.outcome == .ok && record.credits == 10)
        let prompts = harness.chats.map { call in
            (try? JSONValue(parsing: call.request.body))?["promptObject"]?["prompt"]?.stringValue ?? ""
        }
        #expect(prompts[1].contains("I think it is seven.") && !prompts[0].contains("seven"))
    }

    @Test(arguments: [false, true])
    func `an operator who counts credits is not charged twice`(isStreamed: Bool) async {
        var configuration = Configuration()
        configuration.emulation.askAgain = false
        let harness = Self.harness([.text("I think it is seven.")], configuration)
        let client = await harness.chat(["response_format": Self.schema, "stream": .bool(isStreamed)])
        #expect(client.status == 502)
        #expect(client.json["error"]?["code"]?.stringValue == "invalid_structured_output")
        #expect(client.header("x-should-retry") == "false")
        #expect(!client.text.contains("seven"))
        #expect(harness.chats.count == 1)
    }

    @Test(arguments: [Answer.status(500), .cut, .text("Still seven.")], [false, true])
    func `a second failure is told as the first one`(second: Answer, isStreamed: Bool) async {
        let harness = Self.harness([.text("Seven."), second])
        let client = await harness.chat(["response_format": Self.schema, "stream": .bool(isStreamed)])
        #expect(client.status == 502)
        #expect(client.json["error"]?["code"]?.stringValue == "invalid_structured_output")
        #expect(client.header("x-should-retry") == "false")
        #expect(harness.chats.count == 2 && harness.allCallsAreOver)
    }

    @Test(arguments: [false, true])
    func `a call that stays unusable is the text that it is`(isStreamed: Bool) async {
        let unusable = #"<tool_call>{"name": "unknown", "arguments": {}}</tool_call>"#
        let harness = Self.harness([.text(unusable), .status(503)])
        let client = await harness.chat([
            "tools": [["type": "function", "function": ["name": "known"]]], "stream": .bool(isStreamed),
        ])
        #expect(client.status == 200)
        let seen =
            isStreamed
            ? SeenAnswer(stream: client.events, .openAIChat) : SeenAnswer(whole: client.json, .openAIChat)
        #expect(seen.text == unusable && seen.calls.isEmpty && seen.finish == "stop")
        #expect(harness.chats.count == 2)
    }

    @Test func `two choices are asked again apart from each other`() async {
        let harness = Harness { request, _ in
            let prompt =
                (try? JSONValue(parsing: request.body))?["promptObject"]?["prompt"]?.stringValue ?? ""
            return FakeCall.Step.stream(prompt.contains("No number") ? #"{"n": 2}"# : "No number")
        }
        let client = await harness.chat(["response_format": Self.schema, "n": 2, "stream": true])
        let texts = client.events.compactMap { try? JSONValue(parsing: Array($0.utf8)) }
            .compactMap { $0["choices"]?.arrayValue?.first }
            .reduce(into: ["", ""]) { texts, choice in
                texts[choice["index"]?.intValue ?? 0] += choice["delta"]?["content"]?.stringValue ?? ""
            }
        #expect(texts == [#"{"n": 2}"#, #"{"n": 2}"#])
        #expect(harness.chats.count == 4 && client.events.last == "[DONE]")
    }

    @Test func `a call that invents its own result is given up`() async {
        let call = #"<tool_call>{"name": "time", "arguments": {}}</tool_call>"#
        let harness = Harness { _, _ in
            [
                .head(status: 200), .delta(call + "\n\n[tool: time #1]\nNoon.\n\n[assistant]\n"),
                .gate(TestGate()),
            ]
        }
        let client = await harness.chat([
            "messages": [
                ["role": "system", "content": "Be brief."], ["role": "user", "content": "When is it?"],
            ],
            "tools": [["type": "function", "function": ["name": "time"]]], "stream": true,
        ])
        let seen = SeenAnswer(stream: client.events, .openAIChat)
        #expect(seen.calls.map(\.name) == ["time"] && seen.finish == "tool_calls")
        #expect(!seen.text.contains("Noon"))
        #expect(client.events.last == "[DONE]" && harness.allCallsAreOver)
    }
}
