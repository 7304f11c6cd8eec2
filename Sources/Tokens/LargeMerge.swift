/// Merges the bytes of a piece of any length, like `SmallMerge`, in O(n log n).
///
/// The least key is found in a tree in which every node is the least of eight below it.
struct LargeMerge: ~Copyable {
    private let keys: UnsafeMutablePointer<UInt64>
    /// Where each level of the tree starts in `keys`, the leaves first. Eleven levels hold 2^33 keys.
    private var levels = InlineArray<12, Int>(repeating: 0)
    private var levelCount = 0
    /// For the start of each token, that of the next and that of the one before.
    private let next: UnsafeMutablePointer<UInt32>
    private let previous: UnsafeMutablePointer<UInt32>
    private let count: Int

    /// Merges `count` bytes, at least 2 and fewer than 2^32.
    init(_ bytes: UnsafePointer<UInt8>, count: Int, available: Int, tables: VocabularyTables) {
        self.count = count
        var size = (count + 7) & ~7
        var total = 0
        while true {
            levels[levelCount] = total
            levelCount += 1
            total += size
            if size <= 8 { break }
            size = (size / 8 + 7) & ~7
        }
        keys = .allocate(capacity: total)
        keys.initialize(repeating: .max, count: total)
        next = .allocate(capacity: count)
        previous = .allocate(capacity: count)
        for place in 0..<count {
            (next + place).initialize(to: UInt32(truncatingIfNeeded: place &+ 1))
            (previous + place).initialize(to: UInt32(truncatingIfNeeded: place &- 1))
        }
        for place in 0..<(count - 1) {
            keys[place] = Self.key(tables.rank(of: bytes[place], bytes[place + 1]), place)
        }
        for level in 1..<levelCount {
            for node in 0..<((levels[level] - levels[level - 1]) / 8) {
                keys[levels[level] + node] = least(of: levels[level - 1] + node * 8)
            }
        }
        merge(bytes, available: available, tables: tables)
    }

    deinit {
        keys.deallocate()
        next.deallocate()
        previous.deallocate()
    }

    /// Calls back with the end of each token, from the first to the last.
    func forEachEnd(_ body: (Int) -> Void) {
        var place = 0
        while place < count {
            place = Int(next[place])
            body(place)
        }
    }

    private mutating func merge(_ bytes: UnsafePointer<UInt8>, available: Int, tables: VocabularyTables) {
        func key(_ start: Int, _ end: Int) -> UInt64 {
            guard end - start <= VocabularyTables.longestToken else { return .max }
            return Self.key(
                tables.rank(of: bytes + start, count: end - start, available: available - start), start)
        }
        let top = levels[levelCount - 1]
        while true {
            let best = least(of: top)
            guard best != .max else { return }
            let left = Int(best & 0xFFFF_FFFF)
            let right = Int(next[left])
            let end = Int(next[right])
            next[left] = UInt32(end)
            set(right, .max)
            if end < count {
                previous[end] = UInt32(left)
                set(left, key(left, Int(next[end])))
            } else {
                set(left, .max)
            }
            if left > 0 {
                let before = Int(previous[left])
                set(before, key(before, end))
            }
        }
    }

    private mutating func set(_ place: Int, _ key: UInt64) {
        keys[place] = key
        var node = place
        for level in 1..<levelCount {
            node >>= 3
            let value = least(of: levels[level - 1] + node * 8)
            if keys[levels[level] + node] == value { return }
            keys[levels[level] + node] = value
        }
    }

    @inline(__always)
    private func least(of first: Int) -> UInt64 {
        var least = keys[first]
        for index in (first + 1)..<(first + 8) { least = min(least, keys[index]) }
        return least
    }

    @inline(__always)
    private static func key(_ rank: UInt32, _ place: Int) -> UInt64 {
        rank == VocabularyTables.noRank ? .max : UInt64(rank) << 32 | UInt64(place)
    }
}
