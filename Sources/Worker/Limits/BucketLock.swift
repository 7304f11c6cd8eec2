internal import EventLoop
internal import Glibc
internal import Synchronization

/// Locks of a few words in memory that processes share, of which any may be killed while it has one.
///
/// A lock is a word: 0 when it is free, else the number of the process that has it, in the upper half, and when it took
/// it in the lower one, in milliseconds of the machine's monotonic clock. It is had for about a microsecond; who has one
/// for longer than `patience` is taken to be dead, and the next one takes it from him.
///
/// Who was not dead but stopped for that long goes on where he was, beside whoever has the lock by then. What both write at
/// once has a wrong checksum after that, as what a killed one left, which costs the record its counts; or by chance a right
/// one, and then some of what was counted at that moment is lost. He does not give back what is another's.
struct BucketLock: Sendable {
    /// How long a lock stays with somebody who does not give it back, in milliseconds.
    static let patience = 1000
    /// How long it is waited for, in nanoseconds: nobody may keep an event loop for longer.
    static let maximumWait = 1_000_000
    /// How often it is looked at before others are given the core.
    private static let spins = 64

    private let owner = UInt64(UInt32(bitPattern: getpid())) << 32

    /// Takes the lock.
    ///
    /// - Parameter known: a word that was waited for in vain, which is not waited for again; it is set here.
    /// - Returns: what to give it back with; nil when others have it for too long.
    @inline(__always)
    func take(_ word: UnsafePointer<Atomic<UInt64>>, known: borrowing Atomic<UInt64>) -> UInt64? {
        let mine = owner | Self.milliseconds()
        if word.pointee.compareExchange(expected: 0, desired: mine, ordering: .acquiring).exchanged,
            let mine = renewed(mine, in: word)
        {
            return mine
        }
        return wait(for: word, known: known)
    }

    private func wait(for word: UnsafePointer<Atomic<UInt64>>, known: borrowing Atomic<UInt64>) -> UInt64? {
        var turns = 0
        var began: UInt64 = 0
        while true {
            // In this order: so it cannot have been taken after now, as long as it is the same boot.
            let seen = word.pointee.load(ordering: .acquiring)
            let now = Self.milliseconds()
            if seen == 0 || Self.isStale(seen, at: now) {
                let mine = owner | now
                if word.pointee.compareExchange(expected: seen, desired: mine, ordering: .acquiring)
                    .exchanged,
                    let mine = renewed(mine, in: word)
                {
                    return mine
                }
            } else if seen == known.load(ordering: .relaxed) {
                return nil
            }
            turns += 1
            guard turns >= Self.spins else { continue }
            let time = EventLoop.monotonicTime()
            if turns == Self.spins { began = time }
            guard time &- began < Self.maximumWait else {
                known.store(seen, ordering: .relaxed)
                return nil
            }
            sched_yield()
        }
    }

    /// Makes a lock that was just taken one of now, should this thread have been stopped after it read the time: others
    /// would take it away at once.
    ///
    /// - Returns: what to give it back with; nil when it was taken away already.
    @inline(__always)
    func renewed(_ mine: UInt64, in word: UnsafePointer<Atomic<UInt64>>) -> UInt64? {
        var mine = mine
        while true {
            let now = Self.milliseconds()
            guard Self.age(of: mine, at: now) > Self.patience / 2 else { return mine }
            let fresh = owner | now
            guard word.pointee.compareExchange(expected: mine, desired: fresh, ordering: .acquiring).exchanged
            else { return nil }
            mine = fresh
        }
    }

    /// Gives it back, unless it was taken away.
    @inline(__always)
    func give(_ word: UnsafePointer<Atomic<UInt64>>, back mine: UInt64) {
        _ = word.pointee.compareExchange(expected: mine, desired: 0, ordering: .releasing)
    }

    /// Whether nobody who lives can have taken it; what lies in the future was written before the machine was started.
    static func isStale(_ word: UInt64, at now: UInt64) -> Bool {
        age(of: word, at: now) > patience
    }

    private static func age(of word: UInt64, at now: UInt64) -> Int {
        Int(UInt32(truncatingIfNeeded: now) &- UInt32(truncatingIfNeeded: word))
    }

    /// The lower half of a word that is written now. The coarse clock costs a fifth of the other one.
    static func milliseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
        return UInt64(
            UInt32(truncatingIfNeeded: time.tv_sec &* 1000 &+ time.tv_nsec / 1_000_000))
    }
}
