import Dialects
import Synchronization

/// Refuses wrong keys before anybody else is troubled with them, and holds up addresses from which many come.
///
/// A key that a vendor refused is refused in the same words without asking, for a while. Requests with such keys, with
/// keys that vendors refuse, with what cannot be a key and with none are counted for their address. Over the limit, all
/// that comes from there with a key that no vendor accepted lately is told to come back later; that costs nothing and is
/// not counted. Keys that were accepted pass at all times: who shares an address with a flood does not notice.
///
/// Where there are several vendors, a key that one of them refuses may be another's. So it is asked for each time, and it
/// counts for its address unless one of them accepted it lately.
///
/// What was passed on before the limit was reached is answered still; the other limits of an address bound how much that
/// can be.
///
/// All of it is this process's own memory, behind one lock that is held for well under a microsecond.
final class KeyGuard: Sendable {
    /// What a vendor made of a key.
    enum Outcome: Sendable {
        /// It did not mind the key.
        case accepted
        /// It refused the key; this is what the caller is told.
        case refused(Failure)
    }

    /// What `check` knows of a key that was accepted, for `note`.
    struct Acceptance: Sendable {
        /// Until when it is remembered.
        fileprivate var until: Instant
        /// How many refusals had been noted by then, of whatever keys.
        fileprivate var refusals: Int
    }

    private struct State: Sendable {
        var verdicts = KeyVerdicts()
        var wrongKeys = WrongKeys()
    }

    private let limit: Int?
    /// What is said over the limit, up to the number of seconds; made once, for it is said often.
    private let reason: String
    private let memory: Duration?
    /// Whether anything is learned of keys.
    let isOn: Bool
    /// Whose verdicts are known.
    private let vendors: [UpstreamAddress]
    private let state: Mutex<State>
    private let refusals = Atomic(0)

    /// Knows nothing yet.
    ///
    /// - Parameters:
    ///   - configuration: `limits.wrongKeysPerMinute` and `limits.wrongKeyMemory`, nil turning either off. Refused keys are
    ///     remembered where there is one vendor only.
    ///   - predecessor: one of another configuration, whose knowledge is taken over where the vendors are the same.
    init(_ configuration: Configuration, succeeding predecessor: KeyGuard? = nil) {
        limit = configuration.limits.wrongKeysPerMinute
        reason =
            "Too many requests with wrong API keys, or with none, came from your address: the limit is "
            + "\(limit ?? 0) a minute. Please try again in "
        isOn = configuration.limits.wrongKeysPerMinute != nil || configuration.limits.wrongKeyMemory != nil
        memory = configuration.providers.count == 1 ? configuration.limits.wrongKeyMemory : nil
        let vendors = configuration.providers.map(\.baseURL)
        self.vendors = vendors
        let known = predecessor.flatMap { $0.vendors == vendors ? $0 : nil }
        state = Mutex(known?.state.withLock { $0 } ?? State())
    }

    /// Looks whether a request may go on; called when its key was read.
    ///
    /// - Parameters:
    ///   - credential: nil where there is none, or what there is cannot be one. That is counted; what the client is told
    ///     of it is the caller's affair.
    ///   - address: where it comes from.
    /// - Returns: what is known of a key that was accepted lately; nil for any other.
    /// - Throws: `rateLimited` over the limit; for a key that was refused lately, what was said then.
    @discardableResult
    func check(
        credential: LimitDigest?, address: LimitDigest, now: Instant
    ) throws(Failure) -> Acceptance? {
        guard isOn else { return nil }
        let refusals = refusals.load(ordering: .relaxed)
        var acceptance: Acceptance?
        let failure = state.withLock { state -> Failure? in
            if let credential, let until = state.verdicts.acceptance(of: credential, at: now) {
                acceptance = Acceptance(until: until, refusals: refusals)
                return nil
            }
            if let limit, let wait = state.wrongKeys.wait(address, limit: limit, at: now) {
                let wait = min(wait, LimitRefusal.longestMinute)
                return Failure(.rateLimited, reason + "\(wait) s.", retryAfterSeconds: wait)
            }
            let refusal = memory == nil ? nil : credential.flatMap { state.verdicts.refusal(of: $0, at: now) }
            if limit != nil, credential == nil || refusal != nil { state.wrongKeys.add(address, at: now) }
            return refusal
        }
        if let failure { throw failure }
        return acceptance
    }

    /// Learns what a vendor made of a key.
    ///
    /// - Parameter known: what `check` knew of it. That it was accepted once more is no news while that is remembered for
    ///   long enough, and the lock is not taken for it.
    func note(
        _ outcome: Outcome, credential: LimitDigest, address: LimitDigest, now: Instant,
        known: Acceptance? = nil
    ) {
        guard isOn else { return }
        switch outcome {
        case .accepted:
            if let known, known.until - now > KeyVerdicts.freshness,
                known.refusals == refusals.load(ordering: .relaxed)
            {
                return
            }
        case .refused: refusals.add(1, ordering: .relaxed)
        }
        state.withLock { state in
            switch outcome {
            case .accepted: state.verdicts.accept(credential, at: now)
            case .refused(let failure):
                if vendors.count == 1 {
                    state.verdicts.refuse(credential, with: failure, for: memory, at: now)
                } else if state.verdicts.acceptance(of: credential, at: now) != nil {
                    return
                }
                if limit != nil { state.wrongKeys.add(address, at: now) }
            }
        }
    }

    /// How many keys and addresses are remembered.
    var counts: (keys: Int, addresses: Int) {
        state.withLock { ($0.verdicts.count, $0.wrongKeys.count) }
    }
}

extension KeyGuard.Outcome {
    /// What a failure of a call that carried the key says of it; nil when it says nothing.
    ///
    /// Only an answer of the vendor's does, which has a status. A stream has status 200, and what is written in it may be
    /// about the vendor's own key to somebody else.
    init?(_ failure: Failure) {
        guard let status = failure.upstreamStatus else { return nil }
        switch failure.kind {
        case .invalidCredential where status == 401: self = .refused(failure)
        // The vendor looks at the key before it looks at anything else.
        case .modelNotFound, .upstreamRejected, .insufficientQuota, .contentFiltered:
            guard status != 401, status != 403 else { return nil }
            self = .accepted
        default: return nil
        }
    }
}
