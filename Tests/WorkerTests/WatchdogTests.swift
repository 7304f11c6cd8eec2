import EventLoop
import TestSupport
import Testing

@testable import Worker

@Suite(.timeLimit(.minutes(1))) struct WatchdogTests {
    /// Runs a body beside running loops.
    static func running(_ loops: [EventLoop], _ body: () async throws -> Void) async throws {
        let threads = try loops.map { loop in try Thread(name: "test-\(loop.index)") { loop.run() } }
        defer {
            for loop in loops { loop.stop() }
            for thread in threads { thread.join() }
        }
        try await body()
    }

    @Test func `it reports again and again while every loop answers`() async throws {
        let loops = try (0..<3).map { try EventLoop(index: $0) }
        let reports = Counter()
        let watchdog = Watchdog(loops: loops, interval: .milliseconds(2)) { _ = reports.next() }
        try await Self.running(loops) {
            loops[0].submit { watchdog.start() }
            #expect(await eventually { reports.value >= 5 })
        }
    }

    @Test func `it is silent while one loop hangs, and goes on when that does`() async throws {
        let loops = try (0..<2).map { try EventLoop(index: $0) }
        let reports = Counter()
        let turns = Counter()
        let released = Counter()
        let watchdog = Watchdog(loops: loops, interval: .milliseconds(2)) { _ = reports.next() }
        try await Self.running(loops) {
            loops[1].submit { while released.value == 0 {} }
            loops[0].submit { watchdog.start() }
            // The first loop has all the time for reports.
            for _ in 0..<20 {
                loops[0].submit { _ = turns.next() }
                try await Task.sleep(for: .milliseconds(1))
            }
            #expect(await eventually { turns.value == 20 })
            #expect(reports.value == 0)
            _ = released.next()
            #expect(await eventually { reports.value >= 2 })
        }
    }
}
