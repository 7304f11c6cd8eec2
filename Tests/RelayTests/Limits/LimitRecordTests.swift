import Testing
import TestSupport

@testable import Relay

/// One record and one process that uses it.
struct LimitRecordUse {
    var record = LimitRecord()
    var lease = LimitLease()
    var leaseSeconds = 60
    var subject: LimitSubject

    init(_ limits: (inout LimitRules) -> Void) {
        var rules = LimitRules()
        limits(&rules)
        subject = LimitSubject(key: LimitKey(.caller, .text, high: 1, low: 2), rules: rules)
    }

    /// Counts a claim if it fits.
    ///
    /// - Returns: nil if it did, else the seconds to wait; -1 for ever.
    mutating func ask(
        at now: LimitMoment, requests: Int = 1, tokens: Int = 0, places: Int = 0
    ) -> Int? {
        let claim = LimitClaim(
            subjects: [subject], requests: requests, places: places, tokens: tokens)
        if case .limit(_, let wait) = record.refusal(of: claim, under: subject, at: now) { return wait ?? -1 }
        record.take(claim, under: subject, at: now, lease: &lease, leaseSeconds: leaseSeconds)
        return nil
    }

    /// Settles a claim of the same form.
    mutating func settle(
        at now: LimitMoment, requests: Int = 1, countedAt: Int = 0, tokens: Int = 0, used: Int = 0,
        heldPlaces: Int = 0, isUndone: Bool = false
    ) {
        let grant = LimitGrant(
            key: subject.key, heldPlaces: heldPlaces, requests: requests, countedAt: countedAt, tokens: tokens
        )
        record.settle(
            LimitSettlement(grant, usedTokens: used, isUndone: isUndone), at: now, lease: &lease,
            leaseSeconds: leaseSeconds)
    }

    mutating func renew(at now: LimitMoment) { record.renew(&lease, at: now, leaseSeconds: leaseSeconds) }

    mutating func remaining(at now: LimitMoment) -> [Int] {
        record.windows(of: subject, at: now).map(\.remaining)
    }

    mutating func resets(at now: LimitMoment) -> [Int] {
        record.windows(of: subject, at: now).map(\.resetSeconds)
    }
}

@Suite struct LimitRecordTests {
    /// Not a multiple of 1,800.
    let start: LimitMoment = 1_000_000

    @Test(arguments: [0, 1, 40_000, 65_533, 65_534, .max] as [UInt16])
    func `a request counts for 60 seconds and no tick less, and who waits so long passes`(ticks: UInt16) {
        func moment(_ second: Int, _ ticks: UInt16) -> LimitMoment {
            LimitMoment(seconds: start.seconds + second, ticks: ticks)
        }
        var use = LimitRecordUse { $0.requestsPerMinute = 2 }
        #expect(use.ask(at: moment(0, ticks)) == nil)
        #expect(use.ask(at: moment(30, ticks)) == nil)
        // What is used until the end of a second counts for all of it: there is no tick left to tell the time by.
        let isEnd = ticks >= 65_534
        #expect(use.ask(at: moment(30, ticks)) == (isEnd ? 31 : 30))
        #expect(use.ask(at: moment(60, ticks)) == 1)
        let next = isEnd ? moment(61, 0) : moment(60, ticks + 1)
        #expect(use.remaining(at: moment(60, ticks)) == [0])
        #expect(use.ask(at: next) == nil)
        #expect(use.remaining(at: moment(90, ticks)) == [0])
        #expect(use.remaining(at: isEnd ? moment(91, 0) : moment(90, ticks + 1)) == [1])
        #expect(use.remaining(at: next + 61) == [2])
    }

    @Test func `the last in a second is as good as the whole second`() {
        var use = LimitRecordUse { $0.requestsPerMinute = 2 }
        #expect(use.ask(at: LimitMoment(seconds: 100, ticks: 1000)) == nil)
        #expect(use.ask(at: LimitMoment(seconds: 100, ticks: 50_000)) == nil)
        #expect(use.ask(at: LimitMoment(seconds: 160, ticks: 50_000)) == 1)
        #expect(use.remaining(at: LimitMoment(seconds: 160, ticks: 50_001)) == [2])
        // Of two processes one reads the clock first and counts last.
        #expect(use.ask(at: LimitMoment(seconds: 160, ticks: 50_001)) == nil)
        #expect(use.ask(at: LimitMoment(seconds: 160, ticks: 40_000)) == nil)
        #expect(use.remaining(at: LimitMoment(seconds: 220, ticks: 50_001)) == [0])
        #expect(use.remaining(at: LimitMoment(seconds: 220, ticks: 50_002)) == [2])
    }

    @Test func `what is counted ahead counts from the end of its second`() {
        var use = LimitRecordUse { $0.requestsPerMinute = 2 }
        var claim = LimitClaim(subjects: [use.subject], requests: 2, places: 0)
        claim.isAhead = true
        use.record.take(claim, under: use.subject, at: start, lease: &use.lease, leaseSeconds: 60)
        #expect(use.ask(at: start) == 61)
        #expect(use.ask(at: LimitMoment(seconds: start.seconds + 60, ticks: .max)) == 1)
        #expect(use.ask(at: start + 61) == nil)
    }

    @Test(arguments: [0, 1, 1799])
    func `a request counts for a day and half an hour at most`(phase: Int) {
        let first = LimitMoment(seconds: 1800 * 1000 + phase)
        var use = LimitRecordUse { $0.requestsPerDay = 1 }
        #expect(use.ask(at: first) == nil)
        #expect(use.ask(at: first) == 86_400 + 1800 - phase)
        #expect(use.ask(at: first + 86_400) == 1800 - phase)
        #expect(use.ask(at: first + (86_400 + 1800 - phase)) == nil)
    }

    @Test func `a wait is until enough has gone, not until all has`() {
        var use = LimitRecordUse { $0.tokensPerMinute = 100 }
        for second in 0..<10 { use.settle(at: start + second, used: 10) }
        #expect(use.ask(at: start + 10, tokens: 1) == 50)
        #expect(use.ask(at: start + 10, tokens: 10) == 50)
        #expect(use.ask(at: start + 10, tokens: 11) == 51)
        #expect(use.ask(at: start + 10, tokens: 100) == 59)
        #expect(use.ask(at: start + 10, tokens: 101) == -1)
        #expect(use.resets(at: start + 10) == [59])
    }

    @Test func `tokens that are reserved count until they are settled, then those that were used do`() {
        var use = LimitRecordUse { $0.tokensPerMinute = 100 }
        #expect(use.ask(at: start, tokens: 70) == nil)
        #expect(use.remaining(at: start) == [30])
        #expect(use.resets(at: start) == [60])
        // The lease ends after 60 s, rounded up to 10.
        #expect(use.ask(at: start, tokens: 31) == 60)
        use.settle(at: start + 5, tokens: 70, used: 20)
        #expect(use.remaining(at: start + 5) == [80])
        #expect(use.lease == LimitLease())
        #expect(use.ask(at: start + 5, tokens: 81) == 60)
        #expect(use.ask(at: start + 66, tokens: 100) == nil)
    }

    @Test(arguments: [5, 60, 3600])
    func `nobody is told to wait for a lease as long as it is`(leaseSeconds: Int) {
        var use = LimitRecordUse { $0.tokensPerDay = 100 }
        use.leaseSeconds = leaseSeconds
        #expect(use.ask(at: start, tokens: 70) == nil)
        #expect(use.ask(at: start, tokens: 31) == min(leaseSeconds, 60))
        // What was used is there for a day.
        use.settle(at: start, tokens: 70, used: 70)
        #expect((86_400...88_200).contains(use.ask(at: start, tokens: 31) ?? 0))
    }

    @Test func `more may be used than was reserved, or is allowed`() {
        var use = LimitRecordUse { $0.tokensPerMinute = 100 }
        #expect(use.ask(at: start, tokens: 10) == nil)
        use.settle(at: start, tokens: 10, used: 250)
        #expect(use.remaining(at: start) == [0])
        // Who wants no tokens is not kept from it.
        #expect(use.ask(at: start) == nil)
        #expect(use.ask(at: start, tokens: 1) == 60)
    }

    @Test func `a slot and a lease that go together free enough`() {
        var use = LimitRecordUse { $0.tokensPerMinute = 100 }
        use.leaseSeconds = 30
        use.settle(at: start, used: 50)
        #expect(use.ask(at: start + 15, tokens: 50) == nil)
        // The lease ends at 45, the slot behind 60.
        #expect(use.ask(at: start + 20, tokens: 50) == 25)
        #expect(use.ask(at: start + 20, tokens: 51) == 40)
        use.renew(at: start + 40)
        #expect(use.ask(at: start + 40, tokens: 50) == 20)
        #expect(use.ask(at: start + 40, tokens: 51) == 30)
    }

    @Test func `the limit that lasts longest refuses, and names itself`() throws {
        var use = LimitRecordUse {
            $0.requestsPerMinute = 1
            $0.requestsPerDay = 1
            $0.tokensPerMinute = 10
            $0.concurrent = 1
        }
        #expect(use.ask(at: start, tokens: 10, places: 1) == nil)
        func refused(_ claim: LimitClaim) -> LimitDecision.Refusal? {
            use.record.refusal(of: claim, under: use.subject, at: start)
        }
        let waits = 1800 * 49 - start.seconds % 1800
        let window = LimitWindow(
            scope: .caller, measure: .requestsPerDay, limit: 1, remaining: 0, resetSeconds: waits)
        let subjects = [use.subject]
        #expect(
            refused(LimitClaim(subjects: subjects, tokens: 5)) == .limit(window, retryAfterSeconds: waits))
        let never = LimitWindow(
            scope: .caller, measure: .tokensPerMinute, limit: 10, remaining: 0, resetSeconds: 60)
        #expect(refused(LimitClaim(subjects: subjects, tokens: 11)) == .limit(never, retryAfterSeconds: nil))
        let place = LimitWindow(
            scope: .caller, measure: .concurrent, limit: 1, remaining: 0, resetSeconds: 0)
        #expect(
            refused(LimitClaim(subjects: subjects, requests: 0)) == .limit(place, retryAfterSeconds: 1))
    }

    @Test func `windows are told for what is limited, in order`() {
        var use = LimitRecordUse { _ in }
        #expect(use.ask(at: start, tokens: 5, places: 1) == nil)
        #expect(use.record.windows(of: use.subject, at: start).isEmpty)
        use.subject.rules.requestsPerMinute = 10
        use.subject.rules.requestsPerDay = 20
        use.subject.rules.tokensPerMinute = 30
        use.subject.rules.tokensPerDay = 40
        use.subject.rules.concurrent = 50
        let windows = use.record.windows(of: use.subject, at: start)
        #expect(windows.map(\.measure) == LimitRules.Measure.allCases)
        #expect(windows.map(\.limit) == [10, 20, 30, 40, 50])
        // Limits that come later count the requests before, and hold what comes from now on.
        #expect(windows.map(\.remaining) == [9, 19, 30, 40, 50])
        #expect(use.ask(at: start, requests: 0, tokens: 5, places: 1) == nil)
        #expect(
            use.record.windows(of: use.subject, at: start).map(\.remaining) == [9, 19, 25, 35, 49])
    }

    @Test func `an undone request is taken out of its slot, and of no other`() {
        var use = LimitRecordUse {
            $0.requestsPerMinute = 5
            $0.requestsPerDay = 5
        }
        #expect(use.ask(at: start) == nil)
        #expect(use.ask(at: start + 10) == nil)
        use.settle(at: start + 20, countedAt: start.seconds + 10, isUndone: true)
        #expect(use.remaining(at: start + 20) == [4, 4])
        #expect(use.remaining(at: start + 61) == [5, 4])
        // When it has left the minute, only the day has it; when it was never there, nobody has.
        use.settle(at: start + 100, countedAt: start.seconds, isUndone: true)
        #expect(use.remaining(at: start + 100) == [5, 5])
        #expect(use.ask(at: start + 100) == nil)
        for countedAt in [-1, .min, .max, start.seconds + 99, start.seconds + 101] {
            use.settle(at: start + 100, countedAt: countedAt, isUndone: true)
        }
        #expect(use.remaining(at: start + 100)[0] == 4)
    }

    @Test func `a small step back of the clock is none, a large one is a pause`() {
        var use = LimitRecordUse { $0.requestsPerMinute = 2 }
        #expect(use.ask(at: start) == nil)
        #expect(use.ask(at: start - 300) == nil)
        #expect(use.record.lastUsed == start.seconds)
        #expect(use.ask(at: start - 1) == 60)
        #expect(use.ask(at: start - 301) == 60)
        #expect(use.record.lastUsed == start.seconds - 301)
        #expect(use.ask(at: start - 301 + 61) == nil)
    }

    @Test(arguments: [301, 3600, 1_000_000])
    func `a clock that was set back does not keep places for long`(seconds: Int) {
        var use = LimitRecordUse { $0.concurrent = 1 }
        #expect(use.ask(at: start, places: 1) == nil)
        let now = start - seconds
        // The process that holds it is gone.
        var after = use
        after.lease = LimitLease()
        #expect(after.ask(at: now, places: 1) == nil)
        // The process lives: it holds its place by renewing.
        use.renew(at: now)
        #expect((60...70).contains(use.lease.expires - now.seconds) && use.remaining(at: now) == [0])
    }

    @Test(arguments: [Int.min, -1, 0, 1, 60, 1800, LimitRecord.latest, .max])
    func `any time is a time`(seconds: Int) {
        let now = LimitMoment(seconds: seconds, ticks: .max)
        var use = LimitRecordUse {
            $0.requestsPerMinute = 1
            $0.tokensPerDay = 10
            $0.concurrent = 1
        }
        #expect(use.ask(at: now, tokens: 10, places: 1) == nil)
        #expect(use.remaining(at: now) == [0, 0, 0])
        use.settle(at: now, tokens: 10, heldPlaces: 1)
        #expect(use.remaining(at: now) == [0, 10, 1])
    }

    @Test func `a record is spent when everything in it is over`() {
        var use = LimitRecordUse { $0.concurrent = 1 }
        #expect(use.record.weight(at: start) == 0)
        _ = use.record.windows(of: use.subject, at: start)
        #expect(use.record.weight(at: start) == 0 && use.record.lastUsed == start.seconds)
        #expect(use.ask(at: start, requests: 0, places: 1) == nil)
        #expect(use.record.weight(at: start + 59) > 0 && use.record.weight(at: start + 60) == 0)
        use.settle(at: start + 1, heldPlaces: 1)
        #expect(use.record.weight(at: start + 1) == 0)
        #expect(use.ask(at: start + 1) == nil)
        #expect(use.record.weight(at: start + 86_400) > 0 && use.record.weight(at: start + 88_201) == 0)
    }

    @Test func `what is beyond all bounds stands at the bound`() {
        var use = LimitRecordUse {
            $0.requestsPerMinute = 1_000_000_000
            $0.tokensPerMinute = 1_000_000_000
        }
        #expect(use.ask(at: start, requests: .max, tokens: .max) == -1)
        let claim = LimitClaim(
            subjects: [use.subject], requests: .max, places: 0, tokens: .max)
        for _ in 0..<3 {
            use.record.take(claim, under: use.subject, at: start, lease: &use.lease, leaseSeconds: .max)
        }
        #expect(use.lease.tokens == 3 * LimitRecord.maximumReservation)
        #expect(use.lease.expires <= start.seconds + LimitHolds.maximumSpan)
        #expect(use.remaining(at: start) == [0, 970_000_000])
        use.settle(
            at: start, requests: .max, countedAt: start.seconds, tokens: .max, used: .max, isUndone: true)
        #expect(use.lease == LimitLease() && use.remaining(at: start) == [1_000_000_000, 0])
        let less = LimitClaim(
            subjects: [use.subject], requests: .min, places: 0, tokens: .min)
        #expect(use.record.refusal(of: less, under: use.subject, at: start) == nil)
        use.record.take(less, under: use.subject, at: start, lease: &use.lease, leaseSeconds: .min)
        use.settle(at: start, requests: .min, tokens: .min, used: .min, heldPlaces: 1, isUndone: true)
        #expect(use.lease == LimitLease() && use.remaining(at: start) == [1_000_000_000, 0])
        use.subject.rules.requestsPerMinute = .min
        #expect(use.ask(at: start) == -1)
        #expect(use.remaining(at: start) == [0, 0])
    }

    @Test func `it is a kilobyte and a quarter, and zeroes are an empty one`() {
        #expect(MemoryLayout<LimitRecord>.size <= 1296)
        // Not the other way round: what lies between the numbers of an empty one may be anything.
        let zeroes = [UInt8](repeating: 0, count: MemoryLayout<LimitRecord>.size)
        let record = zeroes.withUnsafeBytes { $0.loadUnaligned(as: LimitRecord.self) }
        #expect(record.encoded() == LimitRecord().encoded())
    }
}
