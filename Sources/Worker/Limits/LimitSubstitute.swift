internal import Relay

/// What decides in the place of servers that cannot be asked, as the rules say.
struct LimitSubstitute: Sendable {
    /// From this place on grants are not a server's.
    static let firstPlace = 127
    /// The place of what nobody counted.
    static let nobody: UInt8 = 254
    /// The place of what was counted at place 0 of the machine's own store; its places 1 to 126 follow `firstPlace`.
    static let own: UInt8 = 255

    /// The answer where nothing passes.
    static let denial = LimitDecision(refusal: .unavailable)

    private let local: any LimitStore

    /// A substitute.
    ///
    /// - Parameter local: counts for this machine.
    init(local: any LimitStore) {
        self.local = local
    }

    /// Whether one of the subjects says that nothing passes.
    static func denies(_ claim: LimitClaim) -> Bool {
        claim.subjects.contains { $0.rules.onStoreFailure == .deny }
    }

    /// Decides a claim at once; nil where the machine's own store cannot.
    func admitAtOnce(_ claim: LimitClaim) -> LimitDecision? {
        if Self.denies(claim) { return Self.denial }
        guard let counted = counted(claim) else { return whole(LimitDecision(), of: claim) }
        return local.admitAtOnce(counted).map { whole($0, of: claim) }
    }

    /// Decides a claim.
    func admit(_ claim: LimitClaim) async -> LimitDecision {
        if Self.denies(claim) { return Self.denial }
        guard let counted = counted(claim) else { return whole(LimitDecision(), of: claim) }
        return whole(await local.admit(counted), of: claim)
    }

    /// Ends what was granted here.
    func settle(_ grants: [LimitGrant], usedTokens: Int, isUndone: Bool) {
        let counted = grants.compactMap { grant -> LimitGrant? in
            guard let place = Self.localPlace(grant.place) else { return nil }
            var grant = grant
            grant.place = place
            return grant
        }
        local.settle(counted, usedTokens: usedTokens, isUndone: isUndone)
    }

    /// Moves on what is held.
    func renew() {
        local.renew()
    }

    /// Writes what this machine's store has not written yet. Blocks.
    func finish() {
        local.finish()
    }

    /// What of a claim is counted at all.
    private func counted(_ claim: LimitClaim) -> LimitClaim? {
        let subjects = claim.subjects.filter { $0.rules.onStoreFailure == .local }
        return subjects.isEmpty ? nil : claim.on(subjects)
    }

    /// The decision with grants for what nobody counted, in the order of the claim.
    private func whole(_ decision: LimitDecision, of claim: LimitClaim) -> LimitDecision {
        guard decision.refusal == nil else { return decision }
        var decision = decision
        var own = decision.grants[...]
        decision.grants = claim.subjects.map { subject in
            if own.first?.key == subject.key, var grant = own.popFirst() {
                grant.place = Self.place(grant.place)
                return grant
            }
            return LimitGrant(
                key: subject.key, place: Self.nobody, heldPlaces: 0, requests: 0, countedAt: 0, tokens: 0)
        }
        return decision
    }

    private static func place(_ local: UInt8) -> UInt8 {
        local == 0 || local > 126 ? own : UInt8(firstPlace) + local
    }

    private static func localPlace(_ place: UInt8) -> UInt8? {
        switch place {
        case own: 0
        case UInt8(firstPlace) + 1..<nobody: place - UInt8(firstPlace)
        default: nil
        }
    }
}
