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

    /// Changes what is held in one record. Nothing else is taken or waited for in `body`.
    @inline(__always)
    func change(_ key: LimitKey, _ body: (inout LimitLease) -> Void) {
        parts[Int(truncatingIfNeeded: (key.low ^ key.high) % UInt64(Self.partCount))].leases.withLock {
            leases in
            var lease = leases[key] ?? LimitLease()
            body(&lease)
            leases[key] = lease.isEmpty ? nil : lease
        }
    }

    /// The records in which something is held.
    var keys: [LimitKey] {
        parts.flatMap { part in part.leases.withLock { Array($0.keys) } }
    }
}
