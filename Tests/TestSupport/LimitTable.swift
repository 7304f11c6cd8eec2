import Relay

/// Records in memory, as many as it may have; whoever was not used for longest is forgotten first.
struct LimitTable: Sendable {
    private struct Entry: Sendable {
        var key: LimitKey
        var record: LimitRecord
        // Neighbours in the order of use; an entry without one has itself there.
        var newer: Int
        var older: Int
    }

    private let maximumRecords: Int
    private var places: [LimitKey: Int] = [:]
    private var entries: [Entry] = []
    private var newest = 0
    private var oldest = 0

    /// An empty table.
    ///
    /// - Parameter maximumRecords: some 1.5 KB each, at least 1.
    init(maximumRecords: Int) {
        self.maximumRecords = max(1, maximumRecords)
    }

    /// How many records there are.
    var count: Int { entries.count }

    /// Does something with a record, which is an empty one where there is none. It is kept if there is something in it.
    mutating func change<Result>(
        _ key: LimitKey, at now: LimitMoment, _ body: (inout LimitRecord) -> Result
    ) -> Result {
        if let place = places[key] {
            makeNewest(place)
            return body(&entries[place].record)
        }
        var record = LimitRecord()
        let result = body(&record)
        if record.weight(at: now) > 0 { insert(record, as: key, at: now) }
        return result
    }

    private mutating func insert(_ record: LimitRecord, as key: LimitKey, at now: LimitMoment) {
        let isFull = entries.count >= maximumRecords
        guard !entries.isEmpty, isFull || entries[oldest].record.weight(at: now) == 0 else {
            let place = entries.count
            entries.append(Entry(key: key, record: record, newer: place, older: place))
            places[key] = place
            if place > 0 { putBefore(place) } else { newest = place }
            return
        }
        let place = oldest
        places[entries[place].key] = nil
        places[key] = place
        entries[place].key = key
        entries[place].record = record
        makeNewest(place)
    }

    private mutating func makeNewest(_ place: Int) {
        guard place != newest else { return }
        // It is not the newest, so it has a newer one.
        let newer = entries[place].newer
        if place == oldest {
            oldest = newer
            entries[newer].older = newer
        } else {
            let older = entries[place].older
            entries[newer].older = older
            entries[older].newer = newer
        }
        putBefore(place)
    }

    private mutating func putBefore(_ place: Int) {
        entries[newest].newer = place
        entries[place].older = newest
        entries[place].newer = place
        newest = place
    }
}
