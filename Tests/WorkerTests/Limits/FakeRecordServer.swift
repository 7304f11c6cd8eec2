import Memcached
import Relay
import Synchronization

@testable import Worker

/// A server in memory, which does what it is told to before it does what it is asked.
final class FakeRecordServer: RecordServer, Sendable {
    struct State {
        var items: [String: MemcachedConnection.Item] = [:]
        var lifetimes: [String: Int] = [:]
        var nextVersion: UInt64 = 1
        var fetches = 0
        var writes = 0
        /// Happens before a write, such as one of somebody else; false is a server that fails.
        var beforeWrite: [@Sendable (inout State) -> Outcome] = []
        /// What was asked for the last time.
        var names: [String] = []
        /// How many of the next fetches fail.
        var failures = 0

        mutating func put(_ bytes: [UInt8], at name: String) {
            items[name] = MemcachedConnection.Item(bytes: bytes, version: nextVersion)
            nextVersion += 1
        }
    }

    /// What a write comes to.
    enum Outcome {
        case asUsual, fails, failsButIsDone
    }

    let state = Mutex(State())

    func fetch(_ names: [String]) throws(MemcachedError) -> [MemcachedConnection.Item?] {
        let items: [MemcachedConnection.Item?]? = state.withLock { state in
            state.fetches += 1
            state.names = names
            if state.failures > 0 {
                state.failures -= 1
                return nil
            }
            return names.map { state.items[$0] }
        }
        guard let items else { throw MemcachedError(reason: "gone") }
        return items
    }

    func replace(
        _ name: String, with bytes: [UInt8], ifStill version: UInt64?, expiringAfter seconds: Int
    ) throws(MemcachedError) -> Bool {
        let stands: Bool? = state.withLock { state in
            let outcome = state.beforeWrite.isEmpty ? .asUsual : state.beforeWrite.removeFirst()(&state)
            if outcome == .fails { return nil }
            guard state.items[name]?.version == version else { return false }
            state.put(bytes, at: name)
            state.lifetimes[name] = seconds
            state.writes += 1
            return outcome == .failsButIsDone ? nil : true
        }
        guard let stands else { throw MemcachedError(reason: "gone") }
        return stands
    }

    func disconnect() {}

    // MARK: What stands in it

    var fetches: Int { state.withLock(\.fetches) }
    var writes: Int { state.withLock(\.writes) }

    func lifetime(of key: LimitKey) -> Int? { state.withLock { $0.lifetimes["t:1:" + key.text] } }

    /// How a limit stands; nil when there is no record.
    func window(_ subject: LimitSubject, _ measure: LimitRules.Measure, at now: Int) -> LimitWindow? {
        let item = state.withLock { $0.items["t:1:" + subject.key.text] }
        guard var record = item.flatMap({ LimitRecord(encoded: $0.bytes.span) }) else { return nil }
        return record.windows(of: subject, at: now).first { $0.measure == measure }
    }

    /// Lets this happen before the next writes.
    func before(_ writes: (@Sendable (inout State) -> Outcome)...) {
        state.withLock { $0.beforeWrite += writes }
    }
}

extension FakeRecordServer.State {
    /// Counts requests as another process would.
    mutating func count(_ requests: Int, for subject: LimitSubject, at now: Int) {
        let name = "t:1:" + subject.key.text
        var record = items[name].flatMap { LimitRecord(encoded: $0.bytes.span) } ?? LimitRecord()
        var lease = LimitLease()
        let claim = LimitClaim(subjects: [subject], requests: requests, takesPlace: false)
        record.take(claim, under: subject, at: now, lease: &lease, leaseSeconds: 60)
        put(record.encoded(), at: name)
    }
}
