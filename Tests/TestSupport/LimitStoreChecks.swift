public import Relay

/// What every limit store has to do, whatever it keeps its records in.
///
/// A test calls `violations` for each rule and expects none. All stores of `make` share their records; each is as a
/// process of its own.
public struct LimitStoreChecks {
    /// One thing that has to hold.
    public enum Rule: String, Sendable, CaseIterable {
        case countsToTheLimit, takesAllOrNothing, settlesTokens, givesPlacesBack, undoes, endsLeases
        case keepsRenewedLeases, takesLateSettlements, tellsProcessesApart, countsDays, tellsKeysApart
        case bearsClocksThatGoBack, racesForRequests, racesForPlaces, racesOverTwoRecords
    }

    /// Stands still unless a rule moves it.
    let clock: ManualClock
    let leaseSeconds: Int
    private let patience: Duration
    private let make: () throws -> any LimitStore

    /// Checks the stores that `make` makes.
    ///
    /// - Parameters:
    ///   - leaseSeconds: what the stores were told, 5 or more.
    ///   - patience: for how long a store may write what it was told.
    ///   - make: one more process of the same, at first empty, records. It is called up to eight times for a rule.
    public init(
        clock: ManualClock, leaseSeconds: Int, patience: Duration = .seconds(5),
        make: @escaping () throws -> any LimitStore
    ) {
        self.clock = clock
        self.patience = patience
        self.leaseSeconds = leaseSeconds
        self.make = make
    }

    /// What of a rule does not hold, in words; empty when all of it does.
    public func violations(of rule: Rule) async throws -> [String] {
        let stores = try (0..<(rule == .racesForRequests || rule == .racesForPlaces ? 8 : 3)).map { _ in
            try make()
        }
        let bench = LimitStoreBench(
            clock: clock, leaseSeconds: leaseSeconds, stores: stores, patience: patience)
        switch rule {
        case .countsToTheLimit: await bench.countsToTheLimit()
        case .takesAllOrNothing: await bench.takesAllOrNothing()
        case .settlesTokens: await bench.settlesTokens()
        case .givesPlacesBack: await bench.givesPlacesBack()
        case .undoes: await bench.undoes()
        case .endsLeases: await bench.endsLeases()
        case .keepsRenewedLeases: await bench.keepsRenewedLeases()
        case .takesLateSettlements: await bench.takesLateSettlements()
        case .tellsProcessesApart: await bench.tellsProcessesApart()
        case .countsDays: await bench.countsDays()
        case .tellsKeysApart: await bench.tellsKeysApart()
        case .bearsClocksThatGoBack: await bench.bearsClocksThatGoBack()
        case .racesForRequests: await bench.racesForRequests()
        case .racesForPlaces: await bench.racesForPlaces()
        case .racesOverTwoRecords: await bench.racesOverTwoRecords()
        }
        return bench.violations
    }
}
