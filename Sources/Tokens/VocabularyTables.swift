import CVocabulary

/// The sections of `vocabulary.bin`; its layout is described in Sources/CVocabulary/README.md.
///
/// Pointers into the read-only data of the executable, which outlives everything. A few machine words: made anew for
/// each count, kept nowhere.
struct VocabularyTables {
    /// Eight bytes for each group of slots: seven tags, zero for an empty slot, and the overflow bits.
    let groups: UnsafePointer<UInt64>
    let groupCount: UInt64
    /// Seven for each group.
    let slots: UnsafePointer<UInt64>
    /// The bytes of all tokens, followed by at least eight more.
    let pool: UnsafePointer<UInt8>
    /// For each first byte of a token of two bytes, where its row of `bigrams` starts.
    let bigramRows: UnsafePointer<UInt16>
    let bigrams: UnsafePointer<UInt32>
    /// For every 128 code points, the number of their block.
    let blockNumbers: UnsafePointer<UInt16>
    /// A class for each code point of a block. The first block is that of ASCII.
    let classes: UnsafePointer<UInt8>
    /// For every two code points below `cutCodePoints` where they are cut into tokens before they are merged with others.
    let cuts: UnsafePointer<UInt8>
    private let rankShift: UInt64
    private let rankMask: UInt64
    /// The rank of what is no token.
    static let noRank: UInt32 = 0x00FF_FFFF
    /// No token is longer, in bytes.
    static let longestToken = 128
    /// The code points that `cuts` knows.
    static let cutCodePoints: UInt32 = 0x2_0000
    private static let slotsInGroup = 7
    private static let offsetBits: UInt64 = 21
    private static let lengthBits: UInt64 = 7
    private static let lowBits: UInt64 = 0x0101_0101_0101_0101
    private static let lowSevenBits: UInt64 = 0x7F7F_7F7F_7F7F_7F7F

    init(_ vocabulary: Vocabulary) {
        let start = fastrelay_vocabulary_start()
        let header = start.assumingMemoryBound(to: UInt32.self)
        func section<Element>(_ index: Int, as type: Element.Type) -> UnsafePointer<Element> {
            (start + Int(header[index])).assumingMemoryBound(to: type)
        }
        groupCount = UInt64(header[1])
        groups = section(2, as: UInt64.self)
        slots = section(3, as: UInt64.self)
        let isLarge = vocabulary.encoding == .o200kBase
        bigramRows = section(isLarge ? 4 : 5, as: UInt16.self)
        bigrams = UnsafeRawPointer(bigramRows + 256).assumingMemoryBound(to: UInt32.self)
        blockNumbers = section(6, as: UInt16.self)
        classes = section(7, as: UInt8.self)
        cuts = section(isLarge ? 8 : 9, as: UInt8.self)
        pool = section(10, as: UInt8.self)
        rankShift = Self.offsetBits + Self.lengthBits + (isLarge ? 0 : 18)
        rankMask = isLarge ? 0x3_FFFF : 0x1_FFFF
    }

    /// The class of a code point that is a Unicode scalar value.
    @inline(__always)
    func characterClass(of codePoint: UInt32) -> CharacterClass {
        let block = Int(blockNumbers[Int(codePoint >> 7)])
        return CharacterClass(number: classes[block << 7 | Int(codePoint & 0x7F)])
    }

    /// Where a code point below `cutCodePoints` is cut: bit n for a token that starts at byte n + 1 of it.
    @inline(__always)
    func cut(_ codePoint: UInt32) -> UInt64 {
        UInt64(cuts[Int(codePoint >> 1)] >> UInt8(truncatingIfNeeded: (codePoint & 1) &* 4)) & 15
    }

    /// The rank of the token of these two bytes, or `noRank`.
    @inline(__always)
    func rank(of first: UInt8, _ second: UInt8) -> UInt32 {
        let entry = bigrams[Int(bigramRows[Int(first)]) &+ Int(second)]
        return entry >> 24 == UInt32(first) ? entry & 0x00FF_FFFF : Self.noRank
    }

    /// The rank of the token that is these 2 to 128 bytes, or `noRank`.
    ///
    /// `available` says how many bytes can be read from `bytes` on, at least `count`: with eight or more, a short token
    /// takes a single load.
    @inline(__always)
    func rank(of bytes: UnsafePointer<UInt8>, count: Int, available: Int) -> UInt32 {
        var hash = Self.seed(count)
        if count <= 8 {
            let word = Self.word(at: bytes, count: count, available: available)
            return find(Self.hash(word, into: hash), count: count) { token in
                Self.word(at: token, count: count, available: 8) == word
            }
        }
        let raw = UnsafeRawPointer(bytes)
        var offset = 0
        while offset &+ 8 <= count {
            hash = Self.hash(raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self), into: hash)
            offset &+= 8
        }
        if offset < count {
            let last = raw.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
            let unused = UInt64(truncatingIfNeeded: (offset &+ 8 &- count) &* 8)
            hash = Self.hash(last &>> unused, into: hash)
        }
        return find(hash, count: count) { token in Self.isEqual(raw, UnsafeRawPointer(token), count: count) }
    }

    /// The rank of the token with this hash and length that a closure finds equal at its bytes in the pool, or `noRank`.
    @inline(__always)
    func find(
        _ hash: UInt64, count: Int, isEqual: (UnsafePointer<UInt8>) -> Bool
    ) -> UInt32 {
        var group = ((hash >> 32) &* groupCount) >> 32
        let tag = max(hash & 0xFF, 1) &* Self.lowBits
        while true {
            let tags = groups[Int(truncatingIfNeeded: group)]
            let differing = tags ^ tag
            // The exact form of the test for zero bytes; the top byte holds no tag.
            var found =
                ~((differing & Self.lowSevenBits &+ Self.lowSevenBits) | differing | Self.lowSevenBits)
                & (.max >> 8)
            while found != 0 {
                let index = found.trailingZeroBitCount >> 3
                let slot = slots[Int(truncatingIfNeeded: group) &* Self.slotsInGroup &+ index]
                let length = slot >> Self.offsetBits & (1 << Self.lengthBits - 1)
                let offset = Int(truncatingIfNeeded: slot & (1 << Self.offsetBits - 1))
                if length &+ 1 == UInt64(truncatingIfNeeded: count), isEqual(pool + offset) {
                    let rank = (slot &>> rankShift) & rankMask
                    return rank == rankMask ? Self.noRank : UInt32(truncatingIfNeeded: rank)
                }
                found &= found &- 1
            }
            // A token that found its group full has left a bit there.
            guard tags &>> (56 &+ (hash >> 8 & 7)) & 1 != 0 else { return Self.noRank }
            group &+= 1
            if group == groupCount { group = 0 }
        }
    }

    /// What the hash of a token of so many bytes starts with; make-vocabulary.py computes the same.
    @inline(__always)
    static func seed(_ count: Int) -> UInt64 { UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15 }

    /// The hash with eight more bytes; zeros stand for those after the end.
    @inline(__always)
    static func hash(_ word: UInt64, into hash: UInt64) -> UInt64 {
        let product = (hash ^ word).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return product.high ^ product.low
    }

    /// Up to eight bytes, the first lowest, the missing ones zero.
    @inline(__always)
    static func word(at bytes: UnsafePointer<UInt8>, count: Int, available: Int) -> UInt64 {
        if available >= 8 {
            let word = UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self)
            return word & (UInt64.max &>> UInt64(truncatingIfNeeded: 64 &- count &* 8))
        }
        var word: UInt64 = 0
        var index = count
        while index > 0 {
            index &-= 1
            word = word << 8 | UInt64(bytes[index])
        }
        return word
    }

    /// Compares more than eight bytes.
    @inline(__always)
    static func isEqual(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer, count: Int) -> Bool {
        var offset = 0
        while offset &+ 8 <= count {
            guard
                left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                    == right.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            else { return false }
            offset &+= 8
        }
        return left.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
            == right.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
    }
}
