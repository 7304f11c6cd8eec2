internal import Relay

/// Requests that were counted ahead in the records of one server, to be handed out without asking it.
///
/// Where this process asks often, it has several counted at once: as many as came within a second, and no more than a
/// small part of what is left, so that others hardly notice. They are handed out within the second in which they count, and
/// what is left of them is taken back; so never more pass than the limit, within whatever minute. Places among those at
/// once are handed out again when their requests have ended.
struct LimitStock: Sendable {
    /// How many records it is kept of; others are asked for each time.
    static let maximumRecords = 256
    /// Fewer are not worth it.
    static let minimumAhead = 4
    /// More would save little: the server is asked about twice for each so many.
    static let maximumAhead = 4096
    /// One of so many that are left may be counted ahead.
    static let part = 64
    /// For how long after it was filled something is handed out.
    static let life = Duration.seconds(1)

    private var piles: [LimitKey: Pile] = [:]
    private var wanted: [LimitKey] = []
    /// What was left of a second that is over.
    private var left: [LimitSettlement] = []
    private var sweepAt: Instant?

    /// An empty one.
    init() {}

    /// Whether something can be counted ahead under these rules at all.
    static func isOf(_ rules: LimitRules) -> Bool {
        func isWide(_ limit: Int?) -> Bool { limit.map { $0 >= minimumAhead * part } ?? true }
        return (rules.limitsRequests || rules.concurrent != nil) && isWide(rules.requestsPerMinute)
            && isWide(rules.requestsPerDay) && isWide(rules.concurrent)
    }

    // MARK: Whoever comes

    /// Takes what one request asks of a record, if it is there, and notes that it was asked for.
    ///
    /// - Parameters:
    ///   - places: how many it takes of those at once, where they are limited.
    ///   - second: the time of the store's clock.
    ///   - decision: gets what was taken, and how the limits stand after that.
    /// - Returns: whether it is there.
    mutating func take(
        places: Int, of subject: LimitSubject, at second: Int, now: Instant,
        into decision: inout LimitDecision
    ) -> Bool {
        guard let index = piles.index(forKey: subject.key) else {
            if hasRoom(at: now) { piles[subject.key] = Pile(subject.rules, now: now) }
            return false
        }
        // One access, for each looks whether the table is anybody else's, too.
        func take(from pile: inout Pile) -> Bool {
            if let past = pile.forget(subject.key, before: second) { left.append(past) }
            pile.ask(subject.rules, at: now)
            let isTaken = pile.take(places: places, of: subject, now: now, into: &decision)
            if pile.isShort {
                pile.isAwaited = true
                wanted.append(subject.key)
            }
            return isTaken
        }
        return take(from: &piles.values[index])
    }

    /// Takes back what a request held that has ended, or what was taken and not used.
    ///
    /// - Returns: false for what has to be written.
    mutating func takeBack(_ settlement: LimitSettlement, now: Instant) -> Bool {
        guard let index = piles.index(forKey: settlement.grant.key) else { return false }
        return piles.values[index].takeBack(settlement, now: now)
    }

    // MARK: The thread

    /// Whether something is to be counted ahead.
    var isWanting: Bool { !wanted.isEmpty }

    /// When something has to be taken back next that is in it, or may come back to it until then; nil when nothing can.
    func ends(after now: Instant) -> Instant? { piles.values.lazy.map(\.ends).filter { $0 > now }.min() }

    /// What is to be counted ahead, a claim for each record. `fill` takes what came of each.
    mutating func claims() -> [LimitClaim] {
        defer { wanted = [] }
        return wanted.compactMap { key in piles[key]?.claimAhead(for: key) }
    }

    /// Takes note of how the limits stand behind another claim, whatever came of it.
    ///
    /// - Parameter windows: become those without what is here, which is used by nobody.
    mutating func note(_ windows: inout [LimitWindow], of subject: LimitSubject) {
        guard let index = piles.index(forKey: subject.key), piles.values[index].rules == subject.rules else {
            return
        }
        let own = windows.filter { $0.scope == subject.key.scope }
        if own.isEmpty { return }
        piles.values[index].windows = own
        guard !piles.values[index].isEmpty else { return }
        for place in windows.indices where windows[place].scope == subject.key.scope {
            windows[place] = piles.values[index].present(windows[place])
        }
    }

    /// Takes what was counted ahead in a record.
    ///
    /// - Parameter decision: nil when nothing was.
    /// - Returns: what has to be taken back.
    mutating func fill(_ key: LimitKey, with decision: LimitDecision?, now: Instant) -> LimitSettlement? {
        let grant = decision?.grants.first
        guard let index = piles.index(forKey: key) else {
            return grant.map { LimitSettlement($0, isUndone: true) }
        }
        piles.values[index].isAwaited = false
        // Also those of a refusal, so that it is not tried again and again.
        if let windows = decision?.windows, !windows.isEmpty { piles.values[index].windows = windows }
        return grant.flatMap { piles.values[index].fill($0, now: now) }
    }

    /// What nobody has asked for in time, to be taken back.
    mutating func expire(now: Instant) -> [LimitSettlement] {
        defer { left = [] }
        // Not a loop over the elements, which would be copied when one is changed.
        var index = piles.startIndex
        while index < piles.endIndex {
            if !piles.values[index].isEmpty, piles.values[index].ends <= now {
                left.append(LimitSettlement(piles.values[index].rest(of: piles.keys[index]), isUndone: true))
                piles.values[index].empty()
            }
            piles.formIndex(after: &index)
        }
        return left
    }

    /// Empties it for good, or for a server that fails: all that is left, to be taken back.
    mutating func clear() -> [LimitSettlement] {
        defer { self = LimitStock() }
        return left
            + piles.filter { !$0.value.isEmpty }.map { key, pile in
                LimitSettlement(pile.rest(of: key), isUndone: true)
            }
    }

    /// Whether there is room for one more record; if not, those that nobody asks for make some, once in a while.
    private mutating func hasRoom(at now: Instant) -> Bool {
        if piles.count < Self.maximumRecords { return true }
        guard sweepAt.map({ $0 <= now }) ?? true else { return false }
        sweepAt = now + Self.life
        piles = piles.filter { !$0.value.isIdle(at: now) }
        return piles.count < Self.maximumRecords
    }
}

/// What is counted ahead in one record, and how much is asked of it.
private struct Pile {
    private(set) var rules: LimitRules
    /// What was counted and not handed out, and when it was.
    private var requests = 0
    private var countedAt = 0
    /// What is held and not handed out.
    private var places = 0
    /// Which of the store's places has the record.
    private var lane: UInt8 = 0
    /// When that is over.
    private(set) var ends: Instant
    /// How many were wanted the last time.
    private var filling = 0
    /// How the limits stood when the server was asked.
    var windows: [LimitWindow] = []
    /// Whether more is counted ahead at the moment.
    var isAwaited = false
    /// Whether the rules are other ones by now.
    private var isOutdated = false
    /// How often it was asked for in this second, which began then, and in the one before.
    private var since: Instant
    private var asked = 1
    private var askedBefore = 0

    init(_ rules: LimitRules, now: Instant) {
        self.rules = rules
        ends = now
        since = now
    }

    var isEmpty: Bool { requests == 0 && places == 0 }

    func isIdle(at now: Instant) -> Bool { isEmpty && !isAwaited && now - since > LimitStock.life * 2 }

    /// Whether it is time to count more ahead.
    var isShort: Bool {
        guard !isAwaited, !isOutdated else { return false }
        let ahead = ahead
        return ahead >= LimitStock.minimumAhead
            && (rules.limitsRequests && requests < ahead / 2 || rules.concurrent != nil && places < ahead / 2)
    }

    /// How many it is worth to have, and fair to others.
    private var ahead: Int {
        var ahead = min(max(asked, askedBefore), LimitStock.maximumAhead)
        // Nothing is known before the server was asked.
        if windows.isEmpty { return 0 }
        for window in windows where !window.measure.isOfTokens {
            ahead = min(ahead, window.remaining / LimitStock.part)
        }
        return ahead
    }

    /// Gives up what counts in an earlier second: it would be forgotten before its time.
    mutating func forget(_ key: LimitKey, before second: Int) -> LimitSettlement? {
        guard second > countedAt, requests > 0 else { return nil }
        defer { requests = 0 }
        return LimitSettlement(grant(key, requests: requests, places: 0), isUndone: true)
    }

    mutating func ask(_ rules: LimitRules, at now: Instant) {
        // New rules hold here when what was counted under others is gone.
        isOutdated = rules != self.rules
        if isOutdated, isEmpty, !isAwaited { return self = Pile(rules, now: now) }
        let age = now - since
        if age >= LimitStock.life {
            askedBefore = age < LimitStock.life * 2 ? asked : 0
            // How it stood so long ago says nothing.
            if age >= LimitStock.life * 2, isEmpty, !isAwaited { windows = [] }
            asked = 0
            since = now
        }
        asked += 1
    }

    mutating func take(
        places wantedPlaces: Int, of subject: LimitSubject, now: Instant, into decision: inout LimitDecision
    ) -> Bool {
        let wanted = (
            requests: rules.limitsRequests ? 1 : 0, places: rules.concurrent != nil ? wantedPlaces : 0
        )
        guard now < ends, !isOutdated, requests >= wanted.requests, places >= wanted.places else {
            return false
        }
        requests -= wanted.requests
        places -= wanted.places
        decision.grants.append(grant(subject.key, requests: wanted.requests, places: wanted.places))
        for window in windows { decision.windows.append(present(window)) }
        return true
    }

    /// How a limit stands as far as this process knows: what is still here is used by nobody.
    func present(_ window: LimitWindow) -> LimitWindow {
        window.givenBack(LimitClaim(subjects: [], requests: requests, places: places))
    }

    mutating func takeBack(_ settlement: LimitSettlement, now: Instant) -> Bool {
        let grant = settlement.grant
        // Others wait for what is held here and not needed.
        guard now < ends, settlement.usedTokens <= 0, grant.tokens == 0,
            places + grant.heldPlaces <= 2 * filling
        else { return false }
        if settlement.isUndone {
            guard grant.countedAt == countedAt else { return false }
            requests += grant.requests
        }
        places += grant.heldPlaces
        return true
    }

    mutating func claimAhead(for key: LimitKey) -> LimitClaim {
        filling = ahead
        let subject = LimitSubject(key: key, rules: rules)
        var claim = LimitClaim(
            subjects: [subject], requests: max(0, filling - requests), places: max(0, filling - places))
        claim.isAhead = true
        return claim
    }

    mutating func fill(_ new: LimitGrant, now: Instant) -> LimitSettlement? {
        // What is of another second, and what more came back than is wanted now.
        let past = grant(
            new.key, requests: new.countedAt == countedAt ? 0 : requests, places: max(0, places - 2 * filling)
        )
        requests -= past.requests
        places -= past.heldPlaces
        lane = new.place
        countedAt = new.countedAt
        requests += new.requests
        places += new.heldPlaces
        ends = now + LimitStock.life
        return past.requests > 0 || past.heldPlaces > 0 ? LimitSettlement(past, isUndone: true) : nil
    }

    func rest(of key: LimitKey) -> LimitGrant { grant(key, requests: requests, places: places) }

    mutating func empty() { (requests, places) = (0, 0) }

    private func grant(_ key: LimitKey, requests: Int, places: Int) -> LimitGrant {
        LimitGrant(
            key: key, place: lane, heldPlaces: places, requests: requests, countedAt: countedAt, tokens: 0)
    }
}
