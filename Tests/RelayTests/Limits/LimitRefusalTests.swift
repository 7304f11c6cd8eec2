import Dialects
import Testing

@testable import Relay

@Suite struct LimitRefusalTests {
    static let claim = LimitClaim(subjects: [], requests: 1, places: 1, tokens: 700)

    static func failure(
        _ scope: LimitScope, _ measure: LimitRules.Measure, remaining: Int = 0, after seconds: Int? = 3
    ) -> Failure {
        let window = LimitWindow(
            scope: scope, measure: measure, limit: 180, remaining: remaining, resetSeconds: 60)
        return LimitRefusal.failure(for: .limit(window, retryAfterSeconds: seconds), of: claim)
    }

    @Test(arguments: [
        (LimitRules.Measure.requestsPerMinute, "requests per minute", 1),
        (.requestsPerDay, "requests per day", 1), (.tokensPerMinute, "tokens per minute", 700),
        (.tokensPerDay, "tokens per day", 700), (.concurrent, "concurrent requests", 1),
    ])
    func `each limit is told in words with its numbers`(
        measure: LimitRules.Measure, words: String, requested: Int
    ) {
        let numbers = "limit 180, used 170, requested \(requested). Please try again in 3 s."
        let caller = Self.failure(.caller, measure, remaining: 10)
        #expect(caller.message == "Rate limit reached for \(words): \(numbers)")
        #expect(caller.kind == .rateLimited && caller.retryAfterSeconds == 3)
        #expect(caller.answer.status == 429 && caller.openAICode == "rate_limit_exceeded")
        let address = Self.failure(.address, measure, remaining: 10)
        #expect(address.message == "Rate limit reached for \(words) from your address: \(numbers)")
    }

    @Test func `what can never pass has no time to come back`() {
        let failure = Self.failure(.caller, .tokensPerDay, remaining: 180, after: nil)
        #expect(
            failure.message
                == "Rate limit reached for tokens per day: limit 180, used 0, requested 700. This request asks for more than the limit allows at any time."
        )
        #expect(failure.answer.status == 429 && failure.retryAfterSeconds == nil)
    }

    @Test func `a store that cannot be asked is the relay's trouble`() {
        let failure = LimitRefusal.failure(for: .unavailable, of: Self.claim)
        #expect(failure.kind == .overloaded && failure.answer.status == 503)
        #expect(failure.retryAfterSeconds == 1 && !failure.message.isEmpty)
    }

    @Test func `the health is that of all places`() {
        func report(_ health: LimitStoreHealth) -> String {
            String(decoding: RelayStatus.report(on: health), as: UTF8.self)
        }
        #expect(
            report(LimitStoreHealth(kind: "machine"))
                == #"{"status":"ok","limits":{"store":"machine","places":[]}}"#)
        let up = LimitStoreHealth.Place(name: "a:11211", isUp: true)
        let down = LimitStoreHealth.Place(name: "unix:/run/\"m", isUp: false, reason: "timed out")
        #expect(
            report(LimitStoreHealth(kind: "memcached", places: [up]))
                == #"{"status":"ok","limits":{"store":"memcached","places":[{"name":"a:11211","up":true}]}}"#)
        #expect(
            report(LimitStoreHealth(kind: "memcached", places: [up, down]))
                == #"{"status":"degraded","limits":{"store":"memcached","places":[{"name":"a:11211","up":true},"#
                + #"{"name":"unix:/run/\"m","up":false,"reason":"timed out"}]}}"#)
    }
}
