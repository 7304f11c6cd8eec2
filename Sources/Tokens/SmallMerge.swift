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
        var starts = UInt64.max &>> UInt64(truncatingIfNeeded: 64 &- count)
        if (bytes[0] | bytes[count &- 1]) & 0x80 == 0 {
            for place in 0..<(count &- 1) {
                keys[unchecked: place] = Self.key(tables.rank(of: bytes[place], bytes[place &+ 1]), place)
            }
        } else {
            starts &= Self.cuts(bytes, count: count, tables: tables)
            setKeys(starts, bytes, count: count, available: available, tables: tables)
        }
        for block in 0..<blocks { update(block) }

        while true {
            let least = blocks == 1 ? minima[unchecked: 0] : Self.least { minima[unchecked: $0] }
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

    /// Where tokens start when all merges inside characters are done that come before any across their borders.
    ///
    /// Most merges of text outside ASCII are such; make-vocabulary.py says why they can be done first. The bits from
    /// `count` on are ones.
    @inline(__always)
    private static func cuts(
        _ bytes: UnsafePointer<UInt8>, count: Int, tables: borrowing VocabularyTables
    ) -> UInt64 {
        var starts = UInt64.max
        var place = 0
        while place < count {
            let first = UInt32(bytes[place])
            let length = first < 0xC2 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
            // A window may end inside a character, and start inside one.
            guard length > 1 && place &+ length <= count else {
                place &+= 1
                continue
            }
            var code = first & (0xFF >> UInt32(truncatingIfNeeded: length &+ 1))
            for index in 1..<length { code = code << 6 | UInt32(bytes[place &+ index] & 0x3F) }
            if code < VocabularyTables.cutCodePoints && (place == 0 || bytes[place &- 1] != 0x20) {
                let inside = (1 &<< UInt64(truncatingIfNeeded: length &- 1)) &- 1
                starts &= ~((inside & ~tables.cut(code)) &<< UInt64(truncatingIfNeeded: place &+ 1))
            }
            place &+= length
        }
        return starts
    }

    /// Looks up what each token makes with the next.
    @inline(__always)
    private mutating func setKeys(
        _ starts: UInt64, _ bytes: UnsafePointer<UInt8>, count: Int, available: Int,
        tables: borrowing VocabularyTables
    ) {
        var place = 0
        var middle = Self.next(starts, 0, count)
        while middle < count {
            let end = Self.next(starts, middle, count)
            let rank =
                end &- place == 2
                ? tables.rank(of: bytes[place], bytes[middle])
                : tables.rank(of: bytes + place, count: end &- place, available: available &- place)
            keys[unchecked: place] = Self.key(rank, place)
            place = middle
            middle = end
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

    /// The least of eight, in three steps that do not wait for one another.
    @inline(__always)
    private static func least(_ key: (Int) -> Int32) -> Int32 {
        min(min(min(key(0), key(1)), min(key(2), key(3))), min(min(key(4), key(5)), min(key(6), key(7))))
    }

    @inline(__always)
    private mutating func update(_ block: Int) {
        let first = block &* 8
        minima[unchecked: block] = Self.least { keys[unchecked: first &+ $0] }
    }
}
