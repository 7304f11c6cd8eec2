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
        for output in [7] as [Int?] {
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
}
