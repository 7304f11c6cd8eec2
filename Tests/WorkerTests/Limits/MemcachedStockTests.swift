import GatewayTestSupport
import Memcached
import Relay
import Synchronization
import Testing
import TestSupport

@testable import Worker

/// What is counted ahead on real servers.
@Suite(.timeLimit(.minutes(2)), .serialized) struct MemcachedStockTests {
    private let log = RecordingLog()

    private func store(
        _ servers: [MemcachedProcess], timeout: Duration = .seconds(3), leaseSeconds: Int = 60
    ) throws -> MemcachedLimitStore {
        var settings = Configuration().memcached
        settings.timeout = timeout
        return try MemcachedLimitStore(
            settings, servers: servers.map { try #require(MemcachedServer($0.address)) },
            leaseSeconds: leaseSeconds,
            local: MemoryLimitStore(leaseSeconds: leaseSeconds, clock: SystemClock()), clock: SystemClock(),
            log: log,
            breaker: StoreBreaker(pauses: [.milliseconds(50)]))
    }

    private static func claim(perMinute: Int, concurrent: Int) -> LimitClaim {
        LimitClaim(
            subjects: [LimitScope.caller, .address].map { scope in
                LimitSubject(
                    key: LimitKey(scope, .text, high: 0x9E37_79B9_7F4A_7C15, low: 1),
                    rules: LimitRules(
                        requestsPerMinute: perMinute, concurrent: scope == .caller ? concurrent : nil))
            })
    }

    private func remaining(_ claim: LimitClaim, of store: MemcachedLimitStore) async -> [Int] {
        await store.admit(.look(at: claim.subjects)).windows.map(\.remaining)
    }

    private func soon(_ condition: () async -> Bool) async -> Bool {
        let deadline = ContinuousClock.now + .seconds(20)
        while await !condition() {
            guard ContinuousClock.now < deadline else { return false }
            // Cancellation only makes the wait shorter.
            try? await Task.sleep(for: .milliseconds(1))
        }
        return true
    }

    @Test(arguments: [1, 3])
    func `whoever asks often is told at once, and what nobody needs is given back`(count: Int) async throws {
        let servers = try (0..<count).map { _ in try MemcachedProcess(.unix) }
        let (store, other) = (try store(servers), try store(servers))
        let claim = Self.claim(perMinute: 100_000, concurrent: 50_000)
        var used = 0
        var toldAtOnce = 0
        #expect(
            await soon {
                for _ in 0..<200 {
                    let atOnce = store.admitAtOnce(claim)
                    let decision: LimitDecision
                    if let atOnce { decision = atOnce } else { decision = await store.admit(claim) }
                    guard decision.refusal == nil, decision.grants.map(\.key) == claim.subjects.map(\.key),
                        decision.windows.map(\.scope) == [.caller, .caller, .address]
                    else { return false }
                    used += 1
                    if atOnce != nil { toldAtOnce += 1 }
                    // Nobody else asks, so what is told is exact.
                    guard decision.windows[0].remaining == 100_000 - used,
                        decision.windows[2].remaining == 100_000 - used
                    else { return false }
                    store.settle(decision.grants.map { LimitSettlement($0) })
                }
                return toldAtOnce > 200
            })
        let left = 100_000 - used
        #expect(await soon { await remaining(claim, of: other) == [left, 50_000, left] })
        #expect(log.events.isEmpty)
    }

    /// What many requests at once are told.
    private final class Counts: Sendable {
        private let counts = Mutex((passed: 0, toldAtOnce: 0))

        var passed: Int { counts.withLock(\.passed) }
        var toldAtOnce: Int { counts.withLock(\.toldAtOnce) }

        func ask(_ store: MemcachedLimitStore, _ claim: LimitClaim) async {
            let atOnce = store.admitAtOnce(claim)
            let decision: LimitDecision
            if let atOnce { decision = atOnce } else { decision = await store.admit(claim) }
            counts.withLock { counts in
                counts.passed += decision.refusal == nil ? 1 : 0
                counts.toldAtOnce += atOnce == nil ? 0 : 1
            }
            store.settle(decision.grants.map { LimitSettlement($0) })
        }
    }

    @Test func `processes that count ahead let pass just so many together`() async throws {
        let servers = [try MemcachedProcess(.unix)]
        let stores = try (0..<4).map { _ in try store(servers, leaseSeconds: 4) }
        let limit = 2000
        let claim = Self.claim(perMinute: limit, concurrent: 20_000)
        let counts = Counts()
        let deadline = ContinuousClock.now + .seconds(15)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<32 {
                let store = stores[number % stores.count]
                group.addTask {
                    // What one has counted ahead and does not need comes back to the others within a second.
                    while counts.passed < limit, ContinuousClock.now < deadline {
                        await counts.ask(store, claim)
                    }
                    for _ in 0..<10 { await counts.ask(store, claim) }
                }
            }
        }
        // Of what is to be taken back while many others write something may stay counted, but never is too little counted.
        #expect(counts.passed <= limit && counts.passed > limit * 15 / 16)
        #expect(counts.toldAtOnce > 0)
        // What is held behind many writes of others may have to wait for the end of its lease.
        #expect(await soon { await remaining(claim, of: stores[0])[1] == 20_000 })
    }

    @Test func `what was counted ahead on a server that hangs is given back later`() async throws {
        let server = try MemcachedProcess(.unix)
        let store = try store([server], timeout: .milliseconds(200), leaseSeconds: 4)
        let claim = Self.claim(perMinute: 100_000, concurrent: 50_000)
        #expect(
            await soon {
                guard let taken = store.admitAtOnce(claim) else {
                    store.settle(await store.admit(claim).grants.map { LimitSettlement($0) })
                    return false
                }
                store.settle(taken.grants.map { LimitSettlement($0) })
                return true
            })
        server.pause()
        // Until it is found out; what is told then is this machine's.
        #expect(
            await soon {
                store.settle(await store.admit(claim).grants.map { LimitSettlement($0) })
                return store.health.places.allSatisfy { !$0.isUp }
            })
        server.resume()
        #expect(await soon { store.health.places.allSatisfy(\.isUp) })
        // What was on its way then is free when its lease ends.
        #expect(await soon { await remaining(claim, of: store)[1] == 50_000 })
    }

    @Test func `what was counted ahead is given back at the end`() async throws {
        let servers = [try MemcachedProcess(.unix)]
        let (store, other) = (try store(servers), try store(servers))
        let claim = Self.claim(perMinute: 100_000, concurrent: 50_000)
        var used = 0
        #expect(
            await soon {
                let atOnce = store.admitAtOnce(claim)
                let decision: LimitDecision
                if let atOnce { decision = atOnce } else { decision = await store.admit(claim) }
                store.settle(decision.grants.map { LimitSettlement($0) })
                used += 1
                return atOnce != nil
            })
        store.finish()
        #expect(await remaining(claim, of: other) == [100_000 - used, 50_000, 100_000 - used])
    }
}
