import Relay
import Testing

@testable import Worker

struct StoreBreakerTests {
    private func moment(_ seconds: Int) -> Instant { Instant(sinceOrigin: .seconds(seconds)) }

    @Test func `a server is asked until it fails`() {
        var breaker = StoreBreaker()
        check(!breaker.isOpen && breaker.reason.isEmpty && breaker.probeAt == nil)
        check(breaker.fail("gone", at: moment(5)))
        check(breaker.isOpen && breaker.reason == "gone" && breaker.probeAt == moment(6))
    }

    @Test func `pauses double up to a quarter of a minute`() {
        var breaker = StoreBreaker()
        var pauses: [Duration] = []
        for second in 0..<7 {
            check(breaker.fail("gone", at: moment(second)) == (second == 0))
            if let probeAt = breaker.probeAt { pauses.append(probeAt - moment(second)) }
        }
        check(pauses == [1, 2, 4, 8, 15, 15, 15].map(Duration.seconds))
    }

    @Test func `the first answer closes it`() {
        var breaker = StoreBreaker()
        check(!breaker.answer())
        _ = breaker.fail("gone", at: moment(0))
        check(breaker.answer())
        check(!breaker.isOpen && breaker.reason.isEmpty)
        check(!breaker.answer())
    }

    @Test func `pauses begin anew only after work`() {
        var breaker = StoreBreaker()
        _ = breaker.fail("gone", at: moment(0))
        _ = breaker.answer()
        check(breaker.fail("full", at: moment(10)))
        check(breaker.probeAt == moment(12))
        _ = breaker.answer()
        breaker.work()
        _ = breaker.fail("gone", at: moment(20))
        check(breaker.probeAt == moment(21))
    }
}
