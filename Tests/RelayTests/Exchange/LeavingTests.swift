import Relay
import Testing
import TestSupport
import Wire

/// A client that leaves takes the upstream calls along, in every phase.
@Suite(.timeLimit(.minutes(1))) struct LeavingTests {
    struct Phase: Sendable, CustomTestStringConvertible {
        var name: String
        var steps: @Sendable (TestGate) -> [FakeCall.Step]
        var isStreamed: Bool
        var testDescription: String { name }
    }

    static let phases = [
        Phase(name: "whole, before the head", steps: { [.gate($0)] }, isStreamed: false),
        Phase(name: "whole, after the head", steps: { [.head(status: 200), .gate($0)] }, isStreamed: false),
        Phase(
            name: "whole, within the body", steps: { [.head(status: 200), .text("{"), .gate($0)] },
            isStreamed: false),
        Phase(name: "whole, within an error", steps: { [.head(status: 500), .gate($0)] }, isStreamed: false),
        Phase(name: "stream, before the head", steps: { [.gate($0)] }, isStreamed: true),
        Phase(name: "stream, after the head", steps: { [.head(status: 200), .gate($0)] }, isStreamed: true),
        Phase(
            name: "stream, flowing", steps: { [.head(status: 200), .delta("a"), .gate($0)] }, isStreamed: true
        ),
        Phase(name: "stream, within an error", steps: { [.head(status: 500), .gate($0)] }, isStreamed: true),
        Phase(
            name: "stream, JSON",
            steps: {
                [
                    .head(status: 200, headers: HeaderFields([("content-type", "application/json")])),
                    .text("{"), .gate($0),
                ]
            }, isStreamed: true),
    ]

    @Test(arguments: phases, [1, 4])
    func `cancelling the exchange ends its calls`(phase: Phase, choices: Int) async {
        let gate = TestGate()
        let harness = Harness { _, _ in phase.steps(gate) }
        let client = harness.client()
        let exchange = Task {
            await harness.chat(
                ["stream": .bool(phase.isStreamed), "n": .number(JSONNumber(choices))], over: client)
        }
        // The first error that comes is read before the other calls are looked at again.
        let waiting = phase.name == "stream, within an error" ? 1 : choices
        #expect(await eventually { gate.waitingCount == waiting })
        exchange.cancel()
        _ = await exchange.value
        #expect(harness.chats.count == choices)
        #expect(harness.allCallsAreOver)
        #expect(!client.isComplete)
        #expect(harness.log.records.count == 1)
        #expect(harness.log.records.last?.outcome == .clientLeft)
        #expect(harness.log.records.last?.status == 499)
    }

    @Test(arguments: [false, true])
    func `a task cancelled beforehand pays for nothing`(isStreamed: Bool) async {
        let harness = Harness { _, _ in FakeCall.Step.stream("a") }
        let exchange = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            await harness.chat(["stream": .bool(isStreamed)])
        }
        _ = await exchange.value
        #expect(harness.chats.isEmpty)
        #expect(harness.log.records.last?.outcome == .clientLeft)
    }

    @Test(arguments: 0..<4, [1, 3])
    func `a send that finds nobody ends the calls`(sends: Int, choices: Int) async {
        let harness = Harness { _, _ in
            [.head(status: 200)] + (0..<10).map { .delta("\($0)") } + [.gate(TestGate())]
        }
        let client = harness.client(leavesAfter: sends)
        await harness.chat(["stream": true, "n": .number(JSONNumber(choices))], over: client)
        #expect(client.sent.count == sends)
        #expect(harness.allCallsAreOver)
        #expect(harness.log.records.last?.outcome == .clientLeft)
    }

    @Test func `leaving while a slow send waits ends the call`() async {
        let gate = TestGate()
        let harness = Harness { _, _ in [.head(status: 200), .delta("a"), .delta("b"), .delta("c")] }
        let client = harness.client(gate: gate)
        let exchange = Task { await harness.chat(["stream": true], over: client) }
        #expect(await eventually { gate.waitingCount == 1 })
        exchange.cancel()
        _ = await exchange.value
        #expect(harness.allCallsAreOver)
        #expect(harness.log.records.last?.outcome == .clientLeft)
    }

    @Test func `leaving while the first list of models is waited for`() async {
        let gate = TestGate()
        let harness = Harness(listing: [.gate(gate)]) { _, _ in FakeCall.Step.whole("Hello") }
        await harness.running {
            let exchange = Task { await harness.chat(["model": "brand-new"]) }
            #expect(await eventually { gate.waitingCount >= 1 && harness.clock.sleeperCount >= 1 })
            exchange.cancel()
            _ = await exchange.value
        }
        #expect(harness.chats.isEmpty)
        #expect(harness.log.records.last?.outcome == .clientLeft)
    }
}
