import Dialects

/// Says what a request is counted for, and what it would have to hold: the limits of one configuration.
struct LimitGate: Sendable {
    private let limits: Configuration.Limits
    private let isOff: Bool
    private let limitsTokens: Bool

    /// Takes the limits.
    init(_ limits: Configuration.Limits) {
        self.limits = limits
        isOff = LimitClass.allCases.allSatisfy {
            limits.caller[$0].isEmpty && limits.address[$0].isEmpty
        }
        limitsTokens = limits.caller.text.limitsTokens || limits.address.text.limitsTokens
    }

    /// What one more request of a class is counted for; nil where nothing limits it.
    func claim(for limitClass: LimitClass, of party: LimitParty) -> LimitClaim? {
        let subjects = subjects(limitClass, party) { !$0.isEmpty }
        return subjects.isEmpty ? nil : LimitClaim(subjects: subjects)
    }

    /// The tokens that a chat reserves before it is paid for; nil where tokens are not limited.
    ///
    /// That is the prompt, and of each answer what the client allows it, but at most `limits.outputReserve` and a tenth of
    /// the limit: most answers are far shorter than what clients allow, and a small limit would be one answer at a time.
    /// A prompt that fits by itself is not refused for what may be answered.
    func claim(for chat: ChatPlan, of party: LimitParty) -> LimitClaim? {
        guard limitsTokens else { return nil }
        let subjects = subjects(.text, party, where: \.limitsTokens)
        guard
            let most = subjects.lazy.flatMap({ [$0.rules.tokensPerMinute, $0.rules.tokensPerDay] })
                .compactMap({ $0 }).min()
        else { return nil }
        var prompt = 0
        for tokens in chat.prompts { prompt = prompt.addingSaturated(tokens.count.tokens) }
        let answer = min(
            chat.maximumOutputTokens ?? .max, limits.outputReserve, max(1, most / Self.answersInLimit))
        let answers = min(answer * chat.choiceCount, max(0, most.addingSaturated(-prompt)))
        return LimitClaim(
            subjects: subjects, requests: 0, places: 0, tokens: prompt.addingSaturated(answers))
    }

    /// How many answers can be reserved at once under a limit of tokens.
    private static let answersInLimit = 10

    private func subjects(
        _ limitClass: LimitClass, _ party: LimitParty, where isWanted: (LimitRules) -> Bool
    ) -> [LimitSubject] {
        guard !isOff, !party.isExempt else { return [] }
        var subjects: [LimitSubject] = []
        subjects.reserveCapacity(2)
        func add(_ scope: LimitScope, _ digest: LimitDigest, _ rules: LimitRules) {
            var rules = rules
            // Nothing else has any.
            if limitClass != .text { (rules.tokensPerMinute, rules.tokensPerDay) = (nil, nil) }
            guard isWanted(rules) else { return }
            let key = LimitKey(scope, limitClass, high: digest.high, low: digest.low)
            subjects.append(LimitSubject(key: key, rules: rules))
        }
        if let caller = party.caller { add(.caller, caller, limits.caller[limitClass]) }
        add(.address, party.address, limits.address[limitClass])
        return subjects
    }
}

/// Who makes a request, as far as limits are concerned.
struct LimitParty: Sendable {
    /// Who shows this credential; nil where none is shown.
    var caller: LimitDigest?
    /// Who comes from this address.
    var address: LimitDigest
    /// Whether nothing is to be limited.
    var isExempt = false
    /// What was known of the credential when the request came; nil where no vendor accepted it lately.
    var acceptance: KeyGuard.Acceptance?
}
