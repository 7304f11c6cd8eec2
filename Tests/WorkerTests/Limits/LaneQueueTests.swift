import Relay
import Testing

@testable import Worker

struct LaneQueueTests {
    private static let subject = LimitSubject(
        key: LimitKey(.caller, .text, high: 1, low: 1), rules: LimitRules(requestsPerMinute: 5, concurrent: 5)
    )
    private let now = Instant(sinceOrigin: .seconds(100))

    private func claim() -> LaneCase { LaneCase(LimitClaim(subjects: [Self.subject])) { _ in } }

    private func settlement() -> LimitSettlement {
        LimitSettlement(
            LimitGrant(key: Self.subject.key, heldPlaces: 1, requests: 1, countedAt: 0, tokens: 3))
    }

    @Test func `an empty queue lets the thread sleep and wakes it once`() {
        var queue = LaneQueue(StoreBreaker())
        check(!queue.mustWake())
        guard case .sleep(until: nil) = queue.next(at: now, isPending: false, room: 9) else {
            Issue.record("it does not sleep")
            return
        }
        check(queue.append(claim()))
        check(queue.mustWake())
        check(!queue.mustWake())
        guard case .work(let claims, _, _, _, _) = queue.next(at: now, isPending: false, room: 9) else {
            Issue.record("it does not work")
            return
        }
        check(claims.count == 1)
    }

    @Test func `claims are bounded, and handed out by the batch`() {
        var queue = LaneQueue(StoreBreaker())
        for _ in 0..<LaneQueue.maximumClaims { check(queue.append(claim())) }
        check(!queue.append(claim()))
        guard case .work(let claims, _, _, _, _) = queue.next(at: now, isPending: false, room: 9) else {
            Issue.record("it does not work")
            return
        }
        check(claims.count == LaneQueue.maximumBatch)
        check(queue.append(claim()))
    }

    @Test func `settlements beyond the bound only give up what they held`() {
        var queue = LaneQueue(StoreBreaker())
        for _ in 0..<LaneQueue.maximumSettlements + 2 { queue.append(settlement()) }
        guard
            case .work(_, _, let settlements, let abandoned, _) = queue.next(
                at: now, isPending: false, room: 7)
        else {
            Issue.record("it does not work")
            return
        }
        check(settlements.count == 7)
        check(abandoned[Self.subject.key]?.places == 2)
        check(abandoned[Self.subject.key]?.tokens == 6)
    }

    @Test func `a failure turns away who waits and who comes`() {
        var queue = LaneQueue(StoreBreaker())
        check(queue.append(claim()) && queue.append(claim()))
        let (waiting, hasChanged) = queue.fail("gone", at: now)
        check(waiting.count == 2 && hasChanged)
        check(queue.isOpen && !queue.append(claim()))
        queue.append(settlement())
        guard case .sleep(until: let moment?) = queue.next(at: now, isPending: true, room: 9) else {
            Issue.record("it does not wait for the next try")
            return
        }
        check(moment == now + .seconds(1))
        guard case .probe = queue.next(at: moment, isPending: true, room: 9) else {
            Issue.record("it does not try")
            return
        }
        check(queue.breaker.answer())
        guard case .work(_, _, let settlements, _, _) = queue.next(at: moment, isPending: false, room: 9)
        else {
            Issue.record("it does not work")
            return
        }
        check(settlements.count == 1)
    }

    @Test(arguments: [false, true]) func `the end comes when all is written or nothing can be`(isAway: Bool) {
        var queue = LaneQueue(StoreBreaker())
        queue.append(settlement())
        if isAway { _ = queue.fail("gone", at: now) }
        queue.end()
        check(!queue.append(claim()))
        if !isAway {
            guard case .work = queue.next(at: now, isPending: false, room: 9) else {
                Issue.record("it does not write what is left")
                return
            }
        }
        guard case .end = queue.next(at: now, isPending: false, room: 9) else {
            Issue.record("it does not end")
            return
        }
    }

    @Test func `the thread wakes for what may have come back to what was counted ahead`() {
        var queue = LaneQueue(StoreBreaker())
        let subject = LimitSubject(
            key: Self.subject.key, rules: LimitRules(requestsPerMinute: 100_000, concurrent: 100_000))
        var windows = [
            LimitWindow(
                scope: .caller, measure: .requestsPerMinute, limit: 100_000, remaining: 260, resetSeconds: 60)
        ]
        func grant(_ count: Int) -> LimitGrant {
            LimitGrant(key: subject.key, heldPlaces: count, requests: count, countedAt: 7, tokens: 0)
        }
        func take() -> Bool {
            var decision = LimitDecision()
            return queue.take(places: 1, of: [subject], at: 7, now: now, into: &decision)
        }
        for _ in 0..<4 {
            check(!take())
            var answers: [(case: LaneCase, decision: LimitDecision?)] = [
                (LaneCase(LimitClaim(subjects: [subject])) { _ in }, LimitDecision(windows: windows))
            ]
            queue.note(&answers)
        }
        guard case .work(_, let ahead, _, _, _) = queue.next(at: now, isPending: false, room: 9) else {
            Issue.record("nothing is counted ahead")
            return
        }
        check(ahead.map(\.requests) == [4] && ahead.map(\.places) == [4])
        // Now it is too little for more.
        windows[0].remaining = 250
        queue.fill(subject.key, with: LimitDecision(grants: [grant(4)], windows: windows), now: now)
        for _ in 0..<4 { check(take()) }
        let end = now + LimitStock.life
        guard case .sleep(until: end) = queue.next(at: now, isPending: false, room: 9) else {
            Issue.record("it does not wake")
            return
        }
        check(!queue.settle(LimitSettlement(grant(1)), now: now))
        guard case .work(_, _, let settlements, _, _) = queue.next(at: end, isPending: false, room: 9) else {
            Issue.record("it does not give back")
            return
        }
        check(settlements.map(\.grant.heldPlaces) == [1])
        check(queue.settle(LimitSettlement(grant(1)), now: end))
    }
}
