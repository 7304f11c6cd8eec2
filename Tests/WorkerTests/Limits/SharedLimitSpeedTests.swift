import Glibc
import Relay
import Testing
import TestSupport

@testable import Worker

/// What counting costs, in processor time. It prints and expects nothing of the numbers:
/// `FASTRELAY_LIMIT_COUNT=200000 swift test -c release -Xswiftc -enable-testing --filter SharedLimitSpeed`
@Suite(.timeLimit(.minutes(5)), .serialized, .enabled(if: getenv("FASTRELAY_LIMIT_COUNT") != nil))
struct SharedLimitSpeedTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var callers: UInt64
        var rules: LimitRules
        var isGranted = true
    }

    static let cases = [
        Case(testDescription: "one caller", callers: 1, rules: rules { _ in }),
        Case(testDescription: "1000 callers", callers: 1000, rules: rules { _ in }),
        Case(
            testDescription: "all limits", callers: 1,
            rules: rules {
                $0.requestsPerDay = 1_000_000_000
                $0.tokensPerMinute = 1_000_000_000
                $0.tokensPerDay = 1_000_000_000
            }),
        Case(testDescription: "refused", callers: 1, rules: rules { $0.concurrent = 0 }, isGranted: false),
    ]

    static func rules(_ change: (inout LimitRules) -> Void) -> LimitRules {
        var rules = LimitRules(requestsPerMinute: 1_000_000_000, concurrent: 64)
        change(&rules)
        return rules
    }

    static func processorTime() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    @Test(arguments: cases) func `caller and address`(test: Case) throws {
        let count = getenv("FASTRELAY_LIMIT_COUNT").flatMap { Int(String(cString: $0)) } ?? 1000
        let directory = try TemporaryDirectory("limits")
        let store = SharedLimitStore(
            path: directory.path("limits"), leaseSeconds: 60, clock: SystemClock(), log: RecordingLog())
        let claims = (0..<test.callers).map { number in
            LimitBed.claim(
                LimitBed.subject(number) { $0 = test.rules },
                LimitBed.subject(number, .address) { $0.requestsPerMinute = 1_000_000_000 }, places: 1)
        }
        var (admitting, settling) = (0, 0)
        var decisions: [LimitDecision] = []
        // In blocks, so that reading the time does not count; fewer than there are places.
        for block in 0..<max(count / 50, 1) {
            let began = Self.processorTime()
            for number in 0..<50 {
                if let decision = store.admitAtOnce(claims[(block * 50 + number) % claims.count]) {
                    decisions.append(decision)
                }
            }
            let granted = Self.processorTime()
            for decision in decisions { store.settle(decision.grants.map { LimitSettlement($0) }) }
            settling += Self.processorTime() - granted
            admitting += granted - began
            #expect(decisions.allSatisfy { ($0.refusal == nil) == test.isGranted })
            decisions.removeAll(keepingCapacity: true)
        }
        print("\(test.testDescription): admit \(admitting / count) ns, settle \(settling / count) ns")
    }
}
