/// Remembers how many tokens the latest short pieces had, for the time of one count.
///
/// Few words make up most of a text. One that comes again is found here in one step and in a cache of the processor,
/// where the vocabulary would take three, and merging pairs many more. Each piece has one place; the latest keeps it.
struct PieceMemo {
    /// A piece of up to 24 bytes, the missing ones zero, so that an entry fills half a line of the processor's cache.
    struct Entry {
        var first: UInt64 = 0
        var second: UInt64 = 0
        var third: UInt64 = 0
        /// The length of the piece in bytes, 0 for no piece, and its tokens.
        var length: UInt32 = 0
        var tokens: UInt32 = 0
    }

    private let entries: UnsafeMutablePointer<Entry>
    private static let entryCount = 2048
    /// A text that is worth clearing the memo for, in bytes.
    private static let worthwhileBytes = 4096
    /// The longest piece in bytes.
    static let longestPiece = 24

    /// Lends an empty memo, or none where the text is short.
    @inline(__always)
    static func withMemo<Result>(textBytes: Int, _ body: (PieceMemo?) -> Result) -> Result {
        guard textBytes >= worthwhileBytes else { return body(nil) }
        return withUnsafeTemporaryAllocation(of: Entry.self, capacity: entryCount) { entries in
            guard let start = entries.baseAddress else { return body(nil) }
            start.initialize(repeating: Entry(), count: entryCount)
            return body(PieceMemo(entries: start))
        }
    }

    /// A piece as it stands in the memo, from 1 to 24 bytes. 24 can be read from `bytes` on.
    @inline(__always)
    static func entry(_ bytes: UnsafePointer<UInt8>, count: Int) -> Entry {
        let raw = UnsafeRawPointer(bytes)
        func word(_ offset: Int) -> UInt64 {
            let unused = max(8 &- (count &- offset), 0)
            return raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                & (.max &>> UInt64(truncatingIfNeeded: unused &* 8))
        }
        var entry = Entry(first: word(0), length: UInt32(truncatingIfNeeded: count))
        if count > 8 { entry.second = word(8) }
        if count > 16 { entry.third = word(16) }
        return entry
    }

    /// Where a piece has its place.
    @inline(__always)
    func place(_ hash: UInt64) -> UnsafeMutablePointer<Entry> {
        entries + Int(truncatingIfNeeded: hash >> 12 & UInt64(Self.entryCount - 1))
    }
}

extension PieceMemo.Entry {
    /// The hash that `VocabularyTables` gives the piece.
    @inline(__always)
    var hash: UInt64 {
        var hash = VocabularyTables.hash(first, into: VocabularyTables.seed(Int(length)))
        if length > 8 { hash = VocabularyTables.hash(second, into: hash) }
        if length > 16 { hash = VocabularyTables.hash(third, into: hash) }
        return hash
    }

    /// True for the same piece.
    @inline(__always)
    func isSame(as other: Self) -> Bool {
        first == other.first && length == other.length && second == other.second && third == other.third
    }
}
