internal import Relay

/// A record as it stands at a server: with the stamps of those who wrote it last, by which each finds out whether what he
/// wrote is in it.
///
/// As bytes: how many stamps, each in eight bytes, the latest first, and the record as `LimitRecord` has it.
struct StampedRecord {
    /// How many stamps are kept. Between a write and the look at what came of it the server hardly ever takes as many of
    /// others.
    static let maximumStamps = 8
    private static let stampBytes = 8

    /// As they are written.
    private var stamps: [UInt8] = []
    /// What is counted.
    var record = LimitRecord()

    /// An empty one, which nobody wrote.
    init() {}

    /// Reads what `bytes` wrote; nil for anything else.
    init?(_ bytes: Span<UInt8>) {
        guard bytes.count > 0, bytes[0] <= Self.maximumStamps else { return nil }
        let start = 1 + Int(bytes[0]) * Self.stampBytes
        guard bytes.count > start,
            let record = LimitRecord(encoded: bytes.extracting(droppingFirst: start))
        else { return nil }
        self.record = record
        stamps.reserveCapacity(start)
        for index in 1..<start { stamps.append(bytes[index]) }
    }

    /// Notes who writes it next.
    ///
    /// - Parameter stamp: unlike that of any other write of the record, by whatever process.
    mutating func add(stamp: UInt64) {
        let kept = stamps.prefix((Self.maximumStamps - 1) * Self.stampBytes)
        stamps = Self.bytes(of: stamp) + kept
    }

    /// The last write; nil for none.
    var latestStamp: UInt64? {
        guard stamps.count >= Self.stampBytes else { return nil }
        return stamps[..<Self.stampBytes].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Whether all writes that there ever were have their stamps.
    var isWhole: Bool { stamps.count < Self.maximumStamps * Self.stampBytes }

    /// Whether this write is among the last ones.
    func has(stamp: UInt64) -> Bool {
        let wanted = Self.bytes(of: stamp)
        return stride(from: 0, to: stamps.count, by: Self.stampBytes).contains { place in
            stamps[place..<place + Self.stampBytes].elementsEqual(wanted)
        }
    }

    /// What is written.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(192)
        bytes.append(UInt8(stamps.count / Self.stampBytes))
        bytes.append(contentsOf: stamps)
        record.encode(to: &bytes)
        return bytes
    }

    private static func bytes(of stamp: UInt64) -> [UInt8] {
        (0..<stampBytes).map { UInt8(truncatingIfNeeded: stamp >> UInt64(56 - 8 * $0)) }
    }
}
