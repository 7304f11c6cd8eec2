/// How much was used within a window that slides, in slots of equal length; the newest holds what was used just now.
///
/// A slot is in the window as long as any moment of it is. So there is one more of them than fit into the window. The
/// slots lie in a ring, and time moves on by clearing those that it enters.
///
/// Where `timed` is as large as `count`, and a slot one second, it is kept when something was last used in each; then the
/// oldest slot leaves the window when all that is in it has, and not up to a second later: who has to wait waits no longer
/// than the window is. Where `timed` is 0 it is not.
struct LimitSlots<let count: Int, let seconds: Int, let timed: Int>: Sendable, BitwiseCopyable {
    private var counts = InlineArray<count, UInt32>(repeating: 0)
    /// At which tick of its second all of a slot was used before; the greatest number stands for the end of the second.
    private var ends = InlineArray<timed, UInt16>(repeating: 0)
    /// Where in the ring the newest is. Any number is read as one that is in the ring.
    private var newest: UInt32 = 0

    /// Nothing was used.
    init() {}

    /// All that was used within the window.
    var sum: Int {
        // In 64 bits: it cannot overflow, and is done several slots at a time.
        var sum: UInt64 = 0
        for index in 0..<count { sum &+= UInt64(counts[index]) }
        return Int(sum)
    }

    /// How much is in a slot.
    ///
    /// - Parameter age: 0 for the newest, `count - 1` for the oldest.
    subscript(age: Int) -> UInt32 {
        get { counts[index(age)] }
        set { counts[index(age)] = newValue }
    }

    /// Takes over a slot.
    mutating func set(age: Int, amount: UInt32, end: UInt16) {
        counts[index(age)] = amount
        if timed > 0 { ends[index(age)] = end }
    }

    /// Calls with each slot that is not empty, and its age, from the newest on.
    @inline(__always)
    func forEachUsed(_ body: (_ age: Int, _ amount: UInt32, _ end: UInt16) -> Void) {
        guard sum > 0 else { return }
        var index = index(0)
        for age in 0..<count {
            let amount = counts[index]
            if amount > 0 { body(age, amount, timed > 0 ? ends[index] : 0) }
            index = index > 0 ? index &- 1 : count - 1
        }
    }

    /// Moves from one time to a later one, in seconds from 0 on.
    mutating func advance(from earlier: LimitMoment, to later: LimitMoment) {
        let steps = later.seconds / seconds - earlier.seconds / seconds
        guard steps < count else {
            self = LimitSlots()
            return
        }
        if steps > 0 {
            var index = index(0)
            for _ in 0..<steps {
                index = index + 1 < count ? index + 1 : 0
                counts[index] = 0
                if timed > 0 { ends[index] = 0 }
            }
            newest = UInt32(index)
        }
        guard timed > 0 else { return }
        let oldest = index(count - 1)
        if ends[oldest] <= later.ticks, ends[oldest] < .max { counts[oldest] = 0 }
    }

    /// Counts what was used just now; a slot holds 4,294,967,295 at most, more than any limit.
    ///
    /// - Parameter isAhead: whether it will be used until the end of this second.
    mutating func add(_ amount: Int, at now: LimitMoment, isAhead: Bool = false) {
        let place = index(0)
        let (sum, isTooMuch) = counts[place].addingReportingOverflow(UInt32(clamping: amount))
        counts[place] = isTooMuch ? .max : sum
        guard timed > 0 else { return }
        // The tick that has begun counts whole.
        let end = isAhead || now.ticks == .max ? .max : now.ticks + 1
        ends[place] = max(ends[place], end)
    }

    /// Takes back what was counted at a time that is not after `now`, as far as it is still there.
    mutating func remove(_ amount: Int, countedAt: Int, now: LimitMoment) {
        let age = now.seconds / seconds - countedAt / seconds
        guard (0..<count).contains(age) else { return }
        self[age] -= min(self[age], UInt32(clamping: amount))
    }

    /// In how many seconds from `now` a slot is out of the window; at least 1.
    ///
    /// It is no more than a tick too short, which is less than the time that any request is on its way.
    @inline(__always)
    func secondsLeft(ofAge age: Int, at now: LimitMoment) -> Int {
        let left = (now.seconds / seconds - age + count) * seconds - now.seconds
        guard timed > 0, ends[index(age)] < .max, Int(ends[index(age)]) <= Int(now.ticks) + 1 else {
            return left
        }
        return max(1, left - 1)
    }

    /// In how many seconds all that was used is out of the window if nothing more is; 0 when nothing was.
    // Mutating, for all slots would be copied otherwise.
    mutating func secondsUntilEmpty(at now: LimitMoment) -> Int {
        for age in 0..<count where counts[index(age)] > 0 { return secondsLeft(ofAge: age, at: now) }
        return 0
    }

    /// In how many seconds so much is out of the window; nil when there is less in it.
    ///
    /// - Parameter alsoGone: how much more is gone for other reasons in so many seconds.
    func secondsUntil(
        _ amount: Int, isGoneAt now: LimitMoment, alsoGone: (Int) -> Int = { _ in 0 }
    ) -> Int? {
        var gone = 0
        for age in (0..<count).reversed() where self[age] > 0 {
            gone += Int(self[age])
            let wait = secondsLeft(ofAge: age, at: now)
            if gone + alsoGone(wait) >= amount { return wait }
        }
        return nil
    }

    /// How much is out of the window in so many seconds.
    func gone(in wait: Int, at now: LimitMoment) -> Int {
        var gone = 0
        for age in (0..<count).reversed() where secondsLeft(ofAge: age, at: now) <= wait {
            gone += Int(self[age])
        }
        return gone
    }

    private func index(_ age: Int) -> Int {
        let index = Int(newest) % count - age
        return index < 0 ? index + count : index
    }
}
