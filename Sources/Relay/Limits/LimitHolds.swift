/// What all processes hold in one record, by the time until which they do.
///
/// Processes share entries: times are rounded up to a sixth of the lease time, so those who renew in time need seven
/// entries, however many they are.
struct LimitHolds: Sendable, BitwiseCopyable {
    /// How many times it can tell apart.
    static let count = 8
    /// The longest lease, in seconds. It is `Configuration.Limits.lease` at most.
    static let maximumLease = 3600
    /// How far ahead a lease can end once it is rounded up, in seconds. What ends later is of another clock, or garbage.
    static let maximumSpan = maximumLease + maximumLease / 6

    /// What is held until one time.
    struct Entry: Sendable, BitwiseCopyable, Equatable {
        /// In seconds of the store's clock; 0 where nothing is held.
        var expires: Int64 = 0
        /// Places among those at once.
        var places: UInt32 = 0
        /// Tokens that are reserved.
        var tokens: UInt32 = 0
    }

    private var entries = InlineArray<8, Entry>(repeating: Entry())

    /// Nothing is held.
    init() {}

    /// One of the entries, from 0 to `count - 1`.
    subscript(index: Int) -> Entry {
        get { entries[index] }
        set { entries[index] = newValue }
    }

    /// How many places are held, once `forget` was called.
    var places: Int {
        var sum = 0
        for index in 0..<Self.count { sum &+= Int(entries[index].places) }
        return sum
    }

    /// How many tokens are, once `forget` was called.
    var tokens: Int {
        var sum = 0
        for index in 0..<Self.count { sum &+= Int(entries[index].tokens) }
        return sum
    }

    /// Forgets what is held no more.
    mutating func forget(at now: Int) {
        let live = Int64(now + 1)...Int64(now + Self.maximumSpan)
        for index in 0..<Self.count where !live.contains(entries[index].expires) {
            entries[index] = Entry()
        }
    }

    /// Changes what one process holds and moves all of it on to `now + leaseSeconds`.
    ///
    /// A lease that is over is not in any entry any more. Its process lives after all: what it holds is put in anew.
    mutating func change(
        _ lease: inout LimitLease, places: Int, tokens: Int, at now: Int, leaseSeconds: Int
    ) {
        if lease.expires > now { release(lease) }
        lease.places = Int(UInt32(clamping: lease.places.addingSaturated(places)))
        lease.tokens = Int(UInt32(clamping: lease.tokens.addingSaturated(tokens)))
        guard !lease.isEmpty else {
            lease.expires = 0
            return
        }
        hold(&lease, until: Self.expiry(at: now, leaseSeconds: leaseSeconds))
    }

    /// In how many seconds so many tokens are free if nobody renews; nil when there are fewer.
    ///
    /// - Parameter alsoGone: how many more are free for other reasons in so many seconds.
    func secondsUntil(_ amount: Int, areGoneAt now: Int, alsoGone: (Int) -> Int) -> Int? {
        var best: Int?
        for index in 0..<Self.count where entries[index].tokens > 0 {
            let wait = Int(entries[index].expires) - now
            guard wait < best ?? .max else { continue }
            if tokensGone(in: wait, at: now) + alsoGone(wait) >= amount { best = wait }
        }
        return best
    }

    /// How many tokens are free in so many seconds if nobody renews.
    func tokensGone(in wait: Int, at now: Int) -> Int {
        var gone = 0
        for index in 0..<Self.count where Int(entries[index].expires) - now <= wait {
            gone += Int(entries[index].tokens)
        }
        return gone
    }

    /// When a lease ends that begins now.
    private static func expiry(at now: Int, leaseSeconds: Int) -> Int64 {
        let lease = min(max(leaseSeconds, 1), maximumLease)
        let step = (lease + 5) / 6
        return Int64((now + lease + step - 1) / step * step)
    }

    private mutating func release(_ lease: LimitLease) {
        for index in 0..<Self.count where entries[index].expires == Int64(lease.expires) {
            // Less is there when the record was lost meanwhile.
            entries[index].places -= min(entries[index].places, UInt32(clamping: lease.places))
            entries[index].tokens -= min(entries[index].tokens, UInt32(clamping: lease.tokens))
            if entries[index].places == 0, entries[index].tokens == 0 { entries[index] = Entry() }
            return
        }
    }

    private mutating func hold(_ lease: inout LimitLease, until expires: Int64) {
        var chosen: Int?
        var last = 0
        for index in 0..<Self.count {
            if entries[index].expires == expires {
                chosen = index
                break
            }
            if entries[index].expires == 0, chosen == nil { chosen = index }
            if entries[index].expires > entries[last].expires { last = index }
        }
        // Only leases of different lengths need more entries than there are.
        let index = chosen ?? last
        if entries[index].expires == 0 { entries[index].expires = expires }
        let places = entries[index].places.addingReportingOverflow(UInt32(clamping: lease.places))
        let tokens = entries[index].tokens.addingReportingOverflow(UInt32(clamping: lease.tokens))
        entries[index].places = places.overflow ? .max : places.partialValue
        entries[index].tokens = tokens.overflow ? .max : tokens.partialValue
        lease.expires = Int(entries[index].expires)
    }
}

extension Int {
    /// The sum, or the number nearest to it that there is.
    func addingSaturated(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }
}
