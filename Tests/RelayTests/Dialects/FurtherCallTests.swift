import TestSupport
import Testing
import Wire

@testable import Relay

/// What a further call costs, and that none is made for nobody.
@Suite(.timeLimit(.minutes(1))) struct FurtherCallTests {
    static let unusable = #"<tool_call>{"name": "unknown", "arguments": {}}</tool_call>"#
    static let tools: JSONValue = [["type": "function", "function": ["name": "known"]]]

    @Test(arguments: [false, true])
    func `leaving while a further call is written pays for no further one`(isStreamed: Bool) async {
        let harness = AskAgainTests.harness([.text("Seven."), .text(#"{"n": 7}"#)])
        let gate = TestGate()
        let relay = harness.relay(offload: GatedOffload(gate: gate))
        let exchange = Task {
            await relay.respond(
                to: Harness.chatRequest([
                    "response_format": AskAgainTests.schema, "stream": .bool(isStreamed),
                ]), over: harness.client())
        }
        #expect(await eventually { gate.waitingCount == 1 })
        exchange.cancel()
        await exchange.value
        #expect(harness.chats.count == 1 && harness.allCallsAreOver)
        #expect(harness.log.records.last?.outcome == .clientLeft)
        #expect(harness.log.records.last?.upstreamCalls == 1)
    }

    @Test(arguments: [AskAgainTests.Answer.status(500), .cut, .text("Still seven.")], [false, true])
    func `what failed twice was paid for as often as the vendor says`(
        second: AskAgainTests.Answer, isStreamed: Bool
    ) async {
        let harness = AskAgainTests.harness([.text("Seven."), second])
        await harness.chat(["response_format": AskAgainTests.schema, "stream": .bool(isStreamed)])
        let record = harness.log.records.last
        #expect(record?.outcome == .failed && record?.upstreamCalls == 2)
        if case .text = second {
            #expect(record?.credits == 10 && record?.inputTokens == 22)
        } else {
            #expect(record?.credits == 5 && record?.inputTokens == 11)
        }
    }

    /// The first call was a stream, and what is known of that must not be taken for the second.
    @Test func `a further call may be answered by a document`() async {
        let harness = Harness { _, count in
            count == 0 ? FakeCall.Step.stream("Seven.") : FakeCall.Step.whole(#"{"n": 7}"#)
        }
        let client = await harness.chat(["response_format": AskAgainTests.schema])
        let seen = SeenAnswer(whole: client.json, .openAIChat)
        #expect(client.status == 200 && seen.text == #"{"n": 7}"#, "\(client.text)")
        #expect(harness.log.records.last?.upstreamCalls == 2)
    }

    @Test func `leaving while a long answer is read is the client's`() async {
        let long = String(repeating: "word ", count: 60_000)
        let harness = Harness { _, _ in FakeCall.Step.whole(long) }
        let gate = TestGate()
        let relay = harness.relay(offload: GatedOffload(gate: gate))
        let exchange = Task {
            await relay.respond(to: Harness.chatRequest([:]), over: harness.client())
        }
        #expect(await eventually { gate.waitingCount == 1 })
        exchange.cancel()
        await exchange.value
        #expect(harness.log.records.last?.outcome == .clientLeft && harness.allCallsAreOver)
    }

    @Test(arguments: [false, true])
    func `a further call that is given up counts as well`(isStreamed: Bool) async {
        for members: JSONValue in [["stop": "STOP"], ["max_tokens": 1]] {
            let harness = Harness { _, count in
                count == 0
                    ? FakeCall.Step.stream(Self.unusable)
                    : [.head(status: 200), .delta("Hello STOP and so on"), .gate(TestGate())]
            }
            var members = members.objectValue ?? JSONObject()
            members["tools"] = Self.tools
            members["stream"] = .bool(isStreamed)
            let client = await harness.chat(.object(members))
            #expect(client.status == 200 && harness.allCallsAreOver)
            let record = harness.log.records.last
            #expect(record?.upstreamCalls == 2)
            // The vendor's count of the first, and the relay's of the second.
            #expect(record?.inputTokens ?? 0 > 11 && record?.outputTokens ?? 0 > 7)
            #expect(record?.credits == 5)
        }
    }

    @Test(arguments: [false, true])
    func `a further call that says nothing is no loss`(isStreamed: Bool) async {
        let calls: [[FakeCall.Step]] = [
            [.head(status: 200), .error("It broke"), .end], [.head(status: 200), .end],
            [.head(status: 429), .end],
            [.fail(UpstreamError(.unreachable, message: "refused"))],
        ]
        for further in calls {
            let harness = Harness { _, count in count == 0 ? FakeCall.Step.stream(Self.unusable) : further }
            let client = await harness.chat(["tools": Self.tools, "stream": .bool(isStreamed)])
            let seen =
                isStreamed
                ? SeenAnswer(stream: client.events, .openAIChat)
                : SeenAnswer(whole: client.json, .openAIChat)
            #expect(client.status == 200 && seen.text == Self.unusable, "\(client.text)")
            #expect(harness.log.records.last?.credits == 5 && harness.log.records.last?.upstreamCalls == 2)
        }
    }

    @Test(arguments: [false, true])
    func `a further call that breaks off is no complete answer`(isStreamed: Bool) async {
        let endings: [[FakeCall.Step]] = [
            [.fail(UpstreamError(.cut, message: "reset"))], [.error("It broke"), .end], [.end],
        ]
        for ending in endings {
            let harness = Harness { _, count in
                count == 0
                    ? FakeCall.Step.stream(Self.unusable)
                    : [.head(status: 200), .delta("Let me see, I would")] + ending
            }
            let client = await harness.chat(["tools": Self.tools, "stream": .bool(isStreamed)])
            if isStreamed {
                #expect(
                    !client.text.contains("[DONE]") && client.text.contains("\"error\""), "\(client.text)")
                #expect(harness.log.records.last?.outcome == .brokenOff)
            } else {
                // The first answer is there still.
                #expect(client.status == 502 || client.text.contains("unknown"), "\(client.text)")
                #expect(!client.text.contains("Let me see"))
            }
            #expect(harness.log.records.last?.credits == 5 && harness.allCallsAreOver)
        }
    }

    @Test func `a further call has as long as any until its first event`() async {
        var configuration = Configuration()
        configuration.providers[0].timeouts.firstEvent = .seconds(30)
        configuration.providers[0].timeouts.idle = .seconds(3600)
        for isStreamed in [false, true] {
            let harness = Harness(configuration) { _, count in
                count == 0
                    ? FakeCall.Step.stream(Self.unusable)
                    : [.head(status: 200), .text(": hi\n\n"), .wait(.seconds(3000)), .delta("Late"), .end]
            }
            let started = harness.clock.now()
            let client = await harness.chat(["tools": Self.tools, "stream": .bool(isStreamed)])
            #expect(client.status == 200 && client.text.contains("unknown"))
            #expect(harness.clock.now() - started < .seconds(60))
        }
    }
}

/// An offload whose work waits for a gate, or for whoever wanted it to leave.
struct GatedOffload: Offload {
    let gate: TestGate

    func run<Value: Sendable, Failure: Error>(
        _ work: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        _ = await gate.wait()
        return try work()
    }
}
