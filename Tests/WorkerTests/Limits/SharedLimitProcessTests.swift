import Glibc
import Relay
import Testing
import TestSupport

@testable import Worker

/// Limits that several processes share, of which some end badly.
@Suite(.timeLimit(.minutes(2)), .serialized) struct SharedLimitProcessTests {
    @Test func `processes that start at once and race get just so much`() async throws {
        let bed = try LimitBed()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { [path = bed.path] in
                    await #expect(processExitsWith: .success) { [path = path as String] in
                        let store = LimitBed.store(path, clock: SystemClock())
                        try #require(store.health.kind == "machine")
                        let caller = LimitBed.subject(1) { $0.requestsPerDay = 1000 }
                        let address = LimitBed.subject(1, .address) { $0.requestsPerDay = 100_000 }
                        let admitted = Counter()
                        await withTaskGroup(of: Void.self) { group in
                            for _ in 0..<8 {
                                group.addTask {
                                    for _ in 0..<100 {
                                        let claim = LimitBed.claim(caller, address, places: 1)
                                        let decision = await store.admit(claim)
                                        store.settle(decision.grants.map { LimitSettlement($0) })
                                        if decision.isGranted { _ = admitted.next() }
                                    }
                                }
                            }
                        }
                        try #require(mkdir(path + ".\(getpid()).\(admitted.value)", 0o700) == 0)
                    }
                }
            }
        }
        let admitted = try bed.directory.names().compactMap { name in
            name.hasPrefix("limits.")
                ? name.split(separator: ".").dropFirst(2).first.flatMap { Int($0) } : nil
        }
        #expect(admitted.count == 4)
        #expect(admitted.reduce(0, +) == 1000)
    }

    @Test func `what a killed process held comes back after its lease`() async throws {
        let bed = try LimitBed()
        let subject = LimitBed.subject(1) {
            $0.concurrent = 4
            $0.tokensPerDay = 100
        }
        let store = bed.store()
        #expect(
            store.admitAtOnce(LimitBed.claim(subject, places: 1, tokens: 10))?.isGranted == true)
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = bed.path as String] in
            let subject = LimitBed.subject(1) {
                $0.concurrent = 4
                $0.tokensPerDay = 100
            }
            let store = LimitBed.store(path)
            for _ in 0..<3 {
                let claim = LimitBed.claim(subject, places: 1, tokens: 30)
                try #require(store.admitAtOnce(claim)?.isGranted == true)
            }
            kill(getpid(), SIGKILL)
        }
        let claim = LimitBed.claim(subject, places: 1, tokens: 1)
        #expect(store.admitAtOnce(claim)?.windows.map(\.remaining) == [0, 0])
        store.renew()
        bed.clock.advance(by: .seconds(LimitBed.leaseSeconds - 1))
        store.renew()
        #expect(store.admitAtOnce(claim)?.isGranted == false)
        // A lease is rounded up to a sixth of itself.
        bed.clock.advance(by: .seconds(2))
        store.renew()
        #expect(store.admitAtOnce(claim)?.windows.map(\.remaining) == [89, 2])
    }

    @Test func `others go on when a process is killed while it counts`() async throws {
        let bed = try LimitBed()
        for _ in 0..<5 {
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = bed.path as String] in
                let store = LimitBed.store(path, clock: SystemClock())
                let done = Counter()
                // Somewhere in the middle of what the other thread does then.
                Task.detached {
                    while done.value < 1000 {}
                    kill(getpid(), SIGKILL)
                }
                while true {
                    for number in 0..<8 as Range<UInt64> {
                        let claim = LimitBed.claim(
                            LimitBed.subject(number) { $0.requestsPerDay = .max },
                            LimitBed.subject(number, .address) { $0.requestsPerDay = .max }, places: 1)
                        let decision = await store.admit(claim)
                        store.settle(decision.grants.map { LimitSettlement($0) })
                        _ = done.next()
                    }
                }
            }
            let store = LimitBed.store(bed.path, clock: SystemClock())
            for number in 0..<8 as Range<UInt64> {
                let claim = LimitBed.claim(
                    LimitBed.subject(number) { $0.requestsPerDay = .max },
                    LimitBed.subject(number, .address) { $0.requestsPerDay = .max })
                #expect(await store.admit(claim).isGranted)
            }
        }
    }
}
