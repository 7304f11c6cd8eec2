import Testing
import TestSupport

@testable import Relay

@Suite struct RecentTableTests {
    @Test(arguments: [1, 2, 3, 7])
    func `it does what a list in the order of use does`(maximumCount: Int) {
        let random = SeededRandom(seed: UInt64(maximumCount))
        var table = RecentTable<Int>(maximumCount: maximumCount)
        var list: [(digest: LimitDigest, value: Int)] = []
        for step in 0..<5_000 {
            let digest = LimitDigest(high: random.nextUInt64() % 12, low: 7)
            let place = list.firstIndex { $0.digest == digest }
            switch random.nextUInt64() % 8 {
            case 0:
                table.remove(digest)
                if let place { list.remove(at: place) }
            case 1...3:
                let used = table.use(digest) { value in
                    value += 1
                    return value
                }
                if let place {
                    var entry = list.remove(at: place)
                    entry.value += 1
                    list.append(entry)
                }
                #expect(used == (place == nil ? nil : list.last?.value))
            default:
                table.set(digest, to: step)
                if let place {
                    list.remove(at: place)
                } else if list.count == maximumCount {
                    list.removeFirst()
                }
                list.append((digest, step))
            }
            #expect(table.count == list.count)
            for high in 0..<12 as Range<UInt64> {
                let digest = LimitDigest(high: high, low: 7)
                let expected = list.first { $0.digest == digest }?.value
                #expect(table[digest] == expected)
                #expect(table.contains(digest) == (expected != nil))
            }
        }
    }

    @Test func `both halves of a digest count`() {
        var table = RecentTable<Int>(maximumCount: 4)
        table.set(LimitDigest(high: 1, low: 2), to: 1)
        #expect(table[LimitDigest(high: 2, low: 1)] == nil)
        #expect(table[LimitDigest(high: 1, low: 1)] == nil)
        #expect(table[LimitDigest(high: 2, low: 2)] == nil)
    }
}
