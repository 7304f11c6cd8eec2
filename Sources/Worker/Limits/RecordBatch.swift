internal import Relay

/// The records of one go.
struct RecordBatch {
    /// The records, in the order in which they are written.
    private(set) var entries: [RecordEntry] = []
    /// Where they are, when there are many.
    private var indices: [LimitKey: Int] = [:]
    /// So many are looked through faster than they are hashed.
    private static let fewEntries = 8

    /// Some records, each once.
    init(_ entries: [RecordEntry] = []) {
        self.entries = entries
        guard entries.count > Self.fewEntries else { return }
        for (index, entry) in entries.enumerated() { indices[entry.key] = index }
    }

    /// A record; nil when it is not among these.
    subscript(key: LimitKey) -> RecordEntry? {
        guard indices.isEmpty else { return indices[key].map { entries[$0] } }
        for entry in entries where entry.key == key { return entry }
        return nil
    }
}
