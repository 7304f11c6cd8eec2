/// A table of so many entries at most: the one that was not used for longest makes room for a new one.
///
/// Each operation takes the same short time, however many entries there are; memory grows with the entries up to the limit.
struct RecentTable<Value: Sendable>: Sendable {
    /// A link of the list that goes from the entry used last to the one that was not used for longest.
    private struct Entry: Sendable {
        var digest: LimitDigest
        var value: Value
        var newer: Int32
        var older: Int32
    }

    private let maximumCount: Int
    private var entries: [Entry] = []
    private var places: [LimitDigest: Int32] = [:]
    private var newest = none
    private var oldest = none

    private static var none: Int32 { -1 }

    /// An empty table.
    ///
    /// - Parameter maximumCount: from 1 on.
    init(maximumCount: Int) {
        self.maximumCount = min(max(1, maximumCount), Int(Int32.max))
    }

    /// How many entries there are.
    var count: Int { entries.count }

    /// What is known of a digest. It does not count as a use.
    subscript(digest: LimitDigest) -> Value? {
        places[digest].map { entries[Int($0)].value }
    }

    /// Whether there is an entry. It does not count as a use.
    func contains(_ digest: LimitDigest) -> Bool { places[digest] != nil }

    /// Uses the entry of a digest, where there is one.
    @discardableResult mutating func use<Result>(_ digest: LimitDigest, _ body: (inout Value) -> Result)
        -> Result?
    {
        guard let place = places[digest] else { return nil }
        moveToFront(place)
        return body(&entries[Int(place)].value)
    }

    /// Sets the entry of a digest, which is a use.
    mutating func set(_ digest: LimitDigest, to value: Value) {
        if let place = places[digest] {
            entries[Int(place)].value = value
            return moveToFront(place)
        }
        if entries.count >= maximumCount { remove(at: oldest) }
        let place = Int32(entries.count)
        entries.append(Entry(digest: digest, value: value, newer: Self.none, older: Self.none))
        places[digest] = place
        linkAtFront(place)
    }

    /// Takes the entry of a digest out, where there is one.
    mutating func remove(_ digest: LimitDigest) {
        if let place = places[digest] { remove(at: place) }
    }

    /// Takes an entry out, and puts the last of the array into its place, so that there are no holes.
    private mutating func remove(at place: Int32) {
        unlink(place)
        places[entries[Int(place)].digest] = nil
        let last = entries.removeLast()
        guard Int(place) < entries.count else { return }
        places[last.digest] = place
        if last.newer == Self.none { newest = place } else { entries[Int(last.newer)].older = place }
        if last.older == Self.none { oldest = place } else { entries[Int(last.older)].newer = place }
        entries[Int(place)] = last
    }

    private mutating func moveToFront(_ place: Int32) {
        guard newest != place else { return }
        unlink(place)
        linkAtFront(place)
    }

    private mutating func unlink(_ place: Int32) {
        let (newer, older) = (entries[Int(place)].newer, entries[Int(place)].older)
        if newer == Self.none { newest = older } else { entries[Int(newer)].older = older }
        if older == Self.none { oldest = newer } else { entries[Int(older)].newer = newer }
    }

    private mutating func linkAtFront(_ place: Int32) {
        entries[Int(place)].newer = Self.none
        entries[Int(place)].older = newest
        if newest == Self.none { oldest = place } else { entries[Int(newest)].newer = place }
        newest = place
    }
}
