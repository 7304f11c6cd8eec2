import EventLoop
import Memcached
import Relay
import Testing
import TestSupport

@testable import Worker

/// A lane with its thread, on a server that does what it is told to.
@Suite(.timeLimit(.minutes(1))) struct MemcachedLaneTests {
    private static func subject(_ number: UInt64, _ scope: LimitScope = .caller) -> LimitSubject {
        LimitSubject(
            key: LimitKey(scope, .text, high: 7, low: number),
            rules: LimitRules(requestsPerMinute: 9, concurrent: 9))
    }

    @Test func `whoever waits for others is answered when the server fails meanwhile`() async throws {
        let (server, clock) = (FakeRecordServer(), ManualClock())
        let (one, other) = (Self.subject(1), Self.subject(2))
        let lane = MemcachedLane(
            name: "fake",
            LaneWork(
                server, prefix: "t:2:", LaneCase.Lane(place: 0, leaseSeconds: 60),
                clock: clock, stopwatch: clock),
            clock: clock, log: RecordingLog())
        try lane.start()
        defer { lane.end() }
        let before = try #require(await lane.admit(LimitClaim(subjects: [other])))

        // Somebody else is first with the claim's record, twice. What is settled the first time is to be written behind
        // the second one, when the server has failed.
        let now = clock.unixTime().seconds
        server.before(
            { state in
                lane.settle(before.grants, usedTokens: 0, isUndone: false)
                state.count(1, for: one, at: now)
                return .asUsual
            },
            { state in
                state.count(1, for: one, at: now)
                state.failures = 2
                return .asUsual
            })
        let answers = Counter()
        let decision = Task {
            let decision = await lane.admit(LimitClaim(subjects: [one]))
            _ = answers.next()
            return decision
        }
        // A claim that nobody answers cannot be waited for.
        try #require(await eventually { answers.value == 1 })
        #expect(await decision.value == nil)
        #expect(lane.isOpen && !lane.health.isUp)
    }

    @Test func `an answer can come before it is asked for, and after`() async {
        let decision = LimitDecision(refusal: .unavailable)
        let early = LaneInquiry()
        early.take(decision)
        #expect(await early.answer() == decision)
        let late = LaneInquiry()
        let answer = Task { await late.answer() }
        late.take(nil)
        #expect(await answer.value == nil)
        // Both at once, often enough that each of the two is first at times.
        for number in 0..<200 {
            let inquiry = LaneInquiry()
            let expected = number.isMultiple(of: 2) ? decision : nil
            async let answer = inquiry.answer()
            async let _: Void = inquiry.take(expected)
            #expect(await answer == expected)
        }
    }
}
