/// A moment on a clock that only moves forward, counted from an origin that the clock chose.
///
/// Instants of two clocks cannot be compared; take both from the same `RelayClock`.
public struct Instant: Sendable, Hashable, Comparable {
    /// The time since the clock's origin.
    public var sinceOrigin: Duration

    /// Makes the instant that lies `sinceOrigin` after the clock's origin.
    public init(sinceOrigin: Duration) {
        self.sinceOrigin = sinceOrigin
    }

    /// Tells whether the left instant is the earlier one.
    public static func < (left: Instant, right: Instant) -> Bool {
        left.sinceOrigin < right.sinceOrigin
    }

    /// The instant that lies `duration` after this one.
    public static func + (instant: Instant, duration: Duration) -> Instant {
        Instant(sinceOrigin: instant.sinceOrigin + duration)
    }

    /// The time from the right instant to the left one; negative when the left one is earlier.
    public static func - (left: Instant, right: Instant) -> Duration {
        left.sinceOrigin - right.sinceOrigin
    }
}

/// Where the relay gets the time from.
///
/// One conformer serves the whole process. All methods may be called from any thread and any task.
public protocol RelayClock: Sendable {
    /// The monotonic time, at least millisecond-grained. Called several times per exchange: it has to be cheap.
    func now() -> Instant

    /// `now` as limits count it. A clock may know a shorter way than by a `Duration`, which has 128 bits.
    var moment: LimitMoment { get }

    /// The time of day as seconds and nanoseconds since 1970-01-01T00:00:00Z, for `created` and for log lines.
    func unixTime() -> (seconds: Int, nanoseconds: Int)

    /// Suspends the calling task for at least `duration`; returns at once when that is zero or negative.
    ///
    /// It does not hold a thread. On a loop it resumes on that loop.
    /// - Throws: `CancellationError` as soon as the task is cancelled, also when that was before the call.
    func sleep(for duration: Duration) async throws(CancellationError)
}

extension LimitMoment {
    /// A moment of a clock that counts from an origin of its own; its origin for any before.
    public init(_ instant: Instant) {
        let (seconds, attoseconds) = max(instant.sinceOrigin, .zero).components
        self.init(seconds: Int(seconds), nanoseconds: Int(attoseconds / 1_000_000_000))
    }
}

extension RelayClock {
    /// `now` as limits count it.
    public var moment: LimitMoment { LimitMoment(now()) }

    /// The time of day as limits count it.
    public var unixMoment: LimitMoment {
        let (seconds, nanoseconds) = unixTime()
        return LimitMoment(seconds: seconds, nanoseconds: nanoseconds)
    }
}
