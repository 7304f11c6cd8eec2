import TestSupport
import Testing
import Wire

@testable import Relay

/// What users complained about: the shape of streams, what they count, and when they come.
@Suite(.timeLimit(.minutes(1))) struct StreamShapeComplaintTests {
    private typealias Expected = ExpectedStream

    private static let text = [
        Expected.delta(#"{"role":"assistant","content":""}"#), Expected.delta(#"{"content":"Hel"}"#),
        Expected.delta(#"{"content":"lo"}"#), Expected.delta("{}", end: "stop"),
    ]

    @Test
    func `counts come in a last chunk with choices: [] (litellm 8450, 28735; new-api 6149)`() async {
        let client = await ScriptedModel("Hel", "lo").ask(
            .openAIChat, #""stream_options":{"include_usage":true}"#, isStreamed: true)
        let usage =
            #"{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18,"#
            + #""prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}"#
        #expect(client.golden == Expected.chunks(Self.text, usage: usage))
    }

    @Test(arguments: ["", #""stream_options":{}"#, #""stream_options":{"include_usage":false}"#])
    func `no counts unasked, and a choice in every chunk (litellm 23847; semantic-kernel 3650; autogen 6465)`(
        members: String
    ) async {
        let client = await ScriptedModel("Hel", "lo").ask(.openAIChat, members, isStreamed: true)
        #expect(client.golden == Expected.chunks(Self.text))
    }

    @Test(arguments: ScriptedModel.dialects, [false, true])
    func `counts are never zero, also where the upstream has none (litellm 8349; envoy 2352)`(
        dialect: ClientDialect, isStreamed: Bool
    ) async {
        let harness = Harness { _, _ in
            isStreamed
                ? ScriptedModel.head
                    + [.delta("Hello"), .together([.result("Hello", input: nil, output: nil), .done]), .end]
                : FakeCall.Step.whole("Hello", input: nil, output: nil)
        }
        let members =
            isStreamed && dialect.isOpenAIChatLike ? #""stream_options":{"include_usage":true}"# : ""
        let client = await harness.respond(
            to: ScriptedModel.request(dialect, members, isStreamed: isStreamed))
        let seen =
            isStreamed
            ? SeenAnswer(stream: client.events, dialect) : SeenAnswer(whole: client.json, dialect)
        #expect(seen.inputTokens > 0 && seen.outputTokens > 0, "\(client.text)")
    }

    @Test func `the prompt's tokens stand in both events that have counts (envoy 2352)`() async {
        let client = await ScriptedModel("Hello").ask(.anthropic, "", isStreamed: true)
        let start = client.values.first?["message"]?["usage"]?["input_tokens"]?.intValue
        let end = client.values.first { $0["type"] == "message_delta" }?["usage"]
        #expect((start ?? 0) > 0)
        #expect(end?["input_tokens"] == 11 && end?["output_tokens"] == 7)
    }

    @Test(arguments: ScriptedModel.dialects, [false, true])
    func `each piece passes at once, tools or not (1min-relay 39, 48, 85; litellm 28384, 26102; envoy 1894)`(
        dialect: ClientDialect, hasTools: Bool
    ) async {
        guard !hasTools || dialect != .openAICompletions else { return }
        let gates = (0..<3).map { _ in TestGate() }
        let pieces = ["One", " two", "\nthree < four"]
        let steps = zip(pieces, gates).flatMap { piece, gate in
            [FakeCall.Step.delta(piece), .gate(gate)]
        }
        let model = ScriptedModel(steps: steps + [.together([.result(pieces.joined()), .done]), .end])
        let client = model.harness.client()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await model.ask(dialect, hasTools ? dialect.readAndTime : "", isStreamed: true, over: client)
            }
            for index in gates.indices {
                let soFar = pieces[...index].joined()
                #expect(
                    await eventually { client.streamedText(dialect) == soFar }, "\(index): \(client.text)")
                // No more sends than pieces: the first has the beginning of the answer with it.
                #expect(client.sent.count == index + 1)
                gates[index].open()
            }
        }
        #expect(client.sent.count == gates.count + 1 && client.isComplete)
        #expect(client.header("x-accel-buffering") == "no")
        #expect(client.header("cache-control") == "no-store")
    }

    @Test(arguments: ScriptedModel.dialects, [false, true])
    func `a body of a megabyte is answered, streamed and not (envoy 805)`(
        dialect: ClientDialect, isStreamed: Bool
    ) async {
        let model = ScriptedModel("Hello")
        let text = String(repeating: "word ", count: 220_000)
        let client = await model.ask(dialect, dialect.prompt("\"\(text)\""), isStreamed: isStreamed)
        #expect(client.status == 200 && client.isComplete)
        #expect(model.prompts == [text])
    }

    @Test(arguments: ScriptedModel.dialects)
    func `a stream that stops in its middle is no success (litellm 36650, 32086, 33404)`(
        dialect: ClientDialect
    ) async {
        let ends: [[FakeCall.Step]] = [
            [.end], [.fail(UpstreamError(.cut, message: "reset"))], [.wait(.seconds(100_000)), .end],
        ]
        for end in ends {
            let empty = await ScriptedModel(steps: end).ask(dialect, "", isStreamed: true)
            #expect(empty.isComplete)
            #expect(
                empty.status >= 500 && empty.json["error"]?["message"] != nil
                    || SeenAnswer(stream: empty.events, dialect).error != nil, "\(empty.text)")
            let begun = await ScriptedModel(steps: [.delta("Hel")] + end).ask(dialect, "", isStreamed: true)
            #expect(begun.status == 200 && begun.isComplete)
            #expect(SeenAnswer(stream: begun.events, dialect).error != nil, "\(begun.text)")
            for client in [empty, begun] {
                for mark in ["[DONE]", "message_stop", "response.completed", "\"stop\"", "end_turn"] {
                    #expect(!client.text.contains(mark), "\(client.text)")
                }
            }
        }
    }

    @Test func `blocks count from 0 without a gap, and each begins and ends once (new-api 5483, 4321)`() async
    {
        let model = ScriptedModel(
            "<think>Hm.</think>", "I look.",
            "\n<tool_call>{\"name\": \"time\", \"arguments\": {}}</tool_call>\n",
            #"<tool_call>{"name": "read", "arguments": {"path": "b"}}</tool_call>"#)
        let client = await model.ask(.anthropic, ClientDialect.anthropic.readAndTime, isStreamed: true)
        let thought = Expected.block(
            0, #"{"type":"thinking","thinking":"","signature":""}"#, delta: ("thinking_delta", "thinking"),
            ["Hm."])
        let tokens = client.values.first?["message"]?["usage"]?["input_tokens"]?.intValue ?? 0
        #expect(
            client.golden
                == Expected.message(
                    thought + Expected.text(1, "I look.", "\n") + Expected.call(2, id: 2, "time", "{}")
                        + Expected.call(3, id: 3, "read", #"{"path": "b"}"#),
                    inputTokens: tokens, end: "tool_use"))
    }
}

extension ClientDialect {
    /// True for the two dialects that count in streams when they are asked to.
    fileprivate var isOpenAIChatLike: Bool { self == .openAIChat || self == .openAICompletions }
}

extension RecordingClient {
    /// The text of a stream so far.
    fileprivate func streamedText(_ dialect: ClientDialect) -> String {
        guard dialect == .openAIResponses else { return SeenAnswer(stream: events, dialect).text }
        return values.filter { $0["type"] == "response.output_text.delta" }
            .compactMap { $0["delta"]?.stringValue }.joined()
    }
}
