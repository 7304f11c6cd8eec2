internal import Memcached
internal import Relay

/// Some records of one server, between being fetched and being written.
struct RecordBatch {
    /// How far a record is.
    enum State {
        /// As it was fetched.
        case fetched
        /// Changed here, and nowhere else so far.
        case changed
        /// Written.
        case written
        /// Not written, for somebody else was first.
        case contested
        /// Perhaps written: the server failed meanwhile.
        case doubtful
    }

    /// One record. It has a kilobyte, which is not to be copied; entries are of one thread.
    final class Entry {
        /// Whose it is.
        let key: LimitKey
        /// What the server calls it.
        let name: String
        /// What the server has to have still; nil when it had nothing.
        let version: UInt64?
        /// What stands in it.
        var record: LimitRecord
        /// What this process holds in it.
        var lease: LimitLease
        /// How long the server keeps it, in seconds; 0 is not known.
        var lifetime: Int
        /// How far it is.
        var state = State.fetched
        /// Whether it was counted anew, so that who was refused before may have room.
        var isRecounted = false
        private let fetched: (bytes: [UInt8], lease: LimitLease)

        /// A record as it was fetched; one that is not there or cannot be read is empty.
        init(
            _ key: LimitKey, name: String, _ item: MemcachedConnection.Item?, lease: LimitLease, lifetime: Int
        ) {
            self.key = key
            self.name = name
            self.lifetime = lifetime
            version = item?.version
            let bytes = item?.bytes ?? []
            let record = LimitRecord(encoded: bytes.span)
            var lease = lease
            // What it held it holds no more; without this it would take away what others hold until the same second.
            if record == nil { lease.expires = 0 }
            self.record = record ?? LimitRecord()
            self.lease = lease
            fetched = (bytes, lease)
        }

        /// Whether what is in it is so at the server.
        var isTrue: Bool { state == .fetched || state == .written }

        /// Looks whether a claim fits.
        func refusal(
            of claim: LimitClaim, under subject: LimitSubject, at now: Int, leaseSeconds: Int
        ) -> LimitDecision.Refusal? {
            let lastUsed = record.lastUsed
            let refusal = record.refusal(of: claim, under: subject, at: now)
            // The clock was set back. Were that not written, nothing would pass until the clock is where it was.
            if record.lastUsed < lastUsed {
                lifetime = max(lifetime, subject.rules.lifetime(leaseSeconds: leaseSeconds))
                state = .changed
            }
            return refusal
        }

        /// Makes it what was fetched, to be counted anew.
        func reset() {
            let bytes = fetched.bytes
            record = LimitRecord(encoded: bytes.span) ?? LimitRecord()
            lease = fetched.lease
            state = .fetched
            isRecounted = true
        }

        /// Takes back what ended.
        func settle(_ settlement: LimitSettlement, at now: Int, leaseSeconds: Int) {
            record.settle(settlement, at: now, lease: &lease, leaseSeconds: leaseSeconds)
            state = .changed
        }

        /// Moves on what this process holds.
        func renew(at now: Int, leaseSeconds: Int) {
            record.renew(&lease, at: now, leaseSeconds: leaseSeconds)
            state = .changed
        }
    }

    /// For how long a record is kept of which is not known what is limited: a day and an hour.
    static let longestLifetime = 90_000

    /// The records, in the order in which they are written.
    private(set) var entries: [Entry] = []
    /// Where they are, when there are many.
    private var indices: [LimitKey: Int] = [:]
    /// So many are looked through faster than they are hashed.
    private static let fewEntries = 8

    /// Adds a record.
    mutating func append(_ entry: Entry) {
        entries.append(entry)
        guard entries.count > Self.fewEntries else { return }
        if indices.isEmpty {
            for (index, entry) in entries.enumerated() { indices[entry.key] = index }
        } else {
            indices[entry.key] = entries.count - 1
        }
    }

    /// A record; nil when it is not among these.
    subscript(key: LimitKey) -> Entry? {
        guard indices.isEmpty else { return indices[key].map { entries[$0] } }
        for entry in entries where entry.key == key { return entry }
        return nil
    }

    /// Writes what was changed of one scope.
    ///
    /// - Parameter isLate: asked between two records; what is left is not written then, for the server is too slow.
    /// - Returns: why it stopped before the end.
    func write(
        _ scope: LimitScope, to server: any RecordServer, isLate: () -> Bool
    ) -> MemcachedError? {
        for entry in entries where entry.state == .changed && entry.key.scope == scope {
            if isLate() { return MemcachedError(reason: "it is too slow") }
            do {
                let stands = try server.replace(
                    entry.name, with: entry.record.encoded(), ifStill: entry.version,
                    expiringAfter: entry.lifetime > 0 ? entry.lifetime : Self.longestLifetime)
                entry.state = stands ? .written : .contested
            } catch {
                entry.state = .doubtful
                return error
            }
        }
        return nil
    }
}
