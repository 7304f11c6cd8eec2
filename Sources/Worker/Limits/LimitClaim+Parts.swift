internal import Relay

extension LimitClaim {
    /// What of the claim has to be counted for one of its subjects: what nothing limits there is not.
    func asked(of subject: LimitSubject) -> LimitClaim {
        let rules = subject.rules
        var asked = self
        asked.subjects = [subject]
        asked.requests = rules.limitsRequests ? max(0, requests) : 0
        asked.places = rules.concurrent != nil ? max(0, places) : 0
        asked.tokens = rules.limitsTokens ? min(max(0, tokens), LimitRecord.maximumReservation) : 0
        return asked
    }

    /// The same claim on some of its subjects.
    func on(_ subjects: [LimitSubject]) -> LimitClaim {
        var claim = self
        claim.subjects = subjects
        return claim
    }

    /// A claim on subjects that only shows how their limits stand.
    static func look(at subjects: [LimitSubject]) -> LimitClaim {
        LimitClaim(subjects: subjects, requests: 0, places: 0)
    }

    /// Grants in the order of the subjects.
    func ordered(_ grants: [LimitGrant]) -> [LimitGrant] {
        subjects.flatMap { subject in grants.filter { $0.key == subject.key } }
    }

    /// Windows in the order of the subjects, which are of different scopes.
    func ordered(_ windows: [LimitWindow]) -> [LimitWindow] {
        subjects.flatMap { subject in windows.filter { $0.scope == subject.key.scope } }
    }

    /// Whether there is nothing to count.
    var asksNothing: Bool { requests == 0 && places == 0 && tokens == 0 }
}

extension LimitWindow {
    /// How the limit stands when a claim that it counted is taken back.
    func givenBack(_ claim: LimitClaim) -> LimitWindow {
        var window = self
        let amount =
            switch measure {
            case .requestsPerMinute, .requestsPerDay: claim.requests
            case .tokensPerMinute, .tokensPerDay: claim.tokens
            case .concurrent: claim.places
            }
        window.remaining = amount < limit - remaining ? remaining + max(0, amount) : limit
        return window
    }
}
