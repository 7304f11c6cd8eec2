import Relay
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// That what requests hold is held for as long as they are answered.
extension LaneWorkTests {
    @Test func `what is held under a faster clock is renewed in time`() throws {
        var work = makeWork()
        let subject = Self.subject(perMinute: 1000, concurrent: 5)
        func otherMachine() {
            let now = clock.unixTime().seconds + 100
            server.state.withLock { $0.count(1, for: subject, at: now) }
        }
        otherMachine()
        let grant = try grant(of: work.decide(cases(subject)))
        for _ in 0..<8 {
            clock.advance(by: .seconds(25))
            otherMachine()
            work.add([], abandoned: [:], isRenewing: true)
            // The other machine was first.
            check(work.keep() == nil && work.isPending)
            check(work.keep() == nil && !work.isPending && left(subject, .concurrent) == 4)
        }
        work.add([LimitSettlement(grant)], abandoned: [:], isRenewing: false)
        check(work.keep() == nil && left(subject, .concurrent) == 5)
    }

    @Test func `only what is due is renewed`() {
        var work = makeWork()
        _ = work.decide(cases(Self.subject(.caller, 1, concurrent: 5)))
        clock.advance(by: .seconds(25))
        _ = work.decide(cases(Self.subject(.caller, 2, concurrent: 5)))
        work.add([], abandoned: [:], isRenewing: true)
        let before = server.writes
        check(work.keep() == nil && server.writes == before + 1)
        clock.advance(by: .seconds(40))
        check(left(Self.subject(.caller, 1, concurrent: 5), .concurrent) == 4)
    }

    @Test func `what a server forgot is held again once it is renewed`() {
        var work = makeWork()
        let subject = Self.subject(concurrent: 5)
        _ = work.decide(cases(count: 2, subject))
        server.state.withLock { $0.items = [:] }
        clock.advance(by: .seconds(30))
        work.add([], abandoned: [:], isRenewing: true)
        check(work.keep() == nil && work.isPending)
        check(work.keep() == nil && left(subject, .concurrent) == 3)
    }

    @Test func `what is given up is renewed no more`() {
        var work = makeWork()
        let subject = Self.subject(concurrent: 5)
        _ = work.decide(cases(count: 3, subject))
        var lease = LimitLease()
        lease.places = 2
        work.add([], abandoned: [subject.key: lease], isRenewing: false)
        for _ in 0..<4 {
            clock.advance(by: .seconds(25))
            work.add([], abandoned: [:], isRenewing: true)
            check(work.keep() == nil)
        }
        check(left(subject, .concurrent) == 4)
    }

    @Test func `what is held is held again when the clock was set back`() {
        var work = LaneWork(
            server, prefix: "t:2:", LaneCase.Lane(place: 3, leaseSeconds: 3600),
            clock: clock, stopwatch: clock)
        let subject = Self.subject(concurrent: 5)
        _ = work.decide(cases(subject))
        clock.advance(by: .seconds(-400))
        check(left(subject, .concurrent) == 5)
        work.add([], abandoned: [:], isRenewing: true)
        check(work.keep() == nil && left(subject, .concurrent) == 4)
    }

    @Test func `what was written slowly is renewed in time`() {
        var work = makeWork()
        let subject = Self.subject(concurrent: 5)
        let clock = clock
        server.before { _ in
            clock.advance(by: .seconds(50))
            return .asUsual
        }
        _ = work.decide(cases(subject))
        // It ends 60 seconds after the claim was counted, not after it was written.
        clock.advance(by: .seconds(5))
        work.add([], abandoned: [:], isRenewing: true)
        check(work.keep() == nil)
        clock.advance(by: .seconds(50))
        check(left(subject, .concurrent) == 4)
    }
}
