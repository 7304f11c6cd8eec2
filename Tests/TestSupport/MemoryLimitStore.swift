public import Relay
import Synchronization

/// The limit store of one process, in its memory: the plainest there is, and the model of the others. For tests.
public final class MemoryLimitStore: LimitStore {
    /// How many callers' records it has at most, and how many of addresses, unless it is told otherwise.
    public static let defaultMaximumRecords = 4096

    /// Callers cannot push out addresses, nor the other way round.
    private struct Tables: Sendable {
        var callers: LimitTable
        var addresses: LimitTable

        mutating func change<Result>(
            _ key: LimitKey, at now: LimitMoment, _ body: (inout LimitRecord) -> Result
        ) -> Result {
            switch key.scope {
            case .caller: callers.change(key, at: now, body)
            case .address: addresses.change(key, at: now, body)
            }
        }
    }

    /// To be shared by stores that stand for processes.
    private final class Records: Sendable {
        let tables: Mutex<Tables>

        init(_ tables: Tables) {
            self.tables = Mutex(tables)
        }
    }

    private let records: Records
    /// What is held, by record. Bounded by the number of requests at once. Locked after the tables where both are.
    private let leases = Mutex<[LimitKey: LimitLease]>([:])
    private let leaseSeconds: Int
    private let clock: any RelayClock

    /// A store that has counted nothing.
    ///
    /// - Parameters:
    ///   - leaseSeconds: after what time what was not renewed is held no more.
    ///   - maximumRecords: of callers and of addresses, some 1.5 KB each.
    public init(
        leaseSeconds: Int, clock: any RelayClock, maximumRecords: Int = defaultMaximumRecords
    ) {
        let table = LimitTable(maximumRecords: maximumRecords)
        records = Records(Tables(callers: table, addresses: table))
        self.leaseSeconds = leaseSeconds
        self.clock = clock
    }

    /// A store with the records of another, as another process would have it: each renews what it holds itself.
    public init(sharing other: MemoryLimitStore) {
        records = other.records
        leaseSeconds = other.leaseSeconds
        clock = other.clock
    }

    /// How many records there are, of callers and addresses together.
    public var count: Int { records.tables.withLock { $0.callers.count + $0.addresses.count } }

    /// Decides a claim.
    public func admitAtOnce(_ claim: LimitClaim) -> LimitDecision? { decide(claim) }
    /// Decides a claim; it does not wait.
    public func admit(_ claim: LimitClaim) async -> LimitDecision { decide(claim) }

    private func decide(_ claim: LimitClaim) -> LimitDecision {
        let now = now
        return records.tables.withLock { tables in
            var decision = LimitDecision()
            for subject in claim.subjects {
                let refusal = tables.change(subject.key, at: now) {
                    $0.refusal(of: claim, under: subject, at: now)
                }
                decision.refusal = .longer(decision.refusal, refusal)
            }
            for subject in claim.subjects {
                decision.windows += tables.change(subject.key, at: now) { record in
                    if decision.refusal == nil {
                        decision.grants.append(take(claim, under: subject, &record, at: now))
                    }
                    return record.windows(of: subject, at: now)
                }
            }
            return decision
        }
    }

    private func take(
        _ claim: LimitClaim, under subject: LimitSubject, _ record: inout LimitRecord, at now: LimitMoment
    ) -> LimitGrant {
        leases.withLock { leases in
            var lease = leases[subject.key] ?? LimitLease()
            record.take(claim, under: subject, at: now, lease: &lease, leaseSeconds: leaseSeconds)
            leases[subject.key] = lease.isEmpty ? nil : lease
        }
        return LimitGrant(of: claim, under: subject, countedAt: record.lastUsed)
    }

    /// Ends what was granted, before it returns.
    public func settle(_ grants: [LimitGrant], usedTokens: Int, isUndone: Bool) {
        let now = now
        records.tables.withLock { tables in
            leases.withLock { leases in
                for grant in grants {
                    let settlement = LimitSettlement(of: grant, inRequestOf: usedTokens, isUndone: isUndone)
                    let key = settlement.grant.key
                    var lease = leases[key] ?? LimitLease()
                    tables.change(key, at: now) {
                        $0.settle(settlement, at: now, lease: &lease, leaseSeconds: leaseSeconds)
                    }
                    leases[key] = lease.isEmpty ? nil : lease
                }
            }
        }
    }

    /// Moves on all that is held.
    public func renew() {
        let now = now
        records.tables.withLock { tables in
            leases.withLock { leases in
                for (key, held) in leases {
                    var lease = held
                    tables.change(key, at: now) { $0.renew(&lease, at: now, leaseSeconds: leaseSeconds) }
                    leases[key] = lease
                }
            }
        }
    }

    /// It always answers.
    public var health: LimitStoreHealth { LimitStoreHealth(kind: "process") }

    private var now: LimitMoment { clock.moment }
}

extension LimitStore {
    /// Ends one after the other.
    public func settle(_ settlements: [LimitSettlement]) {
        for settlement in settlements {
            settle(
                [settlement.grant], usedTokens: settlement.usedTokens, isUndone: settlement.isUndone)
        }
    }
}
