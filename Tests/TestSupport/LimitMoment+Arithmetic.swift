public import Relay

/// Whole seconds are written as numbers.
extension LimitMoment: ExpressibleByIntegerLiteral {
    /// The beginning of a second.
    public init(integerLiteral seconds: Int) {
        self.init(seconds: seconds)
    }

    /// So many seconds later.
    public static func + (moment: LimitMoment, seconds: Int) -> LimitMoment {
        LimitMoment(seconds: moment.seconds + seconds, ticks: moment.ticks)
    }

    /// So many seconds earlier.
    public static func - (moment: LimitMoment, seconds: Int) -> LimitMoment { moment + -seconds }
}
