/// Finds what somebody who mistyped a name may have meant.
enum NearestNames {
    /// A name longer than this is not compared; the work grows with the product of two lengths.
    static let maximumLength = 128

    /// The known names nearest to `name`, best first, at most `count`, and none that is too far away to be meant.
    ///
    /// Case, `-`, `_` and `.` count little. Names at the same distance keep the order in which they were given.
    static func of(_ name: String, among known: some Sequence<String>, count: Int) -> [String] {
        let wanted = folded(name)
        guard !wanted.isEmpty, wanted.count <= maximumLength else { return [] }
        // A third of the letters may differ, but a short name has to match in all but one or two.
        let limit = max(wanted.count <= 4 ? 1 : 2, wanted.count / 3)
        var found: [(distance: Int, order: Int, name: String)] = []
        for (order, candidate) in known.enumerated() {
            let letters = folded(candidate)
            guard letters.count <= maximumLength else { continue }
            // A name that the wanted one is a part of is near, however long it is.
            let distance =
                contains(letters, wanted)
                ? min(limit, letters.count - wanted.count) : distance(wanted, letters, limit)
            if distance <= limit { found.append((distance, order, candidate)) }
        }
        found.sort { ($0.distance, $0.order) < ($1.distance, $1.order) }
        return found.prefix(count).map(\.name)
    }

    /// How many letters must be put in, taken out, replaced or swapped with their neighbour; `limit + 1` means more.
    static func distance(_ left: [UInt8], _ right: [UInt8], _ limit: Int) -> Int {
        guard abs(left.count - right.count) <= limit else { return limit + 1 }
        guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
        var beforeLast = [Int](repeating: 0, count: right.count + 1)
        var last = Array(0...right.count)
        var current = last
        for i in 1...left.count {
            current[0] = i
            for j in 1...right.count {
                let change = left[i - 1] == right[j - 1] ? 0 : 1
                var best = min(last[j] + 1, current[j - 1] + 1, last[j - 1] + change)
                if i > 1, j > 1, left[i - 1] == right[j - 2], left[i - 2] == right[j - 1] {
                    best = min(best, beforeLast[j - 2] + 1)
                }
                current[j] = best
            }
            (beforeLast, last, current) = (last, current, beforeLast)
        }
        return min(last[right.count], limit + 1)
    }

    private static func folded(_ name: String) -> [UInt8] {
        name.utf8.compactMap { byte in
            switch byte {
            case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): nil
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
            default: byte
            }
        }
    }

    /// Only for names of four letters and more: `o` is part of nearly everything.
    private static func contains(_ long: [UInt8], _ short: [UInt8]) -> Bool {
        guard short.count >= 4, long.count >= short.count else { return false }
        return (0...(long.count - short.count)).contains { start in
            long[start..<(start + short.count)].elementsEqual(short)
        }
    }
}
