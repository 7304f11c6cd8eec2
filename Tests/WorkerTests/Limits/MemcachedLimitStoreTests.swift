import GatewayTestSupport
import Memcached
import Relay
import Testing
import TestSupport

@testable import Worker

/// The store on real servers, which hang, go away and come back.
@Suite(.timeLimit(.minutes(2)), .serialized) struct MemcachedLimitStoreTests {
    private let log = RecordingLog()

    /// A store as a process of its own would have it.
    private func store(
        _ servers: [MemcachedProcess], timeout: Duration = .seconds(3), leaseSeconds: Int = 60,
        local: any LimitStore = NoLimitStore(), clock: any RelayClock = SystemClock()
    ) throws -> MemcachedLimitStore {
        var settings = Configuration().memcached
        settings.timeout = timeout
        return try MemcachedLimitStore(
            settings, servers: servers.map { try #require(MemcachedServer($0.address)) },
            leaseSeconds: leaseSeconds, local: local, clock: clock, log: log,
            breaker: StoreBreaker(pauses: [.milliseconds(50)]))
    }

    private func memory() -> MemoryLimitStore { MemoryLimitStore(leaseSeconds: 60, clock: SystemClock()) }

    private func subject(
        _ number: UInt64 = 1, _ scope: LimitScope = .caller, perMinute: Int? = 5, concurrent: Int? = nil,
        onStoreFailure: LimitRules.StoreFailure = .local
    ) -> LimitSubject {
        var rules = LimitRules(requestsPerMinute: perMinute, concurrent: concurrent)
        rules.onStoreFailure = onStoreFailure
        return LimitSubject(
            key: LimitKey(scope, .text, high: number &* 0x9E37_79B9_7F4A_7C15, low: number), rules: rules)
    }

    private var messages: [String] { log.events.map { "\($0.level) \($0.message)" } }

    private func windows(_ subject: LimitSubject, of store: MemcachedLimitStore) async -> [LimitWindow] {
        await store.admit(.look(at: [subject])).windows
    }

    private func soon(_ condition: () async -> Bool) async -> Bool {
        let deadline = ContinuousClock.now + .seconds(10)
        while await !condition() {
            guard ContinuousClock.now < deadline else { return false }
            // Cancellation only makes the wait shorter.
            try? await Task.sleep(for: .milliseconds(1))
        }
        return true
    }

    // MARK: Counting

    @Test(arguments: LimitStoreChecks.Rule.allCases, [1, 3])
    func `it does what every limit store does`(rule: LimitStoreChecks.Rule, servers: Int) async throws {
        let servers = try (0..<servers).map { _ in try MemcachedProcess(.unix) }
        let clock = ManualClock()
        let checks = LimitStoreChecks(clock: clock, leaseSeconds: 60) {
            try store(servers, clock: clock)
        }
        let violations = try await checks.violations(of: rule)
        #expect(violations == [])
        #expect(messages == [])
    }

    @Test func `a server that forgets for want of room refuses nobody`() async throws {
        let server = try MemcachedProcess(.unix, options: ["-m", "1", "-I", "512k"])
        let store = try store([server])
        let first = subject(1)
        _ = await store.admit(LimitClaim(subjects: [first]))
        for batch in 0..<40 as Range<UInt64> {
            let refused = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<500 as Range<UInt64> {
                    let claim = LimitClaim(subjects: [subject(2 + 500 * batch + number)])
                    group.addTask { await store.admit(claim).refusal != nil }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(refused == 0)
        }
        #expect(await windows(first, of: store).map(\.remaining) == [5])
        #expect(store.health.places.allSatisfy(\.isUp) && messages == [])
    }

    @Test func `what was settled is written before the end`() async throws {
        let server = try MemcachedProcess(.unix)
        let (one, other) = (try store([server]), try store([server]))
        let subject = subject(concurrent: 2)
        let decision = await one.admit(LimitClaim(subjects: [subject]))
        #expect(await windows(subject, of: other).map(\.remaining) == [4, 1])
        one.settle(decision.grants.map { LimitSettlement($0) })
        one.finish()
        #expect(await windows(subject, of: other).map(\.remaining) == [4, 2])
        // Nobody is left waiting.
        #expect(await one.admit(LimitClaim(subjects: [subject])).grants.map(\.place) == [254])
    }

    /// A machine's own store that is told of the end.
    private final class EndingStore: LimitStore {
        let ends = Counter()

        func admitAtOnce(_ claim: LimitClaim) -> LimitDecision? { .unlimited }
        func admit(_ claim: LimitClaim) async -> LimitDecision { .unlimited }
        func settle(_ grants: [LimitGrant], usedTokens: Int, isUndone: Bool) {}
        func renew() {}
        func finish() { _ = ends.next() }
        var health: LimitStoreHealth { LimitStoreHealth(kind: "none") }
    }

    @Test func `servers that hang hold up the end together as long as one`() async throws {
        let servers = try (0..<4).map { _ in try MemcachedProcess(.unix) }
        let local = EndingStore()
        let store = try store(servers, timeout: .seconds(10), local: local)
        // So that all threads have work which does not end.
        let decisions = await withTaskGroup(of: LimitDecision.self) { group in
            for number in 0..<64 as Range<UInt64> {
                let claim = LimitClaim(subjects: [subject(number, concurrent: 5)])
                group.addTask { await store.admit(claim) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let grants = decisions.flatMap(\.grants)
        #expect(Set(grants.map(\.place)) == [0, 1, 2, 3])
        for server in servers { server.pause() }
        store.settle(grants.map { LimitSettlement($0) })
        let start = ContinuousClock.now
        store.finish()
        #expect(ContinuousClock.now - start < .seconds(3))
        #expect(local.ends.value == 1)
    }

    // MARK: Servers that fail

    @Test func `a server that hangs makes nobody wait for long, and is used again`() async throws {
        let server = try MemcachedProcess(.unix)
        let store = try store([server], timeout: .milliseconds(100), leaseSeconds: 2, local: memory())
        let subject = subject(perMinute: 9, concurrent: 9)
        let claim = LimitClaim(subjects: [subject])
        let before = await store.admit(claim)
        #expect(before.grants.map(\.place) == [0])

        server.pause()
        let start = ContinuousClock.now
        let meanwhile = await withTaskGroup(of: LimitDecision.self) { group in
            for _ in 0..<3 { group.addTask { await store.admit(claim) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(ContinuousClock.now - start < .seconds(2))
        #expect(meanwhile.flatMap(\.grants).map(\.place) == [255, 255, 255])
        let atOnce = try #require(store.admitAtOnce(claim))
        #expect(atOnce.windows.map(\.remaining) == [5, 5])
        #expect(store.health.places.map(\.isUp) == [false])
        #expect(store.health.places.map(\.name) == [server.address])
        // The one on the server waits until that is there again.
        let decisions = [before, atOnce] + meanwhile
        store.settle(decisions.flatMap(\.grants).map { LimitSettlement($0) })

        server.resume()
        #expect(await soon { store.admitAtOnce(claim) == nil })
        #expect(store.health.places.map(\.isUp) == [true])
        // What was sent to it before it was given up it counts now, if not twice; and places that nobody moves on are free
        // in time.
        #expect(await soon { await windows(subject, of: store).last?.remaining == 9 })
        #expect(await windows(subject, of: store).first.map { (5...8).contains($0.remaining) } == true)
        #expect(messages == ["warning limit store is not used", "info limit store is used again"])
    }

    @Test(arguments: LimitRules.StoreFailure.allCases)
    func `without the server it is as the rules say`(onStoreFailure: LimitRules.StoreFailure) async throws {
        let server = try MemcachedProcess(.ipv4)
        server.kill()
        let store = try store([server], local: memory())
        let claim = LimitClaim(subjects: [
            subject(perMinute: 1, onStoreFailure: onStoreFailure), subject(2, .address, perMinute: 9),
        ])
        var decisions: [LimitDecision] = []
        for _ in 0..<2 { decisions.append(await store.admit(claim)) }
        switch onStoreFailure {
        case .local:
            #expect(decisions.map { $0.refusal == nil } == [true, false])
            #expect(decisions[0].grants.map(\.place) == [255, 255])
            #expect(decisions[1].windows.map(\.remaining) == [0, 8])
        case .deny:
            #expect(decisions.map(\.refusal) == [.unavailable, .unavailable])
        case .allow:
            #expect(decisions.map { $0.refusal == nil } == [true, true])
            #expect(decisions.flatMap(\.grants).map(\.place) == [254, 255, 254, 255])
            #expect(decisions[1].windows.map(\.remaining) == [7])
        }
        store.settle(decisions.flatMap(\.grants).map { LimitSettlement($0, isUndone: true) })
        #expect(
            try #require(store.admitAtOnce(claim)).refusal == (onStoreFailure == .deny ? .unavailable : nil))
        #expect(messages == ["warning limit store is not used"])
    }

    @Test func `one of three servers that is gone harms only what it has`() async throws {
        let servers = try (0..<3).map { _ in try MemcachedProcess(.unix) }
        let store = try store(servers, local: memory())
        let ring = try MemcachedRing(servers.map { try #require(MemcachedServer($0.address)) })
        func subjects(on place: Int, _ scope: LimitScope) throws -> LimitSubject {
            let number = try #require(
                (1..<10_000 as Range<UInt64>).first {
                    ring.place(of: "fastrelay:3:" + subject($0, scope).key.text) == place
                })
            return subject(number, scope)
        }
        let claims = try (0..<3).map { place in
            LimitClaim(subjects: [
                try subjects(on: place, .caller), try subjects(on: (place + 1) % 3, .address),
            ])
        }
        func places() async -> [[UInt8]] {
            var places: [[UInt8]] = []
            for claim in claims { places.append(await store.admit(claim).grants.map(\.place)) }
            return places
        }
        #expect(await places() == [[0, 1], [1, 2], [2, 0]])
        servers[1].kill()
        #expect(await places() == [[0, 255], [255, 2], [2, 0]])
        #expect(store.health.places.map(\.isUp) == [true, false, true])
        try servers[1].restart()
        #expect(await soon { store.health.places.allSatisfy(\.isUp) })
        #expect(await places() == [[0, 1], [1, 2], [2, 0]])
    }

    @Test func `what is counted on one server is taken back when another refuses`() async throws {
        let servers = try (0..<3).map { _ in try MemcachedProcess(.unix) }
        let store = try store(servers)
        for number in 0..<12 as Range<UInt64> {
            let caller = subject(number, perMinute: 5, concurrent: 5)
            let address = subject(number + 100, .address, perMinute: 1)
            #expect(await store.admit(LimitClaim(subjects: [address, caller])).refusal == nil)
            let refused = await store.admit(LimitClaim(subjects: [address, caller]))
            #expect(refused.refusal != nil && refused.windows.map(\.remaining) == [0, 4, 4])
            #expect(await soon { await windows(caller, of: store).map(\.remaining) == [4, 4] })
        }
    }

    @Test func `a server that is restarted in between is not missed`() async throws {
        let server = try MemcachedProcess(.unix)
        let store = try store([server])
        let claim = LimitClaim(subjects: [subject()])
        #expect(await store.admit(claim).windows.map(\.remaining) == [4])
        try server.restart()
        #expect(await store.admit(claim).windows.map(\.remaining) == [4])
        #expect(messages == [])
    }
}
