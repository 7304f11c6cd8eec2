internal import Relay
internal import Synchronization

/// What this process holds in each record, in parts that threads seldom want at the same time.
final class LimitLeases: Sendable {
    private final class Part: Sendable {
        let leases = Mutex<[LimitKey: LimitLease]>([:])
    }

    private static let partCount = 16
    private let parts: [Part]

    /// Nothing is held.
    init() {
        parts = (0..<Self.partCount).map { _ in Part() }
    }

    /// Up to how many leases of a part may be empty until `held` is asked for. Who came comes again, mostly.
    private static let keptEmpty = 64

    /// Changes what is held in one record. Nothing else is taken or waited for in `body`.
    @inline(__always)
    func change(_ key: LimitKey, _ body: (inout LimitLease) -> Void) {
        parts[Int(truncatingIfNeeded: (key.low ^ key.high) % UInt64(Self.partCount))].leases.withLock {
            leases in
            var isEmpty = false
            func change(_ lease: inout LimitLease) {
                body(&lease)
                isEmpty = lease.isEmpty
                if isEmpty { lease.expires = 0 }
            }
            change(&leases[key, default: LimitLease()])
            if isEmpty, leases.count > Self.keptEmpty { leases[key] = nil }
        }
    }

    /// The records in which something is held. Forgets the others.
    func held() -> [LimitKey] {
        parts.flatMap { part in
            part.leases.withLock { leases in
                leases = leases.filter { !$0.value.isEmpty }
                return Array(leases.keys)
            }
        }
    }
}
