/// What is remembered of one subject: the state that all stores keep, and all there is of the rules of counting.
///
/// Requests and tokens are counted in slots: of one second for a minute, of 30 minutes for a day. A slot counts for as long
/// as anything in it is inside of the window, so never more than the limit passes within any 60 seconds or 24 hours, and
/// what was used comes back at most one slot late. When the last of a second was used is known to the tick, so nobody has to
/// wait for more than 60 seconds of a minute.
///
/// What requests that are being answered hold – a place among those at once, and reserved tokens – is kept by the time
/// until which it is held (`LimitLease`). Who lives moves his leases on before that; what a process that was killed held
/// is gone when its time is over.
///
/// Times are those of the store's clock, which all processes of the store share more or less. A time that is earlier than the
/// last one seen counts as that one, up to `maximumSkew`; beyond that the clock was set back, and all that was counted is
/// taken as if no time had passed since. What was held is let go then: nobody knows until when it was. Who lives holds it
/// again by renewing.
///
/// It is plain memory: it can be copied byte for byte into a shared file. All bytes zero is an empty record. Any bytes
/// can be worked with: numbers saturate, nothing traps.
public struct LimitRecord: Sendable, BitwiseCopyable {
    /// The largest step back of the clock that is taken for two clocks that differ, in seconds.
    public static let maximumSkew = 300
    /// The most tokens that one claim reserves.
    public static let maximumReservation = 10_000_000

    typealias Minute = LimitSlots<61, 1, 61>
    typealias Day = LimitSlots<49, 1800, 0>

    /// The longest time, in seconds, that anybody is told to wait for what requests hold.
    static let longestHold = 60
    /// Any time beyond is taken for this one; there are some 8,900,000 years until then.
    static let latest = 1 << 48

    // Written and read as bytes in `LimitRecord+Bytes`.
    /// The last second seen, and how much of the next one was over then.
    var head: Int64 = 0
    var headTicks: UInt16 = 0
    var holds = LimitHolds()
    var minuteRequests = Minute()
    var minuteTokens = Minute()
    var dayRequests = Day()
    var dayTokens = Day()

    /// An empty record.
    public init() {}

    /// Looks whether a claim fits, without counting it.
    ///
    /// A claim is measured by what it asks for: one without tokens fits however many were used.
    ///
    /// - Returns: why not; nil when it fits. Where several limits stand against it, the one that does so longest.
    public mutating func refusal(
        of claim: LimitClaim, under subject: LimitSubject, at now: LimitMoment
    ) -> LimitDecision.Refusal? {
        advance(to: now)
        var found: (measure: LimitRules.Measure, wait: Int?)?
        func check(_ measure: LimitRules.Measure, _ asked: Int) {
            guard asked > 0, let limit = subject.rules[measure] else { return }
            let used = used(measure)
            guard used > limit.addingSaturated(-asked) else { return }
            let wait = asked > limit ? nil : wait(measure, for: used + asked - limit)
            if let found, found.wait ?? .max >= wait ?? .max { return }
            found = (measure, wait)
        }
        // Not a loop over all cases: it is one of the things that make a request wait.
        check(.requestsPerMinute, Self.requests(claim))
        check(.requestsPerDay, Self.requests(claim))
        check(.tokensPerMinute, Self.tokens(claim))
        check(.tokensPerDay, Self.tokens(claim))
        check(.concurrent, Self.places(claim))
        guard let found, let limit = subject.rules[found.measure] else { return nil }
        return .limit(
            window(found.measure, of: limit, scope: subject.key.scope), retryAfterSeconds: found.wait)
    }

    /// Counts a claim, whether it fits or not. It is counted at the time that is `lastUsed` then.
    ///
    /// Requests are counted in any case, places and tokens where they are limited: those have to be given back.
    /// - Parameter lease: what this process holds in this record altogether; it is moved on to `now + leaseSeconds`.
    public mutating func take(
        _ claim: LimitClaim, under subject: LimitSubject, at now: LimitMoment, lease: inout LimitLease,
        leaseSeconds: Int
    ) {
        advance(to: now)
        let requests = Self.requests(claim)
        if requests > 0 {
            minuteRequests.add(requests, at: present, isAhead: claim.isAhead)
            dayRequests.add(requests, at: present)
        }
        guard subject.rules.isHeld else { return }
        holds.change(
            &lease, places: subject.rules.concurrent != nil ? Self.places(claim) : 0,
            tokens: subject.rules.limitsTokens ? Self.tokens(claim) : 0, at: Int(head),
            leaseSeconds: leaseSeconds)
    }

    /// Takes back what ended: its place and its reservation go, the tokens used are counted at `now`, and an undone
    /// request is taken out of the slot in which it was counted, if that is still there.
    public mutating func settle(
        _ settlement: LimitSettlement, at now: LimitMoment, lease: inout LimitLease, leaseSeconds: Int
    ) {
        advance(to: now)
        let grant = settlement.grant
        if settlement.isUndone, grant.requests > 0, (0...Int(head)).contains(grant.countedAt) {
            minuteRequests.remove(grant.requests, countedAt: grant.countedAt, now: present)
            dayRequests.remove(grant.requests, countedAt: grant.countedAt, now: present)
        }
        if settlement.usedTokens > 0 {
            minuteTokens.add(settlement.usedTokens, at: present)
            dayTokens.add(settlement.usedTokens, at: present)
        }
        holds.change(
            &lease, places: -max(0, grant.heldPlaces), tokens: -max(0, grant.tokens), at: Int(head),
            leaseSeconds: leaseSeconds)
    }

    /// Moves what this process holds on to `now + leaseSeconds`.
    public mutating func renew(_ lease: inout LimitLease, at now: LimitMoment, leaseSeconds: Int) {
        advance(to: now)
        holds.change(&lease, places: 0, tokens: 0, at: Int(head), leaseSeconds: leaseSeconds)
    }

    /// How the limits stand, in the order of `LimitRules.Measure.allCases`, without those that are not limited.
    ///
    /// What is reserved counts as if it were used now: it is not back before that much time has passed.
    public mutating func windows(of subject: LimitSubject, at now: LimitMoment) -> [LimitWindow] {
        var windows: [LimitWindow] = []
        addWindows(of: subject, at: now, to: &windows)
        return windows
    }

    /// Adds how the limits stand to others; see `windows`.
    public mutating func addWindows(
        of subject: LimitSubject, at now: LimitMoment, to windows: inout [LimitWindow]
    ) {
        advance(to: now)
        func add(_ measure: LimitRules.Measure) {
            guard let limit = subject.rules[measure] else { return }
            windows.append(window(measure, of: limit, scope: subject.key.scope))
        }
        add(.requestsPerMinute)
        add(.requestsPerDay)
        add(.tokensPerMinute)
        add(.tokensPerDay)
        add(.concurrent)
    }

    /// How much it is worth to keep at `now`, 0 for nothing: how many binary digits all requests and tokens of the day have,
    /// and more than any of those where something is held.
    public func weight(at now: LimitMoment) -> Int {
        var then = self
        then.advance(to: now)
        let sum = then.dayRequests.sum + then.dayTokens.sum
        let isHeld = then.holds.places > 0 || then.holds.tokens > 0
        return Int.bitWidth - sum.leadingZeroBitCount + (isHeld ? Int.bitWidth : 0)
    }

    /// When it was last used, in seconds of the store's clock.
    public var lastUsed: Int { Int(head) }

    /// The last moment seen.
    private var present: LimitMoment { LimitMoment(seconds: Int(head), ticks: headTicks) }

    /// Makes `now` the present: forgets what is out of the windows and what is held no more.
    private mutating func advance(to now: LimitMoment) {
        let now = LimitMoment(seconds: min(max(now.seconds, 0), Self.latest), ticks: now.ticks)
        let known = LimitMoment(seconds: min(max(Int(head), 0), Self.latest), ticks: headTicks)
        if now > known {
            minuteRequests.advance(from: known, to: now)
            minuteTokens.advance(from: known, to: now)
            dayRequests.advance(from: known, to: now)
            dayTokens.advance(from: known, to: now)
        }
        let seen = now < known && known.seconds - now.seconds <= Self.maximumSkew ? known : now
        (head, headTicks) = (Int64(seen.seconds), seen.ticks)
        if seen < known { holds = LimitHolds() }
        // Even when no time has passed: bytes that were never looked at may be anything.
        holds.forget(at: Int(head))
    }

    // Mutating, as what it calls, for all slots would be copied otherwise.
    private mutating func window(_ measure: LimitRules.Measure, of limit: Int, scope: LimitScope)
        -> LimitWindow
    {
        LimitWindow(
            scope: scope, measure: measure, limit: limit,
            remaining: max(0, limit.addingSaturated(-used(measure))),
            resetSeconds: reset(measure))
    }

    /// How much of a measure is used or held.
    private mutating func used(_ measure: LimitRules.Measure) -> Int {
        switch measure {
        case .requestsPerMinute: minuteRequests.sum
        case .requestsPerDay: dayRequests.sum
        case .tokensPerMinute: minuteTokens.sum + holds.tokens
        case .tokensPerDay: dayTokens.sum + holds.tokens
        case .concurrent: holds.places
        }
    }

    /// In how many seconds so much of a measure is free if nothing more is used and nobody lets go of what he holds, but
    /// at most `longestHold` where it is held.
    private func wait(_ measure: LimitRules.Measure, for amount: Int) -> Int? {
        switch measure {
        case .requestsPerMinute: return minuteRequests.secondsUntil(amount, isGoneAt: present)
        case .requestsPerDay: return dayRequests.secondsUntil(amount, isGoneAt: present)
        case .tokensPerMinute: return wait(minuteTokens, for: amount)
        case .tokensPerDay: return wait(dayTokens, for: amount)
        // A place is free when its request has ended, which nobody knows; soon, it is to be hoped.
        case .concurrent: return 1
        }
    }

    private func wait<let count: Int, let seconds: Int, let timed: Int>(
        _ tokens: LimitSlots<count, seconds, timed>, for amount: Int
    ) -> Int? {
        let now = present
        // It is a moment at which a slot leaves or a lease ends; the other kind may have left or ended before.
        let slot = tokens.secondsUntil(amount, isGoneAt: now) { holds.tokensGone(in: $0, at: now.seconds) }
        let lease = holds.secondsUntil(amount, areGoneAt: now.seconds) { tokens.gone(in: $0, at: now) }
        // What requests hold is free when they have ended, which nobody knows, and mostly long before their leases have.
        let held = lease.map { min($0, Self.longestHold) }
        guard let slot, let held else { return slot ?? held }
        return min(slot, held)
    }

    /// In how many seconds all of a measure is free if nothing more is used.
    private mutating func reset(_ measure: LimitRules.Measure) -> Int {
        switch measure {
        case .requestsPerMinute: minuteRequests.secondsUntilEmpty(at: present)
        case .requestsPerDay: dayRequests.secondsUntilEmpty(at: present)
        case .tokensPerMinute: reset(minuteTokens)
        case .tokensPerDay: reset(dayTokens)
        case .concurrent: 0
        }
    }

    private func reset<let count: Int, let seconds: Int, let timed: Int>(
        _ tokens: LimitSlots<count, seconds, timed>
    ) -> Int {
        var later = tokens
        guard holds.tokens > 0 else { return later.secondsUntilEmpty(at: present) }
        later.add(1, at: present)
        return later.secondsUntilEmpty(at: present)
    }

    private static func requests(_ claim: LimitClaim) -> Int { Int(UInt32(clamping: claim.requests)) }
    private static func places(_ claim: LimitClaim) -> Int { Int(UInt32(clamping: claim.places)) }
    private static func tokens(_ claim: LimitClaim) -> Int {
        min(max(0, claim.tokens), maximumReservation)
    }
}
