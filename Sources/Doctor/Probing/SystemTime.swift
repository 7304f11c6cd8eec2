import Glibc

/// The machine's time of day.
enum SystemTime {
    /// Seconds since 1970-01-01T00:00:00Z.
    static func unixSeconds() -> Int { time(nil) }
}
