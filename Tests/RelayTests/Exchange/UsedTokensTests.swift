import TestSupport
import Testing
import Tokens
import Wire

@testable import Relay

/// What is settled for the tokens that were reserved, and logged, of answers that do not reach the client, or not all of it.
@Suite(.timeLimit(.minutes(1))) struct UsedTokensTests {
    private static let cut = FakeCall.Step.fail(UpstreamError(.cut, message: "reset"))
    /// The tokens of the harness's prompt.
    private static let promptTokens = 8

    private static func tokens(_ text: String) -> Int { TokenCounter.tokens(in: text, .o200kBase) }

    private static var neverAskingAgain: Configuration {
        var configuration = Configuration()
        configuration.emulation.askAgain = false
        return configuration
    }

    /// The steps of a stream with this text in pieces, and the counts that its record has.
    private static func stream(_ text: String, input: Int? = nil, output: Int? = nil) -> [FakeCall.Step] {
        let pieces = stride(from: 0, to: text.utf8.count, by: 7).map { start in
            FakeCall.Step.delta(String(decoding: Array(text.utf8)[start...].prefix(7), as: UTF8.self))
        }
        return [.head(status: 200)] + pieces
            + [.together([.result(text, input: input, output: output), .done]), .end]
    }

    // MARK: Several choices

    /// Has three choices of which the second one goes these ways once the others are complete.
    private func record(
        failing steps: [FakeCall.Step], others: [FakeCall.Step], _ members: JSONValue = ["n": 3]
    ) async -> ExchangeRecord? {
        let gate = TestGate()
        let harness = Harness { _, count in
            count == 1 ? [.gate(gate)] + steps : others
        }
        let client = harness.client()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await harness.chat(members, over: client) }
            #expect(
                await eventually {
                    harness.chats.count == 3 && harness.chats[0].isOver && harness.chats[2].isOver
                })
            gate.open()
        }
        #expect(client.status >= 400 && harness.allCallsAreOver)
        return harness.log.records.last
    }

    @Test func `choices that are complete count where another one fails`() async {
        let whole = FakeCall.Step.whole("Hello")
        for steps: [FakeCall.Step] in [
            [.head(status: 429), .end], [.fail(UpstreamError(.timedOut(.firstByte), message: ""))],
            [Self.cut], [whole[0], .text(#"{"aiRecord":"#), Self.cut],
        ] {
            let record = await record(failing: steps, others: whole)
            #expect(record?.inputTokens == 22 && record?.outputTokens == 14 && record?.credits == 10)
        }
    }

    @Test func `of a choice that breaks off counts what came of it`() async {
        let record = await record(
            failing: [.head(status: 200), .delta("one two three"), Self.cut],
            others: FakeCall.Step.stream("Hello"), ["n": 3, "max_tokens": 100])
        #expect(record?.inputTokens == 22 + Self.promptTokens && record?.outputTokens == 14 + 3)
    }

    @Test func `of choices that are given up counts what came of them`() async {
        let gate = TestGate()
        let harness = Harness { _, count in
            count == 1
                ? [.gate(gate), .head(status: 429), .end]
                : [.head(status: 200), .delta("one two three"), .gate(TestGate())]
        }
        let client = harness.client()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await harness.chat(["n": 3, "max_tokens": 100], over: client) }
            #expect(
                await eventually {
                    harness.chats.count == 3
                        && [0, 2].allSatisfy { harness.chats[$0].nextCount == 3 }
                })
            gate.open()
        }
        #expect(client.status == 429 && harness.allCallsAreOver)
        #expect(harness.log.records.last?.inputTokens == 2 * Self.promptTokens)
        #expect(harness.log.records.last?.outputTokens == 2 * 3)
    }

    @Test func `an answer that is sent as a whole and breaks off counts as far as it came`() async {
        for ending: [FakeCall.Step] in [[Self.cut], [.error("It broke"), .end], [.end]] {
            let harness = Harness { _, _ in [.head(status: 200), .delta("one two three")] + ending }
            #expect(await harness.chat(["max_tokens": 100]).status == 502)
            #expect(harness.log.records.last?.inputTokens == Self.promptTokens)
            #expect(harness.log.records.last?.outputTokens == 3)
        }
        // What never began is taken to have used nothing.
        let harness = Harness { _, _ in [.head(status: 200), Self.cut] }
        #expect(await harness.chat(["max_tokens": 100]).status == 502)
        #expect(harness.log.records.last?.inputTokens == nil)
    }

    // MARK: Answers that cannot be used

    @Test(arguments: [false, true])
    func `an answer without text counts as the vendor says`(isStreamed: Bool) async {
        let failed: JSONValue = [
            "aiRecord": ["status": "FAILED", "metadata": ["inputToken": 11, "outputToken": 7, "credit": 5]]
        ]
        let event = "event: result\ndata: \(String(decoding: failed.serialized(), as: UTF8.self))\n\n"
        let json = HeaderFields([("content-type", "application/json")])
        for steps: [FakeCall.Step] in [
            FakeCall.Step.whole(""), FakeCall.Step.stream(),
            [.head(status: 200, headers: json), .bytes(failed.serialized()), .end],
            [.head(status: 200), .text(event), .done, .end],
        ] {
            let harness = Harness { _, _ in steps }
            // With the limit, also what is sent as a whole comes as a stream.
            let client = await harness.chat(["stream": .bool(isStreamed), "max_tokens": 100])
            #expect(client.status == 502)
            let record = harness.log.records.last
            #expect(record?.inputTokens == 11 && record?.outputTokens == 7 && record?.credits == 5)
        }
    }

    @Test(arguments: [false, true])
    func `a further call without text is no loss, and counts as the vendor says`(isStreamed: Bool) async {
        for output in [7, nil] as [Int?] {
            let harness = Harness { _, count in
                count == 0
                    ? Self.stream(FurtherCallTests.unusable, input: output.map { _ in 11 }, output: output)
                    : FakeCall.Step.stream()
            }
            let client = await harness.chat(["tools": FurtherCallTests.tools, "stream": .bool(isStreamed)])
            #expect(client.status == 200 && client.text.contains("unknown"), "\(client.text)")
            let record = harness.log.records.last
            #expect(record?.outputTokens == 7 + (output ?? Self.tokens(FurtherCallTests.unusable)))
            #expect(record?.upstreamCalls == 2)
        }
    }

    @Test(arguments: [false, true])
    func `JSON that does not fit its schema counts as far as it came`(isStreamed: Bool) async {
        let text = "I think it is seven, but who knows."
        for steps in [FakeCall.Step.whole(text, input: nil, output: nil), Self.stream(text)] {
            let harness = Harness(Self.neverAskingAgain) { _, _ in steps }
            let client = await harness.chat([
                "response_format": AskAgainTests.schema, "stream": .bool(isStreamed),
            ])
            #expect(client.json["error"]?["code"] == "invalid_structured_output")
            let record = harness.log.records.last
            #expect(record?.inputTokens ?? 0 > Self.promptTokens)
            #expect(record?.outputTokens == Self.tokens(text))
            #expect(record?.usageIsCounted == true || record?.usageIsEstimated == true)
        }
    }

    // MARK: What is held

    struct Held: Sendable, CustomTestStringConvertible {
        var text: String
        var members: JSONValue
        var testDescription: String { text }
    }

    static let held = [
        Held(text: #"{"n": 7, "more": [1, 2, 3, 4, 5"#, members: ["response_format": AskAgainTests.schema]),
        Held(
            text: "```json\n{\"name\": \"known\", \"arguments\": {\"a\": \"one two three",
            members: ["tools": FurtherCallTests.tools]),
        Held(
            text: #"<tool_call>{"arguments": {"a": "one two three four five six"#,
            members: ["tools": FurtherCallTests.tools]),
    ]

    @Test(arguments: held, [true, false])
    func `what is held counts where a stream breaks off or its client leaves`(
        held: Held, asksAgain: Bool
    ) async {
        var members = held.members.objectValue ?? JSONObject()
        members["stream"] = true
        let (request, gate) = (JSONValue.object(members), TestGate())
        var configuration = Configuration()
        configuration.emulation.askAgain = asksAgain
        let begin = Self.stream(held.text).dropLast(2)
        for ending: FakeCall.Step in [Self.cut, .gate(gate)] {
            let harness = Harness(configuration) { _, _ in begin + [ending] }
            let exchange = Task { await harness.chat(request) }
            if case .gate = ending {
                #expect(await eventually { gate.waitingCount == 1 })
                exchange.cancel()
            }
            _ = await exchange.value
            let record = harness.log.records.last
            #expect(record?.inputTokens ?? 0 > Self.promptTokens)
            #expect(record?.outputTokens == Self.tokens(held.text))
        }
    }

    @Test(arguments: [false, true])
    func `what was held of a first answer counts with that of the further call`(isStreamed: Bool) async {
        let texts = ["I think it is seven.", #"{"n": 7}"#]
        let harness = Harness { _, count in Self.stream(texts[count]) }
        let client = await harness.chat([
            "response_format": AskAgainTests.schema, "stream": .bool(isStreamed),
        ])
        #expect(client.status == 200)
        #expect(
            harness.log.records.last?.outputTokens == texts.reduce(0) { $0 + Self.tokens($1) })
    }

    @Test func `what was held of a first answer counts once where its client leaves the further call`() async
    {
        let gate = TestGate()
        let harness = Harness { _, count in
            count == 0 ? Self.stream("I think it is seven.") : [.head(status: 200), .gate(gate)]
        }
        let exchange = Task {
            await harness.chat(["response_format": AskAgainTests.schema, "stream": true])
        }
        #expect(await eventually { gate.waitingCount == 1 })
        exchange.cancel()
        _ = await exchange.value
        #expect(harness.log.records.last?.outputTokens == Self.tokens("I think it is seven."))
    }

    @Test(arguments: [false, true])
    func `a further call that breaks off counts as far as it came`(isStreamed: Bool) async {
        let harness = Harness { _, count in
            count == 0
                ? Self.stream(FurtherCallTests.unusable)
                : [.head(status: 200), .delta("one two three four"), Self.cut]
        }
        _ = await harness.chat(["tools": FurtherCallTests.tools, "stream": .bool(isStreamed)])
        let record = harness.log.records.last
        #expect(record?.outputTokens == Self.tokens(FurtherCallTests.unusable) + 4)
        #expect(record?.upstreamCalls == 2)
    }

    @Test func `of much that is held the beginning stands for all`() async {
        let text = #"{"n": ""# + String(repeating: "word ", count: 100_000)
        let harness = Harness { _, _ in [.head(status: 200), .delta(text), Self.cut] }
        _ = await harness.chat(["response_format": AskAgainTests.schema, "stream": true])
        let record = harness.log.records.last
        #expect(record?.usageIsEstimated == true)
        #expect((99_000...101_000).contains(record?.outputTokens ?? 0))
    }

    // MARK: What is cut

    @Test(arguments: [false, true])
    func `an answer that is cut counts as the vendor says, and is shown as it was cut`(
        isStreamed: Bool
    ) async {
        let json = #"{"n": 1234567890123456789012345678901234567890}"#
        let form: JSONValue = ["response_format": AskAgainTests.schema]
        let none = JSONValue.object(JSONObject())
        let cases: [([FakeCall.Step], JSONValue)] = [
            // JSON is held until all of it is there.
            (Self.stream(json, input: 11, output: 4000), form),
            (FakeCall.Step.whole(json, input: 11, output: 4000), form),
            // Some models' text comes with the record only.
            ([.head(status: 200), .together([.result(json, input: 11, output: 4000), .done]), .end], none),
            (FakeCall.Step.whole(json, input: 11, output: 4000), none),
        ]
        for (steps, further) in cases {
            let harness = Harness { _, _ in steps }
            var members = further.objectValue ?? JSONObject()
            members["max_tokens"] = 4
            members["stream"] = .bool(isStreamed)
            members["stream_options"] = ["include_usage": true]
            let client = await harness.chat(.object(members))
            let shown = isStreamed ? client.chunks.last?["usage"] : client.json["usage"]
            #expect(shown?["completion_tokens"]?.intValue == 4)
            let record = harness.log.records.last
            #expect(record?.inputTokens == 11 && record?.outputTokens == 4000 && record?.credits == 5)
            #expect(record?.usageIsCounted == false)
        }
    }

    @Test func `what a vendor says of two calls can be anything`() async {
        let harness = Harness { _, count in
            count == 0
                ? Self.stream("Seven.", input: .max, output: .max)
                : Self.stream(#"{"n": 7}"#, input: .max, output: .max)
        }
        let client = await harness.chat(["response_format": AskAgainTests.schema, "max_tokens": 2])
        #expect(client.status == 200)
        #expect(harness.log.records.last?.outputTokens == .max)
    }

    @Test(arguments: [false, true])
    func `what a vendor says of a call before one that breaks off can be anything`(isStreamed: Bool) async {
        let harness = Harness { _, count in
            count == 0
                ? Self.stream("Seven.", input: .max, output: .max)
                : Self.stream(#"{"n": 7, "more": [1"#).dropLast(2) + [Self.cut]
        }
        _ = await harness.chat(["response_format": AskAgainTests.schema, "stream": .bool(isStreamed)])
        #expect(harness.log.records.last?.outputTokens == .max)
    }
}
