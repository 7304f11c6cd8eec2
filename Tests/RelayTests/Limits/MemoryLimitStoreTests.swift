import Testing
import TestSupport

@testable import Relay

@Suite(.timeLimit(.minutes(1))) struct MemoryLimitStoreTests {
    let clock = ManualClock()

    func subject(
        _ number: UInt64, _ scope: LimitScope = .caller, perMinute: Int? = 1, perDay: Int? = nil,
        concurrent: Int? = nil
    ) -> LimitSubject {
        var rules = LimitRules(requestsPerMinute: perMinute, concurrent: concurrent)
        rules.requestsPerDay = perDay
        return LimitSubject(key: LimitKey(scope, .text, high: 0, low: number), rules: rules)
    }

    func passes(_ store: MemoryLimitStore, _ subjects: LimitSubject..., places: Int = 0) -> Bool {
        store.admitAtOnce(LimitClaim(subjects: subjects, places: places))?.refusal == nil
    }

    @Test(arguments: LimitStoreChecks.Rule.allCases, [5, 60])
    func `it does what every limit store does`(rule: LimitStoreChecks.Rule, leaseSeconds: Int) async throws {
        let first = MemoryLimitStore(leaseSeconds: leaseSeconds, clock: clock)
        let checks = LimitStoreChecks(clock: clock, leaseSeconds: leaseSeconds) {
            MemoryLimitStore(sharing: first)
        }
        #expect(try await checks.violations(of: rule) == [])
    }

    @Test(arguments: LimitStoreChecks.Rule.allCases)
    func `a store that counts nothing is found out`(rule: LimitStoreChecks.Rule) async throws {
        let checks = LimitStoreChecks(clock: clock, leaseSeconds: 60, patience: .zero) { NoLimitStore() }
        #expect(try await !checks.violations(of: rule).isEmpty)
    }

    @Test func `a flood of callers takes the room of as many as there is room for, and none of an address's`()
    {
        let store = MemoryLimitStore(leaseSeconds: 60, clock: clock, maximumRecords: 100)
        let address = subject(1, .address)
        #expect(passes(store, address))
        for number in 0..<50_000 as Range<UInt64> {
            if !passes(store, subject(number)) { Issue.record("a new caller was refused") }
        }
        #expect(store.count == 101)
        #expect(!passes(store, address))
    }

    @Test func `whoever was used last is remembered`() {
        let store = MemoryLimitStore(leaseSeconds: 60, clock: clock, maximumRecords: 3)
        for number in 1...3 as ClosedRange<UInt64> { #expect(passes(store, subject(number))) }
        // Being refused is a use as well.
        #expect(!passes(store, subject(1)))
        #expect(passes(store, subject(4)))
        #expect(!passes(store, subject(1)) && !passes(store, subject(3)) && !passes(store, subject(4)))
        #expect(passes(store, subject(2)))
        // It was the turn of the first one.
        #expect(passes(store, subject(1)))
        #expect(store.count == 3)
    }

    @Test func `the room of what is over is used again before there is more`() {
        let store = MemoryLimitStore(leaseSeconds: 60, clock: clock)
        for number in 1...10 as ClosedRange<UInt64> { #expect(passes(store, subject(number))) }
        clock.advance(by: .seconds(88_200))
        for number in 11...20 as ClosedRange<UInt64> { #expect(passes(store, subject(number))) }
        #expect(store.count == 10)
        #expect(!passes(store, subject(20)))
    }

    @Test func `what is refused or counts nothing takes no room`() {
        let store = MemoryLimitStore(leaseSeconds: 60, clock: clock)
        #expect(!passes(store, subject(1, perMinute: 0)))
        let look = LimitClaim(subjects: [subject(2)], requests: 0, places: 0)
        #expect(store.admitAtOnce(look)?.windows.map(\.remaining) == [1])
        #expect(store.count == 0)
    }

    @Test func `a place that was pushed out is held again once it is renewed`() throws {
        let store = MemoryLimitStore(leaseSeconds: 60, clock: clock, maximumRecords: 1)
        let busy = subject(1, perMinute: nil, concurrent: 1)
        let decision = try #require(store.admitAtOnce(LimitClaim(subjects: [busy])))
        #expect(passes(store, subject(2)))
        store.renew()
        #expect(!passes(store, busy, places: 1))
        store.settle(decision.grants.map { LimitSettlement($0) })
        #expect(passes(store, busy, places: 1))
    }

    @Test func `with two limits reached the one that lasts longer is told`() {
        let store = MemoryLimitStore(leaseSeconds: 60, clock: clock)
        let caller = subject(1, perMinute: 1, concurrent: 1)
        let address = subject(1, .address, perMinute: nil, perDay: 1)
        #expect(passes(store, caller, address, places: 1))
        for subjects in [[caller, address], [address, caller]] {
            guard
                case .limit(let window, let wait) = store.admitAtOnce(LimitClaim(subjects: subjects))?.refusal
            else {
                Issue.record("passed")
                continue
            }
            #expect(window.measure == .requestsPerDay && window.scope == .address && (wait ?? 0) > 61)
        }
    }

    @Test func `it says what it is`() {
        let store = MemoryLimitStore(leaseSeconds: 60, clock: clock)
        #expect(store.health == LimitStoreHealth(kind: "process"))
    }
}
