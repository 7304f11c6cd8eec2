internal import Relay

/// A claim on its way through a lane: all its records are on the lane's server.
struct LaneCase: Sendable {
    /// What is asked of one record.
    private struct Part {
        let subject: LimitSubject
        let claim: LimitClaim
        /// What is counted, here or at the server; nil when nothing is.
        var grant: LimitGrant?
        var isWritten = false
        var windows: [LimitWindow] = []
    }

    /// What all cases of a lane share.
    struct Lane: Sendable {
        /// Its number in grants.
        var place: UInt8
        /// After what time what is not renewed is held no more.
        var leaseSeconds: Int
    }

    /// Told what was decided; nil when the server could not be asked.
    let answer: @Sendable (LimitDecision?) -> Void
    /// Whether nobody waits for it: it is counted ahead.
    let isAhead: Bool
    private var parts: [Part]
    private var refusal: (reason: LimitDecision.Refusal, key: LimitKey)?
    /// How often somebody else was first.
    private(set) var contests = 0

    /// A claim that waits.
    init(
        _ claim: LimitClaim, isAhead: Bool = false, answer: @escaping @Sendable (LimitDecision?) -> Void
    ) {
        self.answer = answer
        self.isAhead = isAhead
        parts = claim.subjects.map { Part(subject: $0, claim: claim.asked(of: $0)) }
    }

    /// What it is counted for.
    var subjects: some Sequence<LimitSubject> { parts.lazy.map(\.subject) }

    /// The records in which it is not written yet.
    var missing: [LimitKey] { parts.filter { !$0.isWritten }.map(\.subject.key) }

    /// What was counted already, to be taken back.
    var undoing: [LimitSettlement] {
        parts.compactMap { part in
            guard part.isWritten, let grant = part.grant else { return nil }
            return LimitSettlement(grant, isUndone: true)
        }
    }

    /// Whether it is counted in an address's record that has no room for so many more like it: whom others are first with
    /// at his caller's must not count there even for a moment.
    func isTight(_ count: Int) -> Bool {
        parts.contains { part in
            part.subject.key.scope == .address && part.grant != nil
                && part.windows.contains {
                    $0.remaining < count * ($0.measure.isOfTokens ? max(1, part.claim.tokens) : 1)
                }
        }
    }

    /// Counts the claim in its records if all have room, and in none otherwise.
    mutating func weigh(in batch: RecordBatch, _ lane: Lane, at now: LimitMoment) {
        refusal = nil
        for part in parts where !part.isWritten {
            guard let entry = batch[part.subject.key] else { continue }
            let reason = entry.refusal(
                of: part.claim, under: part.subject, at: now, leaseSeconds: lane.leaseSeconds)
            let longer = LimitDecision.Refusal.longer(refusal?.reason, reason)
            if let longer, longer != refusal?.reason { refusal = (longer, part.subject.key) }
        }
        for number in parts.indices where !parts[number].isWritten {
            if let entry = batch[parts[number].subject.key] { count(number, in: entry, lane, at: now) }
        }
    }

    /// Counts the claim anew in a record that was reset, when it is counted in those that are written before.
    mutating func recount(in entry: RecordEntry, of batch: RecordBatch, _ lane: Lane, at now: LimitMoment) {
        let key = entry.key
        guard let number = parts.firstIndex(where: { $0.subject.key == key && !$0.isWritten }) else { return }
        let isReady = parts.allSatisfy { part in
            part.subject.key == key || part.isWritten
                || part.grant != nil && isTrue(part.subject.key, in: batch)
        }
        if isReady {
            count(number, in: entry, lane, at: now)
        } else {
            parts[number].grant = nil
        }
    }

    private mutating func count(_ number: Int, in entry: RecordEntry, _ lane: Lane, at now: LimitMoment) {
        let (subject, claim) = (parts[number].subject, parts[number].claim)
        parts[number].grant = refusal == nil ? entry.count(claim, under: subject, lane, at: now) : nil
        parts[number].windows = entry.record.windows(of: subject, at: now)
    }

    /// Looks what came of it when the records were written.
    ///
    /// - Returns: the decision; nil while there is none.
    mutating func conclude(after batch: RecordBatch) -> LimitDecision? {
        if let refusal {
            guard isTrue(refusal.key, in: batch), batch[refusal.key]?.isRecounted != true else {
                return contested()
            }
            let windows = parts.flatMap { part in
                part.isWritten ? part.windows.map { $0.givenBack(part.claim) } : part.windows
            }
            return LimitDecision(refusal: refusal.reason, windows: windows)
        }
        for number in parts.indices where !parts[number].isWritten {
            let part = parts[number]
            parts[number].isWritten = part.grant != nil && isTrue(part.subject.key, in: batch)
        }
        guard parts.allSatisfy(\.isWritten) else { return contested() }
        return LimitDecision(grants: parts.compactMap(\.grant), windows: parts.flatMap(\.windows))
    }

    private mutating func contested() -> LimitDecision? {
        contests += 1
        return nil
    }

    private func isTrue(_ key: LimitKey, in batch: RecordBatch) -> Bool {
        batch[key]?.isTrue ?? false
    }
}
