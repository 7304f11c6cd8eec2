import Relay

/// Stores under test, and what they did wrong.
final class LimitStoreBench {
    let clock: ManualClock
    let leaseSeconds: Int
    let stores: [any LimitStore]
    /// For how long a store may write what it was told.
    private let patience: Duration
    private(set) var violations: [String] = []

    init(clock: ManualClock, leaseSeconds: Int, stores: [any LimitStore], patience: Duration) {
        self.clock = clock
        self.leaseSeconds = leaseSeconds
        self.stores = stores
        self.patience = patience
    }

    /// Notes what does not hold.
    func expect(_ holds: Bool, _ what: String, line: Int = #line) {
        guard !holds else { return }
        violations.append("line \(line): \(what)")
    }

    /// Waits until something is as it has to be: stores may write what they were told a little later.
    func expectSoon(_ what: String, line: Int = #line, _ condition: () async -> Bool) async {
        let now = ContinuousClock()
        let deadline = now.now + patience
        while await !condition() {
            guard now.now < deadline else {
                expect(false, what, line: line)
                return
            }
            // Cancellation only makes the wait shorter.
            try? await Task.sleep(for: .microseconds(200))
        }
    }

    /// A record with limits.
    func subject(
        _ number: UInt64 = 0, _ scope: LimitScope = .caller, _ limitClass: LimitClass = .text,
        _ limits: (inout LimitRules) -> Void
    ) -> LimitSubject {
        var rules = LimitRules()
        limits(&rules)
        return LimitSubject(
            key: LimitKey(scope, limitClass, high: number &* 0x9E37_79B9_7F4A_7C15, low: number), rules: rules
        )
    }

    /// How the limits stand; it counts nothing.
    func windows(_ subject: LimitSubject, _ store: Int = 0) async -> [LimitWindow] {
        await stores[store].admit(LimitClaim(subjects: [subject], requests: 0, places: 0)).windows
    }

    /// How much is left of the first limit.
    func remaining(_ subject: LimitSubject, _ store: Int = 0) async -> Int? {
        await windows(subject, store).first?.remaining
    }

    /// The end of all that was granted.
    func ends(_ decision: LimitDecision, usedTokens: Int = 0, isUndone: Bool = false) -> [LimitSettlement] {
        decision.grants.map { LimitSettlement($0, usedTokens: usedTokens, isUndone: isUndone) }
    }

    /// As many claims at once as there are tasks, by all stores.
    ///
    /// - Returns: what was granted, and by which store.
    func race(_ tasks: Int, _ claim: LimitClaim) async -> [(store: Int, decision: LimitDecision)] {
        let stores = stores
        return await withTaskGroup(of: (Int, LimitDecision).self) { group in
            for number in 0..<tasks {
                let place = number % stores.count
                group.addTask { (place, await stores[place].admit(claim)) }
            }
            var granted: [(Int, LimitDecision)] = []
            for await (place, decision) in group where decision.refusal == nil {
                granted.append((place, decision))
            }
            return granted
        }
    }
}

extension LimitDecision {
    /// What it is refused by, and how long.
    var limit: (measure: LimitRules.Measure, scope: LimitScope, wait: Int?)? {
        guard case .limit(let window, let wait) = refusal else { return nil }
        return (window.measure, window.scope, wait)
    }
}
