import Glibc
import Relay
import Synchronization
import TestSupport
import Testing

@testable import Worker

@Suite(.timeLimit(.minutes(1))) struct ReloaderTests {
    let log = RecordingLog()
    let manager = ServiceManager([:], processID: 1)

    @Test func `requests that come during a reload are one more, and the last one counts`() async {
        let reads = Counter()
        let mayRead = Counter()
        let results = Results()
        let reloader = Reloader(log: log, manager: manager) {
            let number = results.wanted
            _ = reads.next()
            // On the reloader's own thread, which may block.
            while mayRead.value == 0 { usleep(200) }
            var configuration = Configuration()
            configuration.loops = number
            return configuration
        } apply: { configuration in
            results.add(configuration.loops)
            return ConfigurationChanges(from: Configuration(), to: Configuration())
        }
        results.wanted = 1
        reloader.reload()
        #expect(await eventually { reads.value == 1 })
        for number in 2...20 {
            results.wanted = number
            reloader.reload()
        }
        _ = mayRead.next()
        #expect(await eventually { results.applied == [1, 20] })
        #expect(await eventually { log.events.count == 2 })
        // And it can be asked again.
        reloader.reload()
        #expect(await eventually { results.applied == [1, 20, 20] })
    }

    @Test func `what cannot be read is a warning, and nothing is applied`() async {
        let reloader = Reloader(log: log, manager: manager) { () throws(ConfigurationError) in
            throw ConfigurationError(source: "a.json5", line: 3, column: 9, message: "wrong")
        } apply: { _ in
            Issue.record("applied")
            return ConfigurationChanges(from: Configuration(), to: Configuration())
        }
        reloader.reload()
        #expect(await eventually { log.events.count == 1 })
        #expect(log.events.first?.level == .warning)
        #expect(log.events.first?.message == "configuration not reloaded")
        #expect(log.events.first?.fields == [LogField("reason", .string("a.json5:3:9: wrong"))])
    }

    /// What is to be read, and what was applied.
    private final class Results: Sendable {
        private let state = Mutex((wanted: 0, applied: [Int]()))

        var wanted: Int {
            get { state.withLock { $0.wanted } }
            set { state.withLock { $0.wanted = newValue } }
        }
        var applied: [Int] { state.withLock { $0.applied } }

        func add(_ number: Int) {
            state.withLock { $0.applied.append(number) }
        }
    }
}
