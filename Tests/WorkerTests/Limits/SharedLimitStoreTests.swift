import Glibc
import Relay
import Synchronization
import Testing
import TestSupport

@testable import Worker

/// Counting in memory that processes share: here two stores over one file stand for two processes.
@Suite(.timeLimit(.minutes(1))) struct SharedLimitStoreTests {
    let bed: LimitBed

    init() throws {
        bed = try LimitBed()
    }

    @Test(arguments: LimitStoreChecks.Rule.allCases, [5, 60])
    func `it does what every limit store does`(rule: LimitStoreChecks.Rule, leaseSeconds: Int) async throws {
        let (path, clock, log) = (bed.path, bed.clock, bed.log)
        let checks = LimitStoreChecks(clock: clock, leaseSeconds: leaseSeconds) {
            SharedLimitStore(path: path, leaseSeconds: leaseSeconds, clock: StepClock(clock), log: log)
        }
        #expect(try await checks.violations(of: rule) == [])
    }

    @Test func `stores of one file count together`() throws {
        let (one, other) = (bed.store(), bed.store())
        let claim = LimitBed.claim(LimitBed.subject(1) { $0.requestsPerMinute = 3 })
        #expect(one.admitAtOnce(claim)?.remaining == 2)
        #expect(other.admitAtOnce(claim)?.remaining == 1)
        #expect(one.admitAtOnce(claim)?.remaining == 0)
        let refused = try #require(other.admitAtOnce(claim))
        #expect(refused.grants.isEmpty)
        #expect(refused.windows.map(\.remaining) == [0])
        guard case .limit(let window, let wait) = refused.refusal else { throw Unexpected() }
        #expect(window.measure == .requestsPerMinute)
        #expect(wait == 60)
        bed.clock.advance(by: .seconds(60))
        #expect(other.admitAtOnce(claim)?.isGranted == false)
        bed.clock.advance(by: .milliseconds(1))
        #expect(other.admitAtOnce(claim)?.remaining == 2)
        #expect(one.health == LimitStoreHealth(kind: "machine", places: [.init(name: bed.path, isUp: true)]))
        #expect(bed.log.events.isEmpty)
    }

    @Test func `both subjects have room, or none counts`() throws {
        let store = bed.store()
        let caller = LimitBed.subject(1) { $0.requestsPerMinute = 9 }
        let address = LimitBed.subject(1, .address) { $0.requestsPerMinute = 2 }
        for remaining in [[8, 1], [7, 0]] {
            let decision = try #require(store.admitAtOnce(LimitBed.claim(caller, address)))
            #expect(decision.grants.map(\.key) == [caller.key, address.key])
            #expect(decision.windows.map(\.remaining) == remaining)
        }
        let refused = try #require(store.admitAtOnce(LimitBed.claim(caller, address)))
        #expect(!refused.isGranted)
        #expect(refused.windows.map(\.remaining) == [7, 0])
        #expect(refused.windows.map(\.scope) == [.caller, .address])
        // In the other order as well, and the caller alone still has what he had.
        #expect(store.admitAtOnce(LimitBed.claim(address, caller))?.isGranted == false)
        #expect(store.admitAtOnce(LimitBed.claim(caller))?.remaining == 6)
    }

    @Test func `what is refused takes no room in the table`() throws {
        let store = bed.store()
        let address = LimitBed.subject(0, .address) { $0.requestsPerMinute = 1 }
        for number in 1...500 as ClosedRange<UInt64> {
            let caller = LimitBed.subject(number) { $0.requestsPerMinute = 1 }
            let decision = try #require(store.admitAtOnce(LimitBed.claim(caller, address)))
            #expect(decision.isGranted == (number == 1))
        }
        #expect(store.recordCount == 2)
    }

    @Test func `places and tokens are given back and settled`() throws {
        let (one, other) = (bed.store(), bed.store())
        let subject = LimitBed.subject(1) {
            $0.tokensPerMinute = 100
            $0.concurrent = 2
        }
        let claim = LimitBed.claim(subject, places: 1, tokens: 40)
        let first = try #require(one.admitAtOnce(claim))
        #expect(first.windows.map(\.remaining) == [60, 1])
        #expect(other.admitAtOnce(claim)?.windows.map(\.remaining) == [20, 0])
        #expect(one.admitAtOnce(claim)?.isGranted == false)
        one.settle(first.grants.map { LimitSettlement($0, usedTokens: 10) })
        #expect(one.admitAtOnce(claim)?.windows.map(\.remaining) == [10, 0])
    }

    @Test func `an undone request was never counted`() throws {
        let store = bed.store()
        let claim = LimitBed.claim(LimitBed.subject(1) { $0.requestsPerDay = 1 }, places: 1)
        let decision = try #require(store.admitAtOnce(claim))
        #expect(store.admitAtOnce(claim)?.isGranted == false)
        store.settle(decision.grants.map { LimitSettlement($0, isUndone: true) })
        #expect(store.admitAtOnce(claim)?.isGranted == true)
    }

    @Test func `who lives keeps what he holds, who does not gives it back`() throws {
        let (alive, dead) = (bed.store(), bed.store())
        let subject = LimitBed.subject(1) { $0.concurrent = 2 }
        let claim = LimitBed.claim(subject, places: 1)
        #expect(alive.admitAtOnce(claim)?.isGranted == true)
        #expect(dead.admitAtOnce(claim)?.isGranted == true)
        for _ in 0..<3 {
            #expect(bed.store().admitAtOnce(claim)?.isGranted == false)
            bed.clock.advance(by: .seconds(2))
            alive.renew()
        }
        #expect(bed.store().admitAtOnce(claim)?.windows.map(\.remaining) == [0])
        #expect(bed.store().admitAtOnce(claim)?.isGranted == false)
    }

    @Test func `threads that race for a limit get just so much`() async throws {
        let stores = (0..<4).map { _ in bed.store() }
        let caller = LimitBed.subject(1) { $0.requestsPerDay = 700 }
        let address = LimitBed.subject(2, .address) { $0.requestsPerDay = 5000 }
        let claims = [LimitBed.claim(caller, address), LimitBed.claim(address, caller)]
        let admitted = Counter()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<64 {
                group.addTask {
                    for turn in 0..<20 {
                        let decision = await stores[number % 4].admit(claims[(number + turn) % 2])
                        if decision.isGranted { _ = admitted.next() }
                    }
                }
            }
        }
        #expect(admitted.value == 700)
        #expect(stores[0].admitAtOnce(LimitBed.claim(address))?.remaining == 5000 - 701)
    }

    @Test func `a lock that is not given back is waited for, then taken`() async throws {
        let store = LimitBed.store(bed.path, clock: SystemClock())
        let subject = LimitBed.subject(1) {
            $0.concurrent = 1
            $0.tokensPerDay = 100
        }
        let claim = LimitBed.claim(subject, places: 1, tokens: 60)
        let held = try #require(store.admitAtOnce(claim))
        let word = store.currentTable.lockWord(of: subject.key)
        let dead = 1 << 32 | BucketLock.milliseconds()
        word.pointee.store(dead, ordering: .relaxed)
        #expect(store.admitAtOnce(claim) == nil)
        // It waits for the lock, and so does the claim that comes after it.
        store.settle(held.grants.map { LimitSettlement($0, usedTokens: 5) })
        let decision = await store.admit(claim)
        #expect(decision.isGranted)
        #expect(decision.windows.map(\.remaining) == [35, 0])
        #expect(word.pointee.load(ordering: .relaxed) == 0)
    }

    @Test func `the end of a process waits for a lock`() throws {
        let (store, other) = (bed.store(), bed.store())
        let subject = LimitBed.subject(1) { $0.concurrent = 1 }
        let claim = LimitBed.claim(subject, places: 1)
        let held = try #require(store.admitAtOnce(claim))
        let word = store.currentTable.lockWord(of: subject.key)
        word.pointee.store(1 << 32 | BucketLock.milliseconds(), ordering: .relaxed)
        store.settle(held.grants.map { LimitSettlement($0) })
        #expect(other.admitAtOnce(claim) == nil)
        store.finish()
        #expect(other.admitAtOnce(claim)?.isGranted == true)
    }

    @Test func `a lock that was taken late is one of now, or lost`() throws {
        let store = bed.store()
        let word = store.currentTable.lockWord(of: LimitBed.subject(1) { _ in }.key)
        let lock = BucketLock()
        let now = BucketLock.milliseconds()
        let late = 7 << 32 | (now &- 2000) & 0xFFFF_FFFF
        word.pointee.store(late, ordering: .relaxed)
        let mine = try #require(lock.renewed(late, in: word))
        #expect(!BucketLock.isStale(mine, at: now + 1))
        #expect(word.pointee.load(ordering: .relaxed) == mine)
        #expect(lock.renewed(mine, in: word) == mine)
        // Somebody else has it by now.
        #expect(lock.renewed(late, in: word) == nil)
        #expect(word.pointee.load(ordering: .relaxed) == mine)
    }

    @Test func `a lock of long ago, or of before the start, is free`() throws {
        let now: UInt64 = 5_000_000
        #expect(!BucketLock.isStale(7 << 32 | now, at: now))
        #expect(!BucketLock.isStale(7 << 32 | now - 1000, at: now))
        #expect(BucketLock.isStale(7 << 32 | now - 1001, at: now))
        #expect(BucketLock.isStale(7 << 32 | now + 1, at: now))
        // The count of milliseconds begins anew every 50 days.
        #expect(!BucketLock.isStale(7 << 32 | 0xFFFF_FFFF, at: 5))
        let store = bed.store()
        let subject = LimitBed.subject(1) { $0.requestsPerDay = 9 }
        let word = store.currentTable.lockWord(of: subject.key)
        for word64 in [1, .max, 0x1234_5678_0000_0000 | (BucketLock.milliseconds() &- 5000) & 0xFFFF_FFFF]
            as [UInt64]
        {
            word.pointee.store(word64, ordering: .relaxed)
            #expect(store.admitAtOnce(LimitBed.claim(subject))?.isGranted == true)
        }
    }

    @Test func `a flood of callers is bounded and leaves addresses alone`() throws {
        let store = bed.store()
        let address = LimitBed.subject(1, .address) { $0.requestsPerDay = 1_000_000 }
        for number in 1...20_000 as ClosedRange<UInt64> {
            let caller = LimitBed.subject(number) { $0.requestsPerDay = 5 }
            #expect(store.admitAtOnce(LimitBed.claim(caller, address))?.isGranted == true)
        }
        #expect(store.recordCount == 64 + 1)
        #expect(store.admitAtOnce(LimitBed.claim(address))?.remaining == 1_000_000 - 20_001)
    }

    @Test func `the one that was not used for longest makes room`() throws {
        let store = bed.store()
        let often = LimitBed.subject(1) { $0.requestsPerDay = 1_000_000 }
        #expect(store.admitAtOnce(LimitBed.claim(often))?.isGranted == true)
        for number in 2...2000 as ClosedRange<UInt64> {
            bed.clock.advance(by: .seconds(1))
            let other = LimitBed.subject(number) { $0.requestsPerDay = 5 }
            #expect(store.admitAtOnce(LimitBed.claim(other))?.isGranted == true)
            #expect(store.admitAtOnce(LimitBed.claim(often))?.remaining == 1_000_000 - Int(number))
        }
    }

    @Test func `strangers of the same bucket do not push out who has used much`() throws {
        let store = bed.store()
        let caller = LimitBed.subject(1) { $0.requestsPerDay = 5 }
        for _ in 0..<5 { #expect(store.admitAtOnce(LimitBed.claim(caller))?.isGranted == true) }
        let bucket = store.currentTable.bucket(of: caller.key)
        let strangers = (2...10_000 as ClosedRange<UInt64>).lazy
            .map { LimitBed.subject($0) { $0.requestsPerDay = 5 } }
            .filter { store.currentTable.bucket(of: $0.key) == bucket }.prefix(80)
        #expect(strangers.count == 80)
        bed.clock.advance(by: .seconds(1))
        for stranger in strangers {
            #expect(store.admitAtOnce(LimitBed.claim(stranger))?.isGranted == true)
        }
        #expect(store.admitAtOnce(LimitBed.claim(caller))?.isGranted == false)
        // After a day they are all the same again.
        bed.clock.advance(by: .seconds(25 * 3600))
        #expect(store.admitAtOnce(LimitBed.claim(caller))?.remaining == 4)
    }

    @Test func `strangers of the same bucket do not push out who holds something`() throws {
        let store = bed.store()
        let caller = LimitBed.subject(1) { $0.concurrent = 1 }
        #expect(store.admitAtOnce(LimitBed.claim(caller, places: 1))?.isGranted == true)
        let bucket = store.currentTable.bucket(of: caller.key)
        let strangers = (2...10_000 as ClosedRange<UInt64>).lazy
            .map { LimitBed.subject($0) { $0.requestsPerDay = 5 } }
            .filter { store.currentTable.bucket(of: $0.key) == bucket }.prefix(80)
        #expect(strangers.count == 80)
        for stranger in strangers {
            for _ in 0..<5 { #expect(store.admitAtOnce(LimitBed.claim(stranger))?.isGranted == true) }
        }
        // Another process: this one would put in anew what it holds.
        #expect(bed.store().admitAtOnce(LimitBed.claim(caller, places: 1))?.isGranted == false)
    }

    @Test func `so many callers as there is room for are remembered`() throws {
        let path = bed.directory.path("whole")
        let store = SharedLimitStore(
            path: path, leaseSeconds: 60, clock: StepClock(bed.clock), log: bed.log)
        func callers(_ count: UInt64) -> [LimitClaim] {
            (1...count).map { number in LimitBed.claim(LimitBed.subject(number) { $0.requestsPerDay = 5 }) }
        }
        for (count, most) in [(5461 as UInt64, 2), (8192, 60)] {
            for claim in callers(count) { _ = store.admitAtOnce(claim) }
            let forgotten = callers(count).count { (store.admitAtOnce($0)?.remaining ?? 5) > 3 }
            #expect(forgotten <= most, "of \(count)")
        }
    }

    @Test func `each table has its own buckets`() {
        let (one, same, other) = (bed.store(), bed.store(), LimitBed.store(nil))
        let keys = (1...400 as ClosedRange<UInt64>).map { LimitBed.subject($0) { _ in }.key }
        let buckets = keys.map { one.currentTable.bucket(of: $0) }
        #expect(buckets == keys.map { same.currentTable.bucket(of: $0) })
        #expect(buckets != keys.map { other.currentTable.bucket(of: $0) })
        #expect(Set(buckets) == Set(0..<LimitBed.layout.callerBuckets))
        #expect(unlink(bed.path) == 0)
        #expect(buckets != keys.map { bed.store().currentTable.bucket(of: $0) })
    }

    @Test func `what is held is held again when its record was lost`() throws {
        let store = bed.store()
        let subject = LimitBed.subject(1) { $0.concurrent = 2 }
        let claim = LimitBed.claim(subject, places: 1)
        let first = try #require(store.admitAtOnce(claim))
        for number in 2...2000 as ClosedRange<UInt64> {
            let other = LimitBed.subject(number) { $0.requestsPerDay = 5 }
            bed.clock.advance(by: .milliseconds(2))
            #expect(store.admitAtOnce(LimitBed.claim(other))?.isGranted == true)
        }
        store.renew()
        #expect(store.admitAtOnce(claim)?.windows.map(\.remaining) == [0])
        store.settle(first.grants.map { LimitSettlement($0) })
        #expect(store.admitAtOnce(claim)?.windows.map(\.remaining) == [0])
    }

    @Test func `without a path a process counts alone`() throws {
        let (one, other) = (LimitBed.store(nil), LimitBed.store(nil))
        let claim = LimitBed.claim(LimitBed.subject(1) { $0.requestsPerMinute = 1 })
        #expect(one.admitAtOnce(claim)?.isGranted == true)
        #expect(one.admitAtOnce(claim)?.isGranted == false)
        #expect(other.admitAtOnce(claim)?.isGranted == true)
        #expect(one.health == LimitStoreHealth(kind: "process"))
    }

    struct Unexpected: Error {}
}
