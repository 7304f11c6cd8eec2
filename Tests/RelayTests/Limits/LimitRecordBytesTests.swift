import Testing
import TestSupport

@testable import Relay

@Suite struct LimitRecordBytesTests {
    func filled() -> LimitRecordUse {
        var use = LimitRecordUse {
            $0.requestsPerMinute = 10
            $0.requestsPerDay = 10
            $0.tokensPerMinute = 1000
            $0.tokensPerDay = 1000
            $0.concurrent = 10
        }
        _ = use.ask(at: 1_000_000, tokens: 100, places: 1)
        _ = use.ask(at: 1_000_059, tokens: 100, places: 1)
        use.settle(at: 1_000_060, tokens: 100, used: 33, heldPlaces: 1)
        return use
    }

    func read(_ bytes: [UInt8]) -> LimitRecord? { LimitRecord(encoded: bytes.span) }

    @Test func `what was written is read`() throws {
        var use = filled()
        let bytes = use.record.encoded()
        #expect(bytes.count < 44)
        var copy = try #require(read(bytes))
        #expect(copy.encoded() == bytes)
        for later: LimitMoment in [1_000_060, 1_000_061, 1_000_130, 1_086_400, 1_090_000] {
            #expect(
                copy.windows(of: use.subject, at: later) == use.record.windows(of: use.subject, at: later))
        }
    }

    @Test func `an empty record is a few bytes`() {
        #expect(LimitRecord().encoded() == [2, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test func `the fullest record stays below two kilobytes`() throws {
        var use = filled()
        let claim = LimitClaim(subjects: [use.subject], requests: .max, tokens: .max)
        for second in 0..<100_000 where second > 99_930 || second % 1800 == 0 {
            use.record.take(
                claim, under: use.subject, at: LimitMoment(seconds: second), lease: &use.lease,
                leaseSeconds: 3600)
            use.settle(at: LimitMoment(seconds: second), used: .max)
        }
        let bytes = use.record.encoded()
        #expect((1000...2048).contains(bytes.count))
        #expect(read(bytes)?.encoded() == bytes)
    }

    @Test func `nothing else is read`() {
        let bytes = filled().record.encoded()
        for count in bytes.indices { #expect(read(Array(bytes[..<count])) == nil, "the first \(count)") }
        #expect(read(bytes + [0]) == nil)
        for version in [0, 1, 3, 255] as [UInt8] { #expect(read([version] + bytes.dropFirst()) == nil) }
    }

    @Test(
        arguments: [
            // A head that is too late, or written in too many bytes.
            [2, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1, 0, 0, 0, 0, 0, 0],
            [2, 0x80, 0, 0, 0, 0, 0, 0, 0],
            [2, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 0, 0, 0, 0, 0, 0],
            // Nine that hold; one that holds nothing, is over, ends too late, or holds too much.
            [2, 0, 0, 9, 0, 0, 0, 0], [2, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0], [2, 0, 0, 1, 0, 1, 1, 0, 0, 0, 0],
            [2, 0, 0, 1, 0xE9, 0x20, 1, 1, 0, 0, 0, 0],
            [2, 0, 0, 1, 1, 0x80, 0x80, 0x80, 0x80, 0x10, 1, 0, 0, 0, 0],
            // A slot that is empty, beyond the window, or there twice; too many; too much in one.
            [2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], [2, 0, 0, 0, 1, 61, 1, 0, 0, 0, 0],
            [2, 0, 0, 0, 0, 0, 1, 49, 1, 0],
            [2, 0, 0, 0, 2, 5, 1, 0, 5, 1, 0, 0, 0, 0], [2, 0, 0, 0, 2, 5, 1, 0, 4, 1, 0, 0, 0, 0],
            [2, 0, 0, 0, 1, 0, 0x80, 0x80, 0x80, 0x80, 0x10, 0, 0, 0, 0],
            // More than a second has, of the last one seen and of a slot.
            [2, 0, 0x80, 0x80, 4, 0, 0, 0, 0, 0], [2, 0, 0, 0, 1, 0, 1, 0x80, 0x80, 4, 0, 0, 0],
        ] as [[UInt8]])
    func `what cannot be is not read`(bytes: [UInt8]) {
        #expect(read(bytes) == nil)
    }

    @Test(
        arguments: [
            [2, 0, 0, 1, 0xE8, 0x20, 1, 1, 0, 0, 0, 0], [2, 0, 0, 0, 1, 60, 1, 0, 0, 0, 0],
            [2, 0, 0, 0, 0, 0, 1, 48, 1, 0],
            [2, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40, 0, 0, 0, 0, 0, 0],
            [2, 0, 0, 0, 1, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0, 0, 0, 0],
            [2, 0, 0xFF, 0xFF, 3, 0, 0, 0, 0, 0], [2, 0, 0, 0, 1, 0, 1, 0xFF, 0xFF, 3, 0, 0, 0],
        ] as [[UInt8]])
    func `what just can be is read`(bytes: [UInt8]) {
        #expect(read(bytes)?.encoded() == bytes)
    }

    @Test func `memory looked at in its own second holds what it is written as`() throws {
        var use = filled()
        let now = LimitMoment(seconds: Int(use.record.head), ticks: use.record.headTicks)
        // What ends too late is of another clock, or garbage.
        use.record.holds[7] = .init(expires: use.record.head + 1_000_000, places: 3, tokens: 70)
        var copy = try #require(read(use.record.encoded()))
        #expect(use.record.windows(of: use.subject, at: now) == copy.windows(of: use.subject, at: now))
    }

    @Test func `any memory can be worked with`() throws {
        let random = SeededRandom()
        for round in 0..<3000 {
            var use = filled()
            withUnsafeMutableBytes(of: &use.record) { bytes in
                for index in bytes.indices {
                    // All of it, or some of it, is garbage.
                    let byte = random.nextUInt64()
                    if round % 3 == 0 || byte >> 8 % 16 == 0 {
                        bytes[index] = UInt8(truncatingIfNeeded: byte)
                    }
                }
            }
            let bytes = use.record.encoded()
            #expect(try #require(read(bytes)).encoded() == bytes)
            _ = use.record.weight(at: LimitMoment(seconds: round))
            let now = LimitMoment(
                seconds: round % 2 == 0 ? Int(truncatingIfNeeded: random.nextUInt64() >> 20) : 1_000_100,
                ticks: UInt16(truncatingIfNeeded: random.nextUInt64()))
            _ = use.ask(at: now, tokens: 5, places: 1)
            use.renew(at: now + 1)
            use.settle(at: now + 2, countedAt: now.seconds, tokens: 5, used: 3, heldPlaces: 1, isUndone: true)
            let windows = use.record.windows(of: use.subject, at: now + 3)
            #expect(windows.allSatisfy { (0...$0.limit).contains($0.remaining) })
            #expect(windows.allSatisfy { (0...88_200).contains($0.resetSeconds) })
            // It heals by itself.
            let healed = LimitMoment(seconds: use.record.lastUsed + 90_000)
            #expect(use.remaining(at: healed) == [10, 10, 1000, 1000, 10])
            #expect(use.ask(at: healed, tokens: 5, places: 1) == nil)
        }
    }
}
