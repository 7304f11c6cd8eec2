import Relay
import TestSupport
import Testing
import Wire

/// Whoever has the last byte of an answer asks for the next one before the relay knows that it was sent.
@Suite(.timeLimit(.minutes(1))) struct ComingAgainTests {
    /// A client that comes again with the last byte of its answer.
    private final class Returning: ClientResponse {
        let client: RecordingClient
        private let again: @Sendable () async -> Void

        init(_ client: RecordingClient, again: @escaping @Sendable () async -> Void) {
            self.client = client
            self.again = again
        }

        func send(head: ResponseHead?, body: [UInt8], isLast: Bool) async throws(ClientGone) {
            try await client.send(head: head, body: body, isLast: isLast)
            if isLast { await again() }
        }
    }

    private let clock = ManualClock()

    private func harness(
        _ rules: (inout LimitRules) -> Void = { _ in }, chat: @escaping FakeTransport.Script
    ) -> Harness {
        var configuration = Configuration()
        configuration.limits.caller = LimitedExchangeTests.rules(rules)
        return Harness(
            configuration, limits: MemoryLimitStore(leaseSeconds: 60, clock: clock), clock: clock, chat: chat)
    }

    /// Has a chat answered and asks for the same with its last byte.
    private func twice(
        _ members: JSONValue, of harness: Harness
    ) async -> (first: RecordingClient, second: RecordingClient) {
        let (first, second) = (harness.client(), harness.client())
        let request = Harness.chatRequest(members)
        await harness.relay.respond(
            to: request, over: Returning(first) { await harness.respond(to: request, over: second) })
        return (first, second)
    }

    @Test(arguments: [false, true])
    func `the place and the reserved tokens of an answered request are free`(isStreamed: Bool) async {
        let harness = harness {
            $0.concurrent = 1
            $0.tokensPerMinute = 200
        } chat: { _, _ in
            isStreamed ? FakeCall.Step.stream("Hello") : FakeCall.Step.whole("Hello")
        }
        let answers = await twice(["stream": .bool(isStreamed)], of: harness)
        #expect(answers.first.status == 200 && answers.second.status == 200)
        // 28 are reserved, of which the first one used 18.
        #expect(answers.first.header("x-ratelimit-remaining-tokens") == "172")
        #expect(answers.second.header("x-ratelimit-remaining-tokens") == "154")
        #expect(harness.log.records.count == 2)
    }

    @Test(arguments: [false, true])
    func `so they are after a failure`(hasBegun: Bool) async {
        let harness = harness {
            $0.concurrent = 1
        } chat: { _, _ in
            hasBegun ? FakeCall.Step.stream("Hello").dropLast(2) + [.end] : [.head(status: 503), .end]
        }
        let answers = await twice(["stream": .bool(hasBegun)], of: harness)
        #expect(answers.first.status == (hasBegun ? 200 : 502))
        #expect(answers.second.status == answers.first.status)
        #expect(harness.chats.count == 2)
    }

    @Test func `a key that was refused is known to be wrong`() async {
        let harness = harness { _, _ in
            [.head(status: 401), .text(#"{"error":{"code":"UNAUTHORIZED","message":"no"}}"#), .end]
        }
        let answers = await twice(.object(JSONObject()), of: harness)
        #expect(answers.first.status == 401 && answers.second.status == 401)
        #expect(harness.chats.count == 1)
    }
}
