import Relay
import Testing

@testable import Worker

struct LimitStockTests {
    private static let second = 1_000_000
    private static let start = Instant(sinceOrigin: .seconds(100))

    private static func subject(
        _ number: UInt64 = 1, perMinute: Int? = 1_000_000, concurrent: Int? = 1_000_000
    ) -> LimitSubject {
        LimitSubject(
            key: LimitKey(.caller, .text, high: number, low: number),
            rules: LimitRules(requestsPerMinute: perMinute, concurrent: concurrent))
    }

    /// A stock, and the record of a server that knows no limit.
    private struct Bed {
        var stock = LimitStock()
        var subject = LimitStockTests.subject()
        var second = LimitStockTests.second
        var now = LimitStockTests.start
        var record = LimitRecord()
        var lease = LimitLease()
        /// What the last one was told who asked the server.
        var shown: [LimitWindow] = []

        var remaining: [Int] { record.windows(of: subject).map(\.remaining) }

        mutating func take() -> (grant: LimitGrant, windows: [LimitWindow])? {
            var decision = LimitDecision()
            guard stock.take(places: 1, of: subject, at: second, now: now, into: &decision) else {
                return nil
            }
            return (decision.grants[0], decision.windows)
        }

        /// As a request is that finds nothing in the stock.
        mutating func askServer() {
            shown = count(LimitClaim(subjects: [subject])).windows
            stock.note(&shown, of: subject)
        }

        mutating func count(_ claim: LimitClaim) -> LimitDecision {
            record.take(
                claim, under: subject, at: LimitMoment(seconds: second), lease: &lease, leaseSeconds: 60)
            let grant = LimitGrant(of: claim, under: subject, place: 3, countedAt: record.lastUsed)
            return LimitDecision(grants: [grant], windows: record.windows(of: subject))
        }

        mutating func settle(_ settlement: LimitSettlement?) {
            guard let settlement else { return }
            record.settle(settlement, at: LimitMoment(seconds: second), lease: &lease, leaseSeconds: 60)
        }

        /// What the thread does: takes back what is left, and counts ahead what is wanted; how many requests and places.
        mutating func fill() -> [[Int]] {
            for settlement in stock.expire(now: now) { settle(settlement) }
            return stock.claims().map { claim in
                settle(stock.fill(subject.key, with: count(claim), now: now))
                return [claim.requests, claim.places]
            }
        }

        /// Asks so many times, with what is wanted counted ahead as soon as it is wanted.
        mutating func use(_ count: Int) -> (fromStock: Int, ahead: [[Int]]) {
            var result = (fromStock: 0, ahead: [[Int]]())
            for _ in 0..<count {
                if take() != nil { result.fromStock += 1 } else { askServer() }
                result.ahead += fill()
            }
            return result
        }

        mutating func advance(seconds: Int) {
            second += seconds
            now = now + .seconds(seconds)
        }
    }

    @Test func `nothing is counted ahead for whoever comes now and then`() {
        var bed = Bed()
        for _ in 0..<20 {
            let (fromStock, ahead) = bed.use(LimitStock.minimumAhead - 1)
            check(fromStock == 0 && ahead.isEmpty && bed.stock.ends(after: bed.now) == nil)
            bed.advance(seconds: 2)
        }
    }

    @Test func `as many are counted ahead as came, and no more than some`() {
        var bed = Bed()
        let count = 3 * LimitStock.maximumAhead
        let (fromStock, ahead) = bed.use(count)
        check(ahead.first == [4, 4])
        let last = ahead.last ?? []
        check(last.count == 2 && last[0] == last[1])
        check(last[0] > LimitStock.maximumAhead / 2 && last[0] <= LimitStock.maximumAhead)
        // Only the first ones found nothing.
        check(fromStock == count - 4)
        let left = 1_000_000 - count
        let taken = bed.take()
        check(taken?.windows.map(\.remaining) == [left - 1, left - 1])
        check(taken?.grant.place == 3 && taken?.grant.requests == 1 && taken?.grant.heldPlaces == 1)
        check(taken?.grant.countedAt == Self.second)
    }

    @Test func `only a small part of what is left is counted ahead`() {
        for (limit, expected) in [(3, nil), (255, nil), (300, [4, 4]), (680, [10, 10])] as [(Int, [Int]?)] {
            var bed = Bed()
            bed.subject = Self.subject(perMinute: limit, concurrent: 10_000)
            for _ in 0..<40 {
                check(bed.take() == nil)
                bed.askServer()
            }
            check(bed.fill().last == expected)
            bed = Bed()
            bed.subject = Self.subject(perMinute: 10_000, concurrent: limit)
            for _ in 0..<40 {
                check(bed.take() == nil)
                bed.askServer()
            }
            check(bed.fill().last == expected)
        }
    }

    @Test func `what counts in one second is not handed out in a later one`() {
        var bed = Bed()
        _ = bed.use(100)
        check(bed.take() != nil)
        bed.second += 1
        bed.now = bed.now + .milliseconds(1)
        check(bed.take() == nil)
        bed.askServer()
        check(bed.remaining[0] < 1_000_000 - 102)
        // What was left of the second before is taken back before more is counted.
        check(!bed.fill().isEmpty)
        check(bed.take()?.windows[0].remaining == 1_000_000 - 103)
        check(bed.take()?.grant.countedAt == Self.second + 1)
    }

    @Test func `a record whose clock is ahead is used like others, for a second`() {
        var bed = Bed()
        bed.record = LimitRecord()
        bed.second += 200
        _ = bed.count(LimitClaim(subjects: [bed.subject]))
        bed.second -= 200
        check(bed.use(20).fromStock == 16)
        check(bed.take()?.grant.countedAt == Self.second + 200)
        bed.now = bed.now + LimitStock.life
        check(bed.take() == nil)
    }

    @Test func `what nobody asks for is taken back`() {
        var bed = Bed()
        _ = bed.use(100)
        check(bed.stock.ends(after: bed.now) == Self.start + LimitStock.life)
        check(bed.stock.expire(now: Self.start + .milliseconds(999)).isEmpty)
        bed.advance(seconds: 1)
        let left = bed.stock.expire(now: bed.now)
        check(left.count == 1 && left[0].isUndone)
        for settlement in left { bed.settle(settlement) }
        check(bed.remaining == [1_000_000 - 100, 1_000_000 - 100])
        check(bed.stock.ends(after: bed.now) == nil && bed.stock.expire(now: bed.now).isEmpty)
        check(bed.take() == nil)
    }

    @Test func `places of requests that ended are handed out again, up to a number`() {
        var bed = Bed()
        var held: [LimitGrant] = []
        for _ in 0..<3 * LimitStock.maximumAhead {
            if let taken = bed.take() { held.append(taken.grant) } else { bed.askServer() }
            _ = bed.fill()
        }
        check(held.count == 3 * LimitStock.maximumAhead - 4)
        let places = bed.lease.places
        var written = 0
        for grant in held where !bed.stock.takeBack(LimitSettlement(grant), now: bed.now) { written += 1 }
        // Others may want them.
        let kept = held.count - written
        check(kept <= 2 * LimitStock.maximumAhead && kept > LimitStock.maximumAhead / 2)
        let ahead = bed.use(100).ahead
        check(ahead.allSatisfy { $0[1] == 0 } && bed.lease.places == places)
    }

    @Test func `what needs to be written is not taken back`() {
        var bed = Bed()
        _ = bed.use(100)
        guard let grant = bed.take()?.grant else {
            Issue.record("there is none")
            return
        }
        var (tokens, earlier) = (grant, grant)
        tokens.tokens = 1
        earlier.countedAt -= 1
        var other = grant
        other.key = Self.subject(2).key
        check(!bed.stock.takeBack(LimitSettlement(tokens), now: bed.now))
        check(!bed.stock.takeBack(LimitSettlement(grant, usedTokens: 1), now: bed.now))
        check(!bed.stock.takeBack(LimitSettlement(earlier, isUndone: true), now: bed.now))
        check(!bed.stock.takeBack(LimitSettlement(other), now: bed.now))
        check(!bed.stock.takeBack(LimitSettlement(grant), now: bed.now + LimitStock.life))
        let before = bed.take()?.windows.map(\.remaining)
        check(bed.stock.takeBack(LimitSettlement(grant, isUndone: true), now: bed.now))
        check(bed.take()?.windows.map(\.remaining) == before)
    }

    @Test func `new rules hold at once`() {
        var bed = Bed()
        _ = bed.use(100)
        bed.subject.rules.requestsPerMinute = 500_000
        for _ in 0..<10 {
            check(bed.take() == nil)
            bed.askServer()
            check(bed.fill().isEmpty)
        }
        bed.advance(seconds: 1)
        for settlement in bed.stock.expire(now: bed.now) { bed.settle(settlement) }
        check(bed.use(10).fromStock == 6)
        check(bed.remaining[0] < 500_000)
    }

    @Test func `where only requests are limited no place is held, and the other way round`() {
        var bed = Bed()
        bed.subject = Self.subject(concurrent: nil)
        _ = bed.use(50)
        check(bed.take()?.grant.heldPlaces == 0)
        bed = Bed()
        bed.subject = Self.subject(perMinute: nil)
        _ = bed.use(50)
        // Places are of no second.
        bed.second += 1
        let taken = bed.take()
        check(taken?.grant.requests == 0 && taken?.grant.heldPlaces == 1)
    }

    @Test func `places that nobody wants any more are given back though somebody goes on`() {
        var bed = Bed()
        var held: [LimitGrant] = []
        for _ in 0..<1000 {
            if let taken = bed.take() { held.append(taken.grant) } else { bed.askServer() }
            _ = bed.fill()
        }
        for grant in held where !bed.stock.takeBack(LimitSettlement(grant), now: bed.now) {
            bed.settle(LimitSettlement(grant))
        }
        check(bed.lease.places > 2 * LimitStock.minimumAhead + 4)
        bed.advance(seconds: 1)
        for _ in 0..<4 {
            _ = bed.use(8)
            bed.now = bed.now + .milliseconds(500)
            bed.second += 1
        }
        // 4 of the first ones and those of the last 32 have their places, and few more are kept.
        check(bed.lease.places < 40 + 40)
    }

    @Test func `what is told by the server says what is true, and is believed when it is no`() {
        var bed = Bed()
        _ = bed.use(100)
        bed.askServer()
        check(bed.shown.map(\.remaining) == [1_000_000 - 101, 1_000_000 - 101])
        // Others were quick.
        bed.shown[0].remaining = 0
        bed.stock.note(&bed.shown, of: bed.subject)
        for _ in 0..<200 { _ = bed.take() }
        check(bed.stock.claims().allSatisfy { $0.requests == 0 })
        // What stands under other rules, or for another record, is not believed.
        for change in 0..<3 {
            var (windows, subject) = (bed.shown, bed.subject)
            windows[0].remaining = 900_000
            if change == 0 { subject.rules.requestsPerMinute = 2_000_000 }
            if change == 1 { subject.key = Self.subject(2).key }
            if change == 2 { windows = [] }
            bed.stock.note(&windows, of: subject)
        }
        check(bed.take() == nil && !bed.stock.isWanting)
    }

    @Test func `what was told long ago is not believed`() {
        var bed = Bed()
        check(bed.use(LimitStock.minimumAhead - 1).ahead.isEmpty)
        bed.advance(seconds: 5)
        for _ in 0..<50 { check(bed.take() == nil && !bed.stock.isWanting) }
        bed.askServer()
        check(bed.take() == nil && bed.stock.isWanting)
    }

    @Test func `small limits, and those of tokens alone, are not of it`() {
        func isOf(_ change: (inout LimitRules) -> Void) -> Bool {
            var rules = LimitRules()
            change(&rules)
            return LimitStock.isOf(rules)
        }
        check(!isOf { _ in })
        check(!isOf { $0.tokensPerMinute = 1_000_000 })
        check(!isOf { $0.requestsPerMinute = 255 } && isOf { $0.requestsPerMinute = 256 })
        check(!isOf { ($0.requestsPerMinute, $0.concurrent) = (256, 64) })
        check(!isOf { ($0.requestsPerMinute, $0.requestsPerDay) = (256, 64) })
        check(isOf { ($0.concurrent, $0.tokensPerDay) = (256, 64) })
    }

    @Test func `what a server refuses or cannot tell is asked for again later`() {
        var bed = Bed()
        for decision in [nil, LimitDecision(refusal: .unavailable)] as [LimitDecision?] {
            for _ in 0..<10 {
                check(bed.take() == nil)
                bed.askServer()
            }
            check(bed.stock.claims().count == 1 && bed.stock.claims().isEmpty)
            check(bed.stock.fill(bed.subject.key, with: decision, now: bed.now) == nil)
        }
        check(bed.take() == nil && !bed.fill().isEmpty && bed.take() != nil)
    }

    @Test func `what is counted after the end is taken back`() {
        var bed = Bed()
        _ = bed.use(100)
        let left = bed.stock.clear()
        check(left.count == 1 && left[0].isUndone && left[0].grant.requests > 0)
        check(bed.stock.ends(after: bed.now) == nil && bed.take() == nil)
        bed.stock = LimitStock()
        let late = bed.count(LimitClaim(subjects: [bed.subject], requests: 7, places: 7))
        check(bed.stock.fill(bed.subject.key, with: late, now: bed.now)?.grant == late.grants.first)
    }

    @Test func `it is kept of some records, and makes room once in a while`() {
        var stock = LimitStock()
        func ask(_ number: Int, _ times: Int, at now: Instant) -> Bool {
            let subject = Self.subject(UInt64(number))
            var windows = [
                LimitWindow(
                    scope: .caller, measure: .requestsPerMinute, limit: 9999, remaining: 9999,
                    resetSeconds: 60)
            ]
            for _ in 0..<times {
                var decision = LimitDecision()
                _ = stock.take(places: 1, of: subject, at: Self.second, now: now, into: &decision)
                stock.note(&windows, of: subject)
            }
            return !stock.claims().isEmpty
        }
        for number in 0..<LimitStock.maximumRecords { check(!ask(number, 1, at: Self.start)) }
        check(!ask(1000, 50, at: Self.start))
        check(ask(5, 50, at: Self.start + .milliseconds(2500)))
        check(ask(1000, 50, at: Self.start + .milliseconds(2500)))
    }
}

extension LimitRecord {
    fileprivate func windows(of subject: LimitSubject) -> [LimitWindow] {
        var record = self
        return record.windows(of: subject, at: LimitMoment(seconds: lastUsed))
    }
}
