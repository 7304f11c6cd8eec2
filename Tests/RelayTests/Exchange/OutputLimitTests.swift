import Relay
import Testing
import TestSupport
import Tokens
import Wire

@Suite(.timeLimit(.minutes(1))) struct OutputLimitTests {
    /// Ten tokens.
    private static let words = "one two three four five six seven eight nine ten"

    private func choice(_ client: RecordingClient, _ index: Int = 0) -> JSONValue? {
        client.json["choices"]?.arrayValue?[index]
    }

    @Test(arguments: ["max_tokens", "max_completion_tokens"])
    func `a stream is cut at the token, and its call given up`(_ name: String) async throws {
        let harness = Harness { _, _ in
            // A piece ends inside the last token that fits, and one after it.
            [.head(status: 200)] + ["one two th", "ree", " fo", "ur five", " six"].map { .delta($0) }
                + [.gate(TestGate())]
        }
        let members = JSONObject([
            .init(key: "stream", value: true), .init(key: name, value: 4),
            .init(key: "stream_options", value: ["include_usage": true]),
        ])
        let client = await harness.chat(.object(members))
        #expect(client.contents().joined() == "one two three four")
        #expect(client.chunks.compactMap(\.finishReason) == ["length"])
        #expect(client.chunks.last?["usage"]?["completion_tokens"]?.intValue == 4)
        #expect(client.chunks.last?["usage"]?["prompt_tokens"]?.intValue == 8)
        #expect(client.chunks.last?["usage"]?["total_tokens"]?.intValue == 12)
        #expect(client.events.last == "[DONE]" && client.isComplete)
        #expect(client.header("x-fastrelay-ignored") == nil)
        #expect(harness.chats.first?.cancelCount ?? 0 > 0)
        let record = try #require(harness.log.records.last)
        #expect(record.outcome == .ok && record.outputTokens == 4 && record.usageIsCounted)
    }

    @Test(arguments: [true, false])
    func `an unfinished word is decided about when it is finished`(_ isStreamed: Bool) async {
        // " retu" has two tokens and " return" one.
        for (pieces, expected) in [
            (["x retu", "rn y"], "x return"), (["x retu"], "x ret"), (["x re", "tu", "rn"], "x return"),
        ] {
            let harness = Harness { _, _ in
                [.head(status: 200)] + pieces.map { .delta($0) }
                    + [.together([.result(pieces.joined(), input: 0, output: 0), .done]), .end]
            }
            let client = await harness.chat(["max_tokens": 2, "stream": isStreamed ? true : false])
            let text =
                isStreamed
                ? client.contents().joined() : choice(client)?["message"]?["content"]?.stringValue
            #expect(text == expected)
            let isCut = pieces.joined() != expected
            let reason =
                isStreamed
                ? client.chunks.compactMap(\.finishReason).last
                : choice(client)?["finish_reason"]?.stringValue
            #expect(reason == (isCut ? "length" : "stop"))
        }
    }

    @Test(arguments: [true, false])
    func `a failure behind the limit is none`(_ isStreamed: Bool) async {
        let harness = Harness { _, _ in
            [
                .head(status: 200), .delta("x retu"),
                .text("event: error\ndata: {\"error\":\"late\"}\n\n"), .end,
            ]
        }
        let client = await harness.chat(["max_tokens": 2, "stream": isStreamed ? true : false])
        #expect(client.status == 200)
        let text =
            isStreamed ? client.contents().joined() : choice(client)?["message"]?["content"]?.stringValue
        #expect(text == "x ret")
    }

    @Test(arguments: [true, false])
    func `thoughts count`(_ isStreamed: Bool) async {
        let harness = Harness { _, _ in
            [.head(status: 200), .delta("<think>" + Self.words + "</think>done"), .gate(TestGate())]
        }
        let client = await harness.chat(["max_completion_tokens": 4, "stream": isStreamed ? true : false])
        if isStreamed {
            let thoughts = client.chunks.compactMap {
                $0["choices"]?.arrayValue?.first?["delta"]?["reasoning_content"]?.stringValue
            }
            #expect(thoughts.joined() == "one two three four")
            #expect(client.contents().joined() == "")
            #expect(client.chunks.compactMap(\.finishReason) == ["length"])
        } else {
            let message = choice(client)?["message"]
            #expect(message?["reasoning_content"]?.stringValue == "one two three four")
            #expect(choice(client)?["finish_reason"]?.stringValue == "length")
            #expect(client.json["usage"]?["completion_tokens"]?.intValue == 4)
        }
        #expect(harness.log.records.last?.outputTokens == 4)
        #expect(harness.allCallsAreOver)
    }

    @Test func `an answer that is sent as a whole is cut too, and its call given up`() async throws {
        let harness = Harness { _, _ in
            [.head(status: 200), .delta("one two three"), .delta(" four five six"), .gate(TestGate())]
        }
        let client = await harness.chat(["max_tokens": 4])
        #expect(client.status == 200 && client.header("content-type") == "application/json")
        #expect(choice(client)?["message"]?["content"]?.stringValue == "one two three four")
        #expect(choice(client)?["finish_reason"]?.stringValue == "length")
        #expect(client.json["usage"]?["completion_tokens"]?.intValue == 4)
        let call = try #require(harness.chats.first)
        #expect(call.request.url == "https://api.1min.ai/api/chat-with-ai?isStreaming=true")
        #expect(call.request.headers["accept"] == "text/event-stream")
        #expect(call.request.maximumResponseBytes != nil)
        #expect(call.cancelCount > 0)
    }

    @Test func `the last token that fits is no reason to end`() async {
        let harness = Harness { _, _ in FakeCall.Step.stream(Self.words) }
        for stream: JSONValue in [true, false] {
            let client = await harness.chat(["max_tokens": 10, "stream": stream])
            if stream == true {
                #expect(client.contents().joined() == Self.words)
                #expect(client.chunks.compactMap(\.finishReason) == ["stop"])
            } else {
                #expect(choice(client)?["message"]?["content"]?.stringValue == Self.words)
                #expect(choice(client)?["finish_reason"]?.stringValue == "stop")
                // What the upstream says of a complete answer.
                #expect(client.json["usage"]?["completion_tokens"]?.intValue == 7)
            }
        }
        #expect(harness.log.records.allSatisfy { !$0.usageIsCounted && $0.credits == 5 })
    }

    @Test func `each choice has the limit to itself`() async {
        let harness = Harness { _, count in
            count == 1
                ? FakeCall.Step.stream("short")
                : [.head(status: 200), .delta("\(count) two three four"), .gate(TestGate())]
        }
        let client = await harness.chat(["max_tokens": 3, "n": 3])
        let choices = client.json["choices"]?.arrayValue ?? []
        #expect(choices.map { $0["finish_reason"]?.stringValue } == ["length", "stop", "length"])
        #expect(
            choices.map { $0["message"]?["content"]?.stringValue } == ["0 two three", "short", "2 two three"])
        #expect(client.json["usage"]?["completion_tokens"]?.intValue == 3 + 7 + 3)
        #expect(harness.allCallsAreOver)
    }

    @Test func `choices of a stream are cut one by one`() async {
        let harness = Harness { _, count in
            count == 0
                ? [.head(status: 200), .delta("one two three four"), .gate(TestGate())]
                : FakeCall.Step.stream("one", " two")
        }
        let client = await harness.chat([
            "max_tokens": 2, "n": 2, "stream": true, "stream_options": ["include_usage": true],
        ])
        #expect(client.contents(of: 0).joined() == "one two" && client.contents(of: 1).joined() == "one two")
        #expect(Set(client.chunks.compactMap(\.finishReason)) == ["length", "stop"])
        #expect(client.chunks.last?["usage"]?["completion_tokens"]?.intValue == 2 + 7)
        #expect(harness.allCallsAreOver)
    }

    struct Stop: Sendable {
        var deltas: [String]
        var limit: Int
        var stop: String
        var text: String
        var reason: String
        var tokens: Int
    }

    @Test(arguments: [
        // The stop sequence comes first.
        Stop(
            deltas: ["one two END three"], limit: 8, stop: "END", text: "one two ", reason: "stop", tokens: 3),
        // The limit comes first: the model would have written no further.
        Stop(
            deltas: ["one two three END"], limit: 2, stop: "END", text: "one two", reason: "length", tokens: 2
        ),
        // Both within one piece: what is behind the stop sequence does not count.
        Stop(
            deltas: ["one two END three four five"], limit: 4, stop: "END", text: "one two ", reason: "stop",
            tokens: 3),
        // What is held back as a beginning of the stop sequence comes out when the limit is reached within it.
        Stop(
            deltas: ["one", " two", " three"], limit: 2, stop: " two three", text: "one two",
            reason: "length", tokens: 2),
        Stop(
            deltas: ["one", " two", " three"], limit: 3, stop: " two three", text: "one", reason: "stop",
            tokens: 1),
        // The end of an answer lets go of it as well.
        Stop(
            deltas: ["one", " two"], limit: 9, stop: " two three", text: "one two", reason: "stop", tokens: 7),
    ])
    func `a limit and a stop sequence go together`(_ stop: Stop) async {
        for stream: JSONValue in [true, false] {
            let harness = Harness { _, _ in
                [.head(status: 200)] + stop.deltas.map { .delta($0) }
                    + [.together([.result(stop.deltas.joined()), .done]), .end]
            }
            let client = await harness.chat([
                "max_tokens": .number(JSONNumber(stop.limit)), "stop": .string(stop.stop), "stream": stream,
                "stream_options": ["include_usage": true],
            ])
            let usage: JSONValue?
            if stream == true {
                #expect(client.contents().joined() == stop.text)
                #expect(client.chunks.compactMap(\.finishReason) == [stop.reason])
                usage = client.chunks.last?["usage"]
            } else {
                #expect(choice(client)?["message"]?["content"]?.stringValue == stop.text)
                #expect(choice(client)?["finish_reason"]?.stringValue == stop.reason)
                usage = client.json["usage"]
            }
            #expect(usage?["completion_tokens"]?.intValue == stop.tokens)
        }
    }

    @Test func `an answer that comes as a document is cut, and keeps its price`() async {
        let harness = Harness { _, _ in FakeCall.Step.whole(Self.words) }
        for stream: JSONValue in [true, false] {
            let client = await harness.chat([
                "max_tokens": 4, "stream": stream, "stream_options": ["include_usage": true],
            ])
            let usage = stream == true ? client.chunks.last?["usage"] : client.json["usage"]
            #expect(usage?["completion_tokens"]?.intValue == 4)
            #expect(usage?["prompt_tokens"]?.intValue == 11)
        }
        #expect(harness.log.records.map(\.credits) == [5, 5])
    }

    @Test func `a limit for a model without a public vocabulary is an estimate`() async {
        let harness = Harness { _, _ in
            [.head(status: 200), .delta(Self.words), .gate(TestGate())]
        }
        let client = await harness.running {
            await harness.chat(["model": "us.anthropic.claude-v1:0", "max_tokens": 6])
        }
        #expect(choice(client)?["message"]?["content"]?.stringValue == "one two three four five")
        #expect(client.json["usage"]?["completion_tokens"]?.intValue == 6)
        #expect(client.json["usage"]?["estimated"]?.boolValue == true)
        #expect(harness.log.records.last?.usageIsEstimated == true)
    }

    @Test func `a limit within the first character leaves an empty answer`() async {
        let harness = Harness { _, _ in [.head(status: 200), .delta("🦄🦄"), .gate(TestGate())] }
        let streamed = await harness.chat(["stream": true, "max_tokens": 1])
        #expect(
            streamed.contents().joined() == "" && streamed.chunks.compactMap(\.finishReason) == ["length"])
        #expect(streamed.events.last == "[DONE]")
        let whole = await harness.chat(["max_tokens": 1])
        #expect(choice(whole)?["message"]?["content"]?.stringValue == "")
        #expect(choice(whole)?["finish_reason"]?.stringValue == "length")
        #expect(harness.log.records.allSatisfy { $0.outputTokens == 1 && $0.outcome == .ok })
    }

    @Test(arguments: [true, false])
    func `an answer that comes with the record only is counted away from the loop`(_ isDone: Bool) async {
        let long = String(repeating: "word ", count: 20_000)
        let harness = Harness { _, _ in
            [.head(status: 200), .result(long, input: 0, output: 0)] + (isDone ? [.done, .end] : [.end])
        }
        for stream: JSONValue in [true, false] {
            let offload = CountingOffload()
            let relay = harness.relay(offload: offload)
            await relay.respond(
                to: Harness.chatRequest(["stream": stream, "max_tokens": 100_000]), over: harness.client())
            // The event with the text, and the one that ends the stream.
            #expect(offload.count == 2)
            #expect(harness.log.records.last?.outputTokens == TokenCounter.tokens(in: long, .o200kBase))
        }
    }

    @Test func `failures before the limit are failures`() async {
        let harness = Harness { _, _ in [.head(status: 200), .delta("one"), .error("it broke"), .end] }
        let client = await harness.chat(["max_tokens": 4])
        #expect(client.status == 502)
        let refused = Harness { _, _ in [.head(status: 429), .end] }
        #expect(await refused.chat(["max_tokens": 4]).status == 429)
        let cut = Harness { _, _ in [.head(status: 200), .delta("one"), .end] }
        #expect(await cut.chat(["max_tokens": 4]).status == 502)
    }

    @Test func `events of many kilobytes are taken in and counted away from the loop`() async {
        let long = String(repeating: "word ", count: 40_000)
        let harness = Harness { _, _ in
            [
                .head(status: 200), .delta("short"), .delta(long),
                .together([.result("short" + long, input: 0, output: 0), .done]), .end,
            ]
        }
        for stream: JSONValue in [true, false] {
            let offload = CountingOffload()
            let relay = harness.relay(offload: offload)
            let client = harness.client()
            await relay.respond(
                to: Harness.chatRequest(["stream": stream, "max_tokens": 100_000]), over: client)
            #expect(offload.count >= 2)
            #expect(
                harness.log.records.last?.outputTokens == TokenCounter.tokens(in: "short" + long, .o200kBase))
            #expect(harness.log.records.last?.usageIsCounted == true)
        }
    }

    @Test func `the tokens of a long prompt are counted away from the loop`() async {
        let harness = Harness { _, _ in FakeCall.Step.whole("x", input: 0, output: 0) }
        let offload = CountingOffload()
        let relay = harness.relay(offload: offload)
        let text = String(repeating: "word ", count: 20_000)
        let members: JSONValue = ["messages": [["role": "user", "content": .string(text)]]]
        await relay.respond(to: Harness.chatRequest(members), over: harness.client())
        #expect(offload.count == 1)
        #expect(harness.log.records.last?.inputTokens == TokenCounter.tokens(in: text, .o200kBase) + 7)
    }

    @Test func `an answer that is sent as a whole is no longer than any other`() async {
        var configuration = Configuration()
        configuration.limits.answerBytes = 4096
        let piece = String(repeating: "word ", count: 400)
        for steps in [FakeCall.Step.stream(piece, piece, piece), FakeCall.Step.whole(piece + piece + piece)] {
            let harness = Harness(configuration) { _, _ in steps }
            let client = await harness.chat(["max_tokens": 100_000])
            #expect(client.status == 502)
            #expect(harness.allCallsAreOver)
        }
    }

    @Test func `an event that is decoded away from the loop is no longer than any other`() async {
        var configuration = Configuration()
        configuration.limits.answerBytes = 4096
        let long = String(repeating: "word ", count: 20_000)
        // The gate never opens: what comes behind it is not waited for.
        let gate = TestGate()
        let harness = Harness { _, _ in [.head(status: 200), .delta(long), .gate(gate), .end] }
        let offload = CountingOffload()
        let client = harness.client()
        await harness.relay(configuration, offload: offload).respond(
            to: Harness.chatRequest(["max_tokens": 100_000]), over: client)
        #expect(offload.count >= 1)
        #expect(client.status == 502)
        #expect(harness.allCallsAreOver)
    }
}
