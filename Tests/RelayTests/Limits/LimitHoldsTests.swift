import Testing
import TestSupport

@testable import Relay

/// What processes hold in a record.
@Suite struct LimitHoldsTests {
    let start = 1_000_000

    func lease(_ places: Int, _ tokens: Int, _ expires: Int) -> LimitLease {
        var lease = LimitLease()
        lease.places = places
        lease.tokens = tokens
        lease.expires = expires
        return lease
    }

    func entries(_ holds: LimitHolds) -> Int {
        (0..<LimitHolds.count).count { holds[$0] != LimitHolds.Entry() }
    }

    @Test(arguments: [1, 2, 5, 6, 7, 11, 12, 13, 59, 60, 61, 600, 3599, 3600])
    func `many processes that renew in time need no more entries than there are`(leaseSeconds: Int) {
        var holds = LimitHolds()
        var leases = [LimitLease](repeating: LimitLease(), count: 50)
        let random = SeededRandom()
        for now in start..<(start + 3 * leaseSeconds) {
            holds.forget(at: now)
            for index in leases.indices
            where leases[index].expires <= now + leaseSeconds / 2 || random.nextUInt64() % 100 == 0 {
                let isFirst = leases[index].isEmpty
                holds.change(
                    &leases[index], places: isFirst ? 1 : 0, tokens: isFirst ? index : 0, at: now,
                    leaseSeconds: leaseSeconds)
                let ahead = leases[index].expires - now
                #expect(ahead >= leaseSeconds && ahead <= leaseSeconds + (leaseSeconds + 5) / 6)
            }
            #expect(holds.places == 50 && holds.tokens == 49 * 50 / 2)
            #expect(entries(holds) < LimitHolds.count)
        }
    }

    @Test func `leases of other lengths that find no entry join the last`() {
        var holds = LimitHolds()
        var leases = (1...12).map { _ in LimitLease() }
        for index in leases.indices {
            holds.change(&leases[index], places: 1, tokens: 0, at: start, leaseSeconds: 100 * (index + 1))
        }
        #expect(entries(holds) == LimitHolds.count && holds.places == 12)
        #expect(leases[11].expires == leases[7].expires)
        for index in leases.indices {
            holds.change(&leases[index], places: -1, tokens: 0, at: start, leaseSeconds: 100)
        }
        #expect(entries(holds) == 0)
    }

    @Test func `a lease that is over takes nothing from others`() {
        var holds = LimitHolds()
        var slow = LimitLease()
        holds.change(&slow, places: 2, tokens: 20, at: start, leaseSeconds: 60)
        let later = start + 61
        holds.forget(at: later)
        #expect(holds.places == 0 && holds.tokens == 0)
        var other = LimitLease()
        holds.change(&other, places: 1, tokens: 5, at: later, leaseSeconds: 60)
        // One of the two ends; the process goes on with the other.
        holds.change(&slow, places: -1, tokens: -10, at: later, leaseSeconds: 60)
        #expect(holds.places == 2 && holds.tokens == 15)
        holds.change(&slow, places: -1, tokens: -10, at: later, leaseSeconds: 60)
        #expect(holds.places == 1 && holds.tokens == 5)
    }

    @Test func `a lease in a record that was lost takes nothing away and is put in anew`() {
        var holds = LimitHolds()
        var lost = lease(3, 30, start + 60)
        holds.change(&lost, places: -1, tokens: -10, at: start, leaseSeconds: 60)
        #expect(lost == lease(2, 20, start + 60))
        #expect(holds.places == 2 && holds.tokens == 20)
    }

    @Test func `what is of another clock is forgotten`() {
        var holds = LimitHolds()
        for (index, expires) in [.min, -1, Int64(start), Int64(start + 4201), .max].enumerated() {
            holds[index] = LimitHolds.Entry(expires: expires, places: 9, tokens: 9)
        }
        holds[5] = LimitHolds.Entry(expires: Int64(start + 1), places: 1, tokens: 2)
        holds[6] = LimitHolds.Entry(expires: Int64(start + 4200), places: 3, tokens: 4)
        holds.forget(at: start)
        #expect(holds.places == 4 && holds.tokens == 6)
    }

    @Test func `numbers stand at their bounds`() {
        var holds = LimitHolds()
        var large = lease(.max, .max, 0)
        holds.change(&large, places: .max, tokens: .max, at: start, leaseSeconds: 60)
        #expect(large.places == Int(UInt32.max) && large.tokens == Int(UInt32.max))
        var other = lease(5, 5, 0)
        holds.change(&other, places: 1, tokens: 1, at: start, leaseSeconds: 60)
        #expect(holds.places == Int(UInt32.max) && holds.tokens == Int(UInt32.max))
        var negative = lease(.min, .min, start + 60)
        holds.change(&negative, places: .min, tokens: .min, at: start, leaseSeconds: 60)
        #expect(negative == LimitLease())
    }
}
