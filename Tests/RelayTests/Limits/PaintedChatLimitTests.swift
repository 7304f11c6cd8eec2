import Testing
import TestSupport
import Wire

@testable import Relay

/// Chats that paint: counted among the chats until their body was read, then as pictures.
@Suite(.timeLimit(.minutes(1))) struct PaintedChatLimitTests {
    /// A store that decides about pictures when the gate is open, by then too late for whoever has left.
    struct SlowStore: LimitStore {
        let store: any LimitStore
        let gate: TestGate
        func admitAtOnce(_ claim: LimitClaim) -> LimitDecision? {
            claim.subjects.contains { $0.key.limitClass == .image } ? nil : store.admitAtOnce(claim)
        }
        func admit(_ claim: LimitClaim) async -> LimitDecision {
            _ = await gate.wait()
            return await store.admit(claim)
        }
        func settle(_ grants: [LimitGrant], usedTokens: Int, isUndone: Bool) {
            store.settle(grants, usedTokens: usedTokens, isUndone: isUndone)
        }
        func renew() { store.renew() }
        var health: LimitStoreHealth { store.health }
    }

    let clock = ManualClock()

    private func painted(_ harness: Harness) async -> RecordingClient {
        await harness.chat(["model": "dall-e-3", "messages": [["role": "user", "content": "a cat"]]])
    }

    private func harness(
        _ configuration: Configuration, _ limits: any LimitStore
    ) -> Harness {
        let upstream = MediaUpstream(features: { _ in MediaUpstream.record(["images/a.png"]) })
        return Harness(configuration, limits: limits, clock: clock) { request, _ in
            request.url.contains("/api/features") ? upstream.answer(request) : FakeCall.Step.whole("Hello")
        }
    }

    @Test func `where pictures are not limited, nothing is told of how chats are`() async {
        var configuration = Configuration()
        configuration.limits.caller.image = LimitRules()
        configuration.limits.address.image = LimitRules()
        let harness = harness(configuration, MemoryLimitStore(leaseSeconds: 60, clock: clock))
        let client = await painted(harness)
        #expect(client.status == 200)
        #expect(client.header("x-ratelimit-remaining-requests") == nil && client.header("ratelimit") == nil)
        let text = await harness.chat()
        #expect(text.status == 200 && text.header("x-ratelimit-remaining-requests") == "179")
    }

    @Test func `who leaves while his picture is counted is not among the chats any more`() async {
        var configuration = Configuration()
        configuration.limits.caller.text = LimitRules(requestsPerMinute: 5)
        configuration.limits.caller.image = LimitRules(requestsPerMinute: 5)
        configuration.limits.address = Configuration.ClassLimits(LimitRules())
        let gate = TestGate()
        let store = MemoryLimitStore(leaseSeconds: 60, clock: clock)
        let harness = harness(configuration, SlowStore(store: store, gate: gate))
        let answer = Task { await painted(harness) }
        #expect(await eventually { gate.waitingCount == 1 })
        answer.cancel()
        gate.open()
        _ = await answer.value
        #expect(harness.chats.isEmpty)
        #expect(await harness.chat().header("x-ratelimit-remaining-requests") == "4")
    }
}
