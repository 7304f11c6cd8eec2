/// How many requests with wrong keys, or with none, came from each address within the last 60 seconds.
///
/// It is this process's own count: several processes let as many times the limit pass. What matters is that none of them
/// passes on whatever comes. The address that was quiet for longest is forgotten when there are too many: whoever has
/// more than `maximumAddresses` of them can go on with fresh ones, and is met by the limits of what is not refused.
struct WrongKeys: Sendable {
    private struct Count: Sendable {
        var slots = LimitRecord.Minute()
        /// The last moment seen.
        var head: LimitMoment

        mutating func advance(to now: LimitMoment) {
            guard now > head else { return }
            slots.advance(from: head, to: now)
            head = now
        }
    }

    private var counts = RecentTable<Count>(maximumCount: maximumAddresses)

    /// How many addresses are remembered: some 2 MB.
    static let maximumAddresses = 4096

    /// How many addresses are remembered.
    var count: Int { counts.count }

    /// In how many seconds one more may come from an address, if none comes meanwhile; nil when it may now.
    ///
    /// - Parameter limit: how many may come within any 60 seconds, from 1 on.
    mutating func wait(_ address: LimitDigest, limit: Int, at now: Instant) -> Int? {
        let wait = counts.use(address) { count -> Int? in
            count.advance(to: LimitMoment(now))
            let excess = count.slots.sum - limit
            return excess < 0 ? nil : count.slots.secondsUntil(excess + 1, isGoneAt: count.head)
        }
        return wait ?? nil
    }

    /// Counts one.
    mutating func add(_ address: LimitDigest, at now: Instant) {
        let moment = LimitMoment(now)
        if !counts.contains(address) { counts.set(address, to: Count(head: moment)) }
        counts.use(address) { count in
            count.advance(to: moment)
            count.slots.add(1, at: count.head)
        }
    }
}
