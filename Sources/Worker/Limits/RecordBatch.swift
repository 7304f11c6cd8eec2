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

    /// One record.
    struct Entry {
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
        private let fetched: (record: LimitRecord, lease: LimitLease)

        /// A record as it was fetched.
        init(
            _ key: LimitKey, name: String, version: UInt64?, record: LimitRecord, lease: LimitLease,
            lifetime: Int
        ) {
            self.key = key
            self.name = name
            self.version = version
            self.record = record
            self.lease = lease
            self.lifetime = lifetime
            fetched = (record, lease)
        }

        /// Whether what is in it is so at the server.
        var isTrue: Bool { state == .fetched || state == .written }

        /// Looks whether a claim fits.
        mutating func refusal(
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
        mutating func reset() {
            (record, lease) = fetched
            state = .fetched
            isRecounted = true
        }

        /// Takes back what ended.
        mutating func settle(_ settlement: LimitSettlement, at now: Int, leaseSeconds: Int) {
            record.settle(settlement, at: now, lease: &lease, leaseSeconds: leaseSeconds)
            state = .changed
        }

        /// Moves on what this process holds.
        mutating func renew(at now: Int, leaseSeconds: Int) {
            record.renew(&lease, at: now, leaseSeconds: leaseSeconds)
            state = .changed
        }
    }

    /// For how long a record is kept of which is not known what is limited: a day and an hour.
    static let longestLifetime = 90_000

    /// The records, in the order in which they are written.
    var entries: [Entry] = []
    private var indices: [LimitKey: Int] = [:]

    /// Adds a record.
    mutating func append(_ entry: Entry) {
        indices[entry.key] = entries.count
        entries.append(entry)
    }

    /// Where a record stands in `entries`.
    func index(of key: LimitKey) -> Int? { indices[key] }

    /// The state of a record; nil when it is not among these.
    func state(of key: LimitKey) -> State? { indices[key].map { entries[$0].state } }

    /// Writes what was changed of one scope.
    ///
    /// - Parameter isLate: asked between two records; what is left is not written then, for the server is too slow.
    /// - Returns: why it stopped before the end.
    mutating func write(
        _ scope: LimitScope, to server: any RecordServer, isLate: () -> Bool
    ) -> MemcachedError? {
        for index in entries.indices where entries[index].state == .changed {
            guard entries[index].key.scope == scope else { continue }
            if isLate() { return MemcachedError(reason: "it is too slow") }
            let entry = entries[index]
            do {
                let stands = try server.replace(
                    entry.name, with: entry.record.encoded(), ifStill: entry.version,
                    expiringAfter: entry.lifetime > 0 ? entry.lifetime : Self.longestLifetime)
                entries[index].state = stands ? .written : .contested
            } catch {
                entries[index].state = .doubtful
                return error
            }
        }
        return nil
    }
}
