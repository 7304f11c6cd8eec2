/// A moment of a store's clock.
public struct LimitMoment: Sendable, Equatable, Comparable {
    /// Whole seconds since the clock's origin.
    public var seconds: Int
    /// What of the next second is over, in 65,536ths of it, rounded down.
    public var ticks: UInt16

    /// A moment; the beginning of a second if nothing else is said.
    public init(seconds: Int, ticks: UInt16 = 0) {
        self.seconds = seconds
        self.ticks = ticks
    }

    /// A moment.
    ///
    /// - Parameter nanoseconds: from 0 to 999,999,999.
    public init(seconds: Int, nanoseconds: Int) {
        self.init(seconds: seconds, ticks: UInt16(truncatingIfNeeded: nanoseconds << 16 / 1_000_000_000))
    }

    /// Tells whether the left moment is the earlier one.
    public static func < (left: LimitMoment, right: LimitMoment) -> Bool {
        (left.seconds, left.ticks) < (right.seconds, right.ticks)
    }
}
