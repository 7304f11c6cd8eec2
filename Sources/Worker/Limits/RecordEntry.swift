internal import Memcached
internal import Relay

/// One record of a server, as this process knows it, from the time it is fetched until somebody else writes it. It has a
/// kilobyte, which is not to be copied; an entry is of one thread.
final class RecordEntry {
    /// How far a record is.
    enum State {
        /// As it was a while ago. It may be another one by now, which is found out by writing it.
        case remembered
        /// As it was fetched just now.
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

    /// Whose it is.
    let key: LimitKey
    /// What the server calls it.
    let name: String
    /// How far it is.
    private(set) var state = State.fetched
    /// What this process holds in it.
    private(set) var lease = LimitLease()
    /// How long the server keeps it, in seconds; 0 is not known.
    private(set) var lifetime = 0
    /// What stands in it, and who wrote it.
    private var stamped: StampedRecord
    /// What the server has to have still; nil when it had nothing.
    private var version: UInt64?
    /// Whether it was counted anew, so that who was refused before may have room.
    private(set) var isRecounted = false
    /// What this go began with.
    private var before: (record: LimitRecord, lease: LimitLease, state: State)
    /// Whether the server has nothing that could be read.
    private var isBlank: Bool
    /// What was sent, by what stamp it is known, and by which one that in whose place it is.
    private var sent: [UInt8] = []
    private var stamp: UInt64 = 0
    private var stampBefore: UInt64?

    /// For how long a record is kept of which is not known what is limited: a day and an hour.
    static let longestLifetime = 90_000

    /// A record as it was fetched; one that is not there or cannot be read is empty.
    init(_ key: LimitKey, name: String, _ item: MemcachedConnection.Item?) {
        self.key = key
        self.name = name
        version = item?.version
        let bytes = item?.bytes ?? []
        let known = StampedRecord(bytes.span)
        stamped = known ?? StampedRecord()
        isBlank = known == nil
        before = (stamped.record, lease, .fetched)
    }

    /// What stands in it.
    var record: LimitRecord {
        _read { yield stamped.record }
        _modify { yield &stamped.record }
    }

    /// Whether what is in it is so at the server.
    var isTrue: Bool { state == .fetched || state == .written }

    // MARK: Counting

    /// Begins another go with it.
    func isRemembered() { state = .remembered }

    /// Notes what this process holds in it, and how long the server is known to keep it.
    func hold(_ lease: LimitLease, lifetime: Int) {
        self.lease = lease
        self.lifetime = max(self.lifetime, lifetime)
        // What a blank record held it holds no more. Without this it would take away what others hold until the same second.
        if isBlank { self.lease.expires = 0 }
        before = (record, self.lease, state)
        isRecounted = false
    }

    /// Makes it what it was when the go began, to be counted anew.
    func reset() {
        (record, lease, state) = before
        isRecounted = true
    }

    /// Looks whether a claim fits.
    func refusal(
        of claim: LimitClaim, under subject: LimitSubject, at now: LimitMoment, leaseSeconds: Int
    ) -> LimitDecision.Refusal? {
        let lastUsed = record.lastUsed
        let refusal = record.refusal(of: claim, under: subject, at: now)
        // The clock was set back. Were that not written, nothing would pass until the clock is where it was.
        if record.lastUsed < lastUsed { keep(for: subject, leaseSeconds: leaseSeconds) }
        return refusal
    }

    /// Counts a claim of which is known that it fits. One that asks for nothing changes nothing.
    func count(
        _ claim: LimitClaim, under subject: LimitSubject, _ lane: LaneCase.Lane, at now: LimitMoment
    ) -> LimitGrant {
        if !claim.asksNothing {
            record.take(claim, under: subject, at: now, lease: &lease, leaseSeconds: lane.leaseSeconds)
            keep(for: subject, leaseSeconds: lane.leaseSeconds)
        }
        return LimitGrant(of: claim, under: subject, place: lane.place, countedAt: record.lastUsed)
    }

    /// Takes back what ended.
    func settle(_ settlement: LimitSettlement, at now: LimitMoment, leaseSeconds: Int) {
        record.settle(settlement, at: now, lease: &lease, leaseSeconds: leaseSeconds)
        state = .changed
    }

    /// Moves on what this process holds.
    func renew(at now: LimitMoment, leaseSeconds: Int) {
        record.renew(&lease, at: now, leaseSeconds: leaseSeconds)
        state = .changed
    }

    private func keep(for subject: LimitSubject, leaseSeconds: Int) {
        lifetime = max(lifetime, subject.rules.lifetime(leaseSeconds: leaseSeconds))
        state = .changed
    }

    // MARK: Writing

    /// What is to be written. Until `confirm` nobody knows whether it was.
    ///
    /// - Parameter stamp: unlike that of any other write.
    func replacement(stamp: UInt64) -> MemcachedConnection.Replacement {
        self.stamp = stamp
        stampBefore = stamped.latestStamp
        stamped.add(stamp: stamp)
        sent = stamped.bytes
        state = .doubtful
        return MemcachedConnection.Replacement(
            name, with: sent, ifStill: version,
            expiringAfter: lifetime > 0 ? lifetime : Self.longestLifetime)
    }

    /// Finds out from what is there now whether it was written.
    ///
    /// - Returns: what is there if that is something else, to be known from now on.
    func confirm(_ item: MemcachedConnection.Item?) -> RecordEntry? {
        if let item, item.bytes == sent {
            version = item.version
            isBlank = false
            state = .written
            return nil
        }
        let other = RecordEntry(key, name: name, item)
        other.lifetime = lifetime
        if other.stamped.has(stamp: stamp) {
            state = .written
        } else if other.stamped.isWhole || stampBefore.map(other.stamped.has) ?? false {
            state = .contested
        } else {
            // So many others wrote that the list of stamps does not reach back as far. Where it had been remembered they did
            // so before, and where it was fetched just now, behind.
            state = before.state == .remembered ? .contested : .doubtful
        }
        return other
    }
}

extension LimitRules {
    /// How long a server has to keep a record, in seconds: the longest window or the lease, and some more, for clocks
    /// differ.
    func lifetime(leaseSeconds: Int) -> Int {
        let isOfDays = requestsPerDay != nil || tokensPerDay != nil
        return max(isOfDays ? RecordEntry.longestLifetime : 120, leaseSeconds + 60)
    }
}
