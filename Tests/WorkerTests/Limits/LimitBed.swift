import Glibc
import Relay
import TestSupport

@testable import Worker

/// A limit file of a test's own, and what goes with it.
struct LimitBed {
    /// Small enough to be filled.
    static let layout = LimitTableLayout(callerCells: 64, addressCells: 32)
    static let leaseSeconds = 6

    let directory: TemporaryDirectory
    let clock = ManualClock()
    let log = RecordingLog()
    let path: String

    init() throws {
        directory = try TemporaryDirectory("limits")
        path = directory.path("limits")
    }

    func store() -> SharedLimitStore { Self.store(path, clock: StepClock(clock), log: log) }

    /// What another process has there as well; its clock stands at the same moment.
    static func store(
        _ path: String?, clock: any RelayClock = StepClock(ManualClock()),
        log: any ExchangeLog = RecordingLog()
    ) -> SharedLimitStore {
        SharedLimitStore(path: path, leaseSeconds: leaseSeconds, clock: clock, log: log, layout: layout)
    }

    static func subject(
        _ number: UInt64, _ scope: LimitScope = .caller, _ change: (inout LimitRules) -> Void
    ) -> LimitSubject {
        var rules = LimitRules()
        change(&rules)
        // Spread as hashes are.
        let high = number &* 0x9E37_79B9_7F4A_7C15
        return LimitSubject(key: LimitKey(scope, .text, high: high, low: high ^ (high >> 31)), rules: rules)
    }

    static func claim(
        _ subjects: LimitSubject..., places: Int = 0, tokens: Int = 0
    ) -> LimitClaim {
        LimitClaim(subjects: subjects, places: places, tokens: tokens)
    }
}

/// Tells the time of a clock that is moved by hand, but sleeps for real: a store that waits for a busy lock goes on.
struct StepClock: RelayClock {
    private let manual: ManualClock

    init(_ manual: ManualClock) {
        self.manual = manual
    }

    func now() -> Instant { manual.now() }
    func unixTime() -> (seconds: Int, nanoseconds: Int) { manual.unixTime() }
    func sleep(for duration: Duration) async throws(CancellationError) {
        do { try await Task.sleep(for: duration) } catch { throw CancellationError() }
    }
}

extension LimitDecision {
    /// Whether it was granted.
    var isGranted: Bool { refusal == nil && !grants.isEmpty }
    /// What is left of the first limit.
    var remaining: Int? { windows.first?.remaining }
}
