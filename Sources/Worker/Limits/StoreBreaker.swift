internal import Relay

/// Whether a server is asked: not while it failed the last time, but for a try now and then.
///
/// The first try is made a second after the failure, then the pauses double, up to a quarter of a minute. They begin anew
/// only when a record was written again, so a server that says it is there and then fails is not asked all the time.
struct StoreBreaker: Sendable {
    /// What one failure opened.
    private struct Opening {
        var reason: String
        var probeAt: Instant
    }

    /// The pauses between a failure and the next try; the last one goes on for good.
    static let pauses = [1, 2, 4, 8, 15].map(Duration.seconds)

    private let pauses: [Duration]
    private var opening: Opening?
    /// Failures since a record was last written.
    private var failures = 0

    /// A breaker of a server of which nothing is known; it is asked.
    init(pauses: [Duration] = Self.pauses) {
        self.pauses = pauses
    }

    /// Whether the server is not asked.
    var isOpen: Bool { opening != nil }
    /// Why it is not asked; empty when it is.
    var reason: String { opening?.reason ?? "" }
    /// When it is tried again; nil when it is asked anyway.
    var probeAt: Instant? { opening?.probeAt }

    /// Takes note of a failure, of work or of a try.
    ///
    /// - Returns: whether the server is not asked from now on, but was before.
    mutating func fail(_ reason: String, at now: Instant) -> Bool {
        let pause = pauses.isEmpty ? .zero : pauses[min(failures, pauses.count - 1)]
        failures += 1
        let wasOpen = isOpen
        opening = Opening(reason: reason, probeAt: now + pause)
        return !wasOpen
    }

    /// Takes note of a try that was answered.
    ///
    /// - Returns: whether the server is asked from now on, but was not before.
    mutating func answer() -> Bool {
        let wasOpen = isOpen
        opening = nil
        return wasOpen
    }

    /// Takes note that a record was written.
    mutating func work() {
        failures = 0
    }
}
