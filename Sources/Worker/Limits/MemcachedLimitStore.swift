internal import EventLoop
internal import Memcached
internal import Relay

/// The limit store of a fleet: records in memcached, each changed by compare-and-swap.
///
/// Each server has a thread of its own, which takes all that waits for it in one go, and counts ahead in records that are
/// asked for often (`LimitStock`). A server that does not answer is left alone for a while (`StoreBreaker`); what it has to
/// decide is then decided as the rules say, at once.
final class MemcachedLimitStore: LimitStore {
    private let ring: MemcachedRing
    private let lanes: [MemcachedLane]
    private let prefix: String
    private let substitute: LimitSubstitute

    /// How long the end of a process may wait for what is still to be written.
    private static let endPatience = Duration.seconds(1)

    /// A store whose threads are about to look whether the servers are there.
    ///
    /// - Parameters:
    ///   - servers: at least one, at most `LimitSubstitute.firstPlace`.
    ///   - local: decides for records whose server does not answer and whose rules say `local`.
    ///   - breaker: what each server begins with.
    init(
        _ settings: Configuration.Memcached, servers: [MemcachedServer], leaseSeconds: Int,
        local: any LimitStore, clock: any RelayClock, log: any ExchangeLog,
        breaker: StoreBreaker = StoreBreaker()
    ) throws(MemcachedError) {
        guard servers.count <= LimitSubstitute.firstPlace else {
            throw MemcachedError(reason: "there are more than \(LimitSubstitute.firstPlace) servers")
        }
        var options = MemcachedConnection.Options()
        options.timeout = settings.timeout
        options.username = settings.username
        options.password = settings.password?.revealed() ?? ""
        // The number is that of the way in which records are written; see `StampedRecord`.
        prefix = "\(settings.namespace):3:"
        substitute = LimitSubstitute(local: local)
        ring = try MemcachedRing(servers)

        var lanes: [MemcachedLane] = []
        for (index, server) in servers.enumerated() {
            let work = LaneWork(
                try MemcachedConnection(server, options), prefix: prefix,
                LaneCase.Lane(place: UInt8(clamping: index), leaseSeconds: leaseSeconds),
                clock: clock)
            lanes.append(
                MemcachedLane(name: "\(server)", work, breaker: breaker, clock: clock, log: log))
        }
        self.lanes = lanes
        do {
            for lane in lanes { try lane.start() }
        } catch {
            for lane in lanes { lane.end() }
            throw MemcachedError(reason: "\(error)")
        }
    }

    deinit {
        for lane in lanes { lane.end() }
    }

    /// Waits until what was settled is written, a second at most for all servers together, and ends the threads. For the
    /// end of a process.
    func finish() {
        for lane in lanes { lane.end() }
        let deadline = ContinuousClock.now + Self.endPatience
        for lane in lanes { lane.waitForEnd(atMost: deadline - ContinuousClock.now) }
        substitute.finish()
    }

    func admitAtOnce(_ claim: LimitClaim) -> LimitDecision? {
        if let decision = countedAhead(claim) { return decision }
        guard claim.subjects.allSatisfy({ lanes[place(of: $0)].isOpen }) else { return nil }
        return substitute.admitAtOnce(claim)
    }

    /// Grants a claim out of what was counted ahead in all its records.
    private func countedAhead(_ claim: LimitClaim) -> LimitDecision? {
        guard claim.requests == 1, claim.tokens == 0,
            claim.subjects.allSatisfy({ LimitStock.isOf($0.rules) })
        else { return nil }
        var decision = LimitDecision()
        decision.grants.reserveCapacity(claim.subjects.count)
        decision.windows.reserveCapacity(Self.usualWindows)
        var rest = claim.subjects[...]
        while let subject = rest.first {
            // Mostly there is one server, which is asked for all at once.
            let count = lanes.count == 1 ? rest.count : 1
            guard
                lanes[place(of: subject)].take(
                    places: claim.places, of: rest.prefix(count), into: &decision)
            else {
                settle(decision.grants, usedTokens: 0, isUndone: true)
                return nil
            }
            rest = rest.dropFirst(count)
        }
        return decision
    }

    /// Room that is made at once for how limits stand: requests and places of a caller, requests of an address.
    private static let usualWindows = 4

    /// Begins where one server has all records and is asked.
    func begin(_ claim: LimitClaim) -> (any LimitInquiry)? {
        let groups = groups(of: claim)
        guard groups.count == 1, let lane = groups[0].lane else { return nil }
        return Inquiry(lane: lanes[lane].ask(claim), claim: claim, substitute: substitute)
    }

    private struct Inquiry: LimitInquiry {
        let lane: LaneInquiry
        let claim: LimitClaim
        let substitute: LimitSubstitute

        func decision() async -> LimitDecision {
            if let decision = await lane.answer() { return decision }
            return await substitute.admit(claim)
        }
    }

    func admit(_ claim: LimitClaim) async -> LimitDecision {
        let groups = groups(of: claim)
        if groups.contains(where: { $0.lane == nil && LimitSubstitute.denies($0.claim) }) {
            return LimitSubstitute.denial
        }
        if groups.count == 1 { return await decide(groups[0]) }
        var grants: [LimitGrant] = []
        var windows: [LimitWindow] = []
        for (number, group) in groups.enumerated() {
            let decision = await decide(group)
            if let refusal = decision.refusal {
                settle(grants, usedTokens: 0, isUndone: true)
                // An answer to this comes after what was taken back.
                windows = []
                for before in groups[..<number] { windows += await look(at: before) }
                windows += decision.windows
                for after in groups[(number + 1)...] { windows += await look(at: after) }
                return LimitDecision(refusal: refusal, windows: claim.ordered(windows))
            }
            grants += decision.grants
            windows += decision.windows
        }
        return LimitDecision(grants: claim.ordered(grants), windows: claim.ordered(windows))
    }

    func settle(_ grants: [LimitGrant], usedTokens: Int, isUndone: Bool) {
        guard let place = grants.first?.place else { return }
        // Mostly all are of one place.
        let others = grants.filter { $0.place != place }
        let own = others.isEmpty ? grants : grants.filter { $0.place == place }
        if Int(place) < lanes.count {
            lanes[Int(place)].settle(own, usedTokens: usedTokens, isUndone: isUndone)
        } else {
            substitute.settle(own, usedTokens: usedTokens, isUndone: isUndone)
        }
        settle(others, usedTokens: usedTokens, isUndone: isUndone)
    }

    func renew() {
        for lane in lanes { lane.renew() }
        substitute.renew()
    }

    var health: LimitStoreHealth {
        LimitStoreHealth(kind: "memcached", places: lanes.map(\.health))
    }

    // MARK: Places

    /// Subjects that are decided in one step.
    private struct Group {
        /// Nil is no server but its substitute.
        var lane: Int?
        var claim: LimitClaim
    }

    private func place(of subject: LimitSubject) -> Int {
        lanes.count == 1 ? 0 : ring.place(of: prefix + subject.key.text)
    }

    private func groups(of claim: LimitClaim) -> [Group] {
        var groups: [Group] = []
        // Callers first: many requests share the record of their address, and none of them is to be refused for one that its
        // caller's limit stops in the end.
        let subjects = claim.subjects.filter { $0.key.scope == .caller }
        for subject in subjects + claim.subjects.filter({ $0.key.scope == .address }) {
            let place = place(of: subject)
            let lane = lanes[place].isOpen ? nil : place
            if let index = groups.firstIndex(where: { $0.lane == lane }) {
                groups[index].claim.subjects.append(subject)
            } else {
                groups.append(Group(lane: lane, claim: claim.on([subject])))
            }
        }
        // Where one step is enough, in the order of the claim.
        if groups.count == 1 { groups[0].claim = claim }
        return groups
    }

    private func decide(_ group: Group) async -> LimitDecision {
        if let lane = group.lane, let decision = await lanes[lane].admit(group.claim) { return decision }
        return await substitute.admit(group.claim)
    }

    private func look(at group: Group) async -> [LimitWindow] {
        await decide(Group(lane: group.lane, claim: .look(at: group.claim.subjects))).windows
    }
}
