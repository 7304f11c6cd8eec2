/// Merges the bytes of a piece of up to 64 bytes pair by pair, the pair of the lowest rank first, the leftmost of equals.
///
/// A bit for each byte says whether a token starts there. For each token, `keys` holds the rank of what it and the next
/// one would make together, and its own place in the low bits, so that the least key is the pair to merge next. `minima`
/// holds the least key of every eight. All of it lies on the stack: a merge costs two searches in the vocabulary and
/// about thirty comparisons, whatever the length.
struct SmallMerge: ~Copyable {
    /// The longest piece in bytes: the bits of a word.
    static let capacity = 64
    private static let placeBits: Int32 = 6

    private var keys = InlineArray<64, Int32>(repeating: .max)
    private var minima = InlineArray<8, Int32>(repeating: .max)

    init() {}

    /// Where the tokens of a piece of 2 to 64 bytes start: bit 0 for the first byte.
    ///
    /// `available` says how many bytes can be read from `bytes` on, at least `count`.
    @inline(never)
    mutating func starts(
        _ bytes: UnsafePointer<UInt8>, count: Int, available: Int, tables: borrowing VocabularyTables
    ) -> UInt64 {
        let blocks = (count &+ 7) >> 3
        for place in 0..<(count &- 1) {
            keys[unchecked: place] = Self.key(tables.rank(of: bytes[place], bytes[place &+ 1]), place)
        }
        for place in (count &- 1)..<(blocks &* 8) { keys[unchecked: place] = .max }
        for block in 0..<blocks { update(block) }

        var starts = UInt64.max &>> UInt64(truncatingIfNeeded: 64 &- count)
        while true {
            var least = minima[unchecked: 0]
            for block in 1..<max(blocks, 1) { least = min(least, minima[unchecked: block]) }
            guard least != .max else { return starts }
            let left = Int(truncatingIfNeeded: least & 63)
            let right = Self.next(starts, left, count)
            starts &= ~(1 &<< UInt64(truncatingIfNeeded: right))
            keys[unchecked: right] = .max
            let end = Self.next(starts, left, count)
            if end < count {
                let length = Self.next(starts, end, count) &- left
                let rank = tables.rank(of: bytes + left, count: length, available: available &- left)
                keys[unchecked: left] = Self.key(rank, left)
            } else {
                keys[unchecked: left] = .max
            }
            let leftBlock = left >> 3
            if left > 0 {
                let before = starts & ((1 &<< UInt64(truncatingIfNeeded: left)) &- 1)
                let previous = 63 &- before.leadingZeroBitCount
                let rank = tables.rank(
                    of: bytes + previous, count: end &- previous, available: available &- previous)
                keys[unchecked: previous] = Self.key(rank, previous)
                if previous >> 3 != leftBlock { update(previous >> 3) }
            }
            update(leftBlock)
            if right >> 3 != leftBlock { update(right >> 3) }
        }
    }

    /// The start of the token after the one at `place`, or the count.
    @inline(__always)
    static func next(_ starts: UInt64, _ place: Int, _ count: Int) -> Int {
        let later = (starts &>> UInt64(truncatingIfNeeded: place)) >> 1
        return later == 0 ? count : place &+ 1 &+ later.trailingZeroBitCount
    }

    /// Ranks have 18 bits. Signed, because the least of signed numbers takes the processor fewer instructions.
    @inline(__always)
    private static func key(_ rank: UInt32, _ place: Int) -> Int32 {
        rank == VocabularyTables.noRank
            ? .max : Int32(truncatingIfNeeded: rank) << placeBits | Int32(truncatingIfNeeded: place)
    }

    @inline(__always)
    private mutating func update(_ block: Int) {
        let first = block &* 8
        var least = keys[unchecked: first]
        for place in (first &+ 1)..<(first &+ 8) { least = min(least, keys[unchecked: place]) }
        minima[unchecked: block] = least
    }
}
