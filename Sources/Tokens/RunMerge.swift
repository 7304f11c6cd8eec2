/// Merges the bytes of a piece that repeats itself, like `SmallMerge`, in a few passes.
///
/// The ranks of successive merges never fall: a pair that is merged makes a token of a higher rank than those of its
/// parts. So all pairs of the least rank can be merged in one pass from left to right. A row of one character takes as
/// many passes as its longest token has doublings; other text takes as many as it has different merges, so that is given
/// up early.
struct RunMerge {
    /// More passes than a row of any character needs, and few enough to be done in vain.
    private static let maximumPasses = 24
    private static let noKey = UInt32.max

    /// Where each token starts, and the count of the bytes.
    private var starts: [UInt32]
    /// For each token what tells it from others: its rank, or for a single byte a number above all ranks.
    private var identities: [UInt32]
    /// For each token the rank of what it and the next one would make together.
    private var keys: [UInt32]
    private var count: Int

    /// The ends of the tokens of at least two bytes, fewer than 2^32; nil when it would take many passes.
    static func ends(
        _ bytes: UnsafePointer<UInt8>, count: Int, available: Int, tables: VocabularyTables
    ) -> [Int]? {
        var merge = RunMerge(bytes, count: count, tables: tables)
        for _ in 0..<maximumPasses {
            guard let least = merge.keys[..<merge.count].min(), least != noKey else {
                return merge.starts[1...merge.count].map { Int($0) }
            }
            merge.pass(least, bytes, available: available, tables: tables)
        }
        return nil
    }

    private init(_ bytes: UnsafePointer<UInt8>, count: Int, tables: VocabularyTables) {
        self.count = count
        starts = (0...count).map { UInt32(truncatingIfNeeded: $0) }
        identities = (0..<count).map { UInt32(bytes[$0]) | 1 << 31 }
        keys = Array(repeating: Self.noKey, count: count)
        for place in 0..<(count - 1) {
            let rank = tables.rank(of: bytes[place], bytes[place + 1])
            if rank != VocabularyTables.noRank { keys[place] = rank }
        }
    }

    /// Merges all pairs of a rank.
    private mutating func pass(
        _ rank: UInt32, _ bytes: UnsafePointer<UInt8>, available: Int, tables: VocabularyTables
    ) {
        let bytesEnd = starts[count]
        var known = InlineArray<8, Known>(repeating: Known())
        func key(_ left: UInt32, _ right: UInt32, from start: UInt32, to end: UInt32) -> UInt32 {
            let place = Int(truncatingIfNeeded: (left &* 5 &+ right) & 7)
            if known[place].left == left && known[place].right == right { return known[place].key }
            let length = Int(end - start)
            var key = Self.noKey
            if length <= VocabularyTables.longestToken {
                let rank = tables.rank(of: bytes + Int(start), count: length, available: available - Int(start))
                if rank != VocabularyTables.noRank { key = rank }
            }
            known[place] = Known(left: left, right: right, key: key)
            return key
        }
        var from = 0
        var to = 0
        while from < count {
            starts[to] = starts[from]
            guard keys[from] == rank else {
                identities[to] = identities[from]
                keys[to] = keys[from]
                from += 1
                to += 1
                continue
            }
            identities[to] = rank
            from += 2
            if to > 0 {
                keys[to - 1] = key(identities[to - 1], rank, from: starts[to - 1], to: starts[from])
            }
            // Where the next pair is merged as well, that will set the key.
            if from < count && keys[from] != rank {
                keys[to] = key(rank, identities[from], from: starts[to], to: starts[from + 1])
            } else {
                keys[to] = Self.noKey
            }
            to += 1
        }
        count = to
        starts[to] = bytesEnd
    }

    /// A pair that has been looked up.
    private struct Known {
        var left: UInt32 = 0
        var right: UInt32 = 0
        var key: UInt32 = RunMerge.noKey
    }
}
