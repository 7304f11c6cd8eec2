import Dialects

/// What vendors said lately of callers' keys, as far as this process heard it.
///
/// Keys that were refused and keys that were accepted have tables of their own: however many wrong keys come, no good one
/// is forgotten for them.
struct KeyVerdicts: Sendable {
    /// A refusal, and until when it is remembered.
    private struct Refusal: Sendable {
        var failure: Failure
        var until: Instant
    }

    private var refused = RecentTable<Refusal>(maximumCount: maximumKeys)
    /// Until when they are remembered.
    private var accepted = RecentTable<Instant>(maximumCount: maximumKeys)
    /// The refusal noted last: vendors have few words, so most of them share its memory.
    private var lastFailure: Failure?

    /// How many keys of either kind are remembered: some 0.8 MB together.
    static let maximumKeys = 4096
    /// How long a key that was accepted is taken to be good.
    static let acceptedMemory = Duration.seconds(600)
    /// While it is remembered for longer than this, it need not be noted anew.
    static let freshness = Duration.seconds(300)

    /// How many keys are remembered.
    var count: Int { refused.count + accepted.count }

    /// Until when it is remembered that a vendor accepted a key, and refused it not since; nil where it is not.
    mutating func acceptance(of key: LimitDigest, at now: Instant) -> Instant? {
        accepted.use(key) { $0 }.flatMap { now < $0 ? $0 : nil }
    }

    /// Why a key is refused without asking again; nil when the vendor is to be asked.
    func refusal(of key: LimitDigest, at now: Instant) -> Failure? {
        refused[key].flatMap { now < $0.until ? $0.failure : nil }
    }

    /// Remembers that a vendor accepted a key; whatever was said against it counts no more.
    mutating func accept(_ key: LimitDigest, at now: Instant) {
        refused.remove(key)
        accepted.set(key, to: now + Self.acceptedMemory)
    }

    /// Remembers that a vendor refused a key.
    ///
    /// - Parameters:
    ///   - failure: what its caller was told, and is told again.
    ///   - memory: for how long; nil forgets the refusal at once, though the key is good no more.
    mutating func refuse(_ key: LimitDigest, with failure: Failure, for memory: Duration?, at now: Instant) {
        accepted.remove(key)
        guard let memory else { return refused.remove(key) }
        var failure = failure
        // Nobody is asked when it is told again.
        failure.upstreamStatus = nil
        if failure == lastFailure, let lastFailure { failure = lastFailure } else { lastFailure = failure }
        refused.set(key, to: Refusal(failure: failure, until: now + memory))
    }
}
