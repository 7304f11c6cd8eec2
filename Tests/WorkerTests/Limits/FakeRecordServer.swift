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
        var connections = 1
        var fetches = 0
        /// How often something was written, whatever it was.
        var flights = 0
        var writes = 0
        /// Happens before a write, such as one of somebody else; false is a server that fails.
        var beforeWrite: [@Sendable (inout State) -> Outcome] = []
        /// Happens before the next fetch.
        var beforeFetch: (@Sendable (inout State) -> Void)?
        /// Happens after the next writes, before anybody looks what came of them; the last one first.
        var beforeLook: [@Sendable (inout State) -> Void] = []
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
        case asUsual
        /// The connection is closed before or behind it, and by the next one it is looked what came of it.
        case closes, closesBehind
        /// Nobody knows what came of it, or it is done and nobody knows.
        case isGone, isGoneButDone
    }

    let state = Mutex(State())

    func fetch(_ names: [String]) throws(MemcachedError) -> [MemcachedConnection.Item?] {
        let items: [MemcachedConnection.Item?]? = state.withLock { state in
            state.fetches += 1
            state.beforeFetch?(&state)
            state.beforeFetch = nil
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
        _ replacements: [MemcachedConnection.Replacement]
    ) throws(MemcachedError) -> [MemcachedConnection.Item?] {
        let items: [MemcachedConnection.Item?]? = state.withLock { state in
            state.flights += 1
            if state.failures > 0 {
                state.failures -= 1
                return nil
            }
            for one in replacements {
                let outcome = state.beforeWrite.isEmpty ? .asUsual : state.beforeWrite.removeFirst()(&state)
                if outcome == .isGone { return nil }
                if outcome == .closes { break }
                if state.items[one.key]?.version == one.version {
                    state.put(one.bytes, at: one.key)
                    state.lifetimes[one.key] = one.seconds
                    state.writes += 1
                }
                if outcome == .isGoneButDone { return nil }
                if outcome == .closesBehind { break }
            }
            while let event = state.beforeLook.popLast() { event(&state) }
            return replacements.map { state.items[$0.key] }
        }
        guard let items else { throw MemcachedError(reason: "gone") }
        return items
    }

    var connectionCount: Int { state.withLock(\.connections) }

    func disconnect() {}

    // MARK: What stands in it

    var fetches: Int { state.withLock(\.fetches) }
    var writes: Int { state.withLock(\.writes) }
    var flights: Int { state.withLock(\.flights) }

    func lifetime(of key: LimitKey) -> Int? { state.withLock { $0.lifetimes["t:2:" + key.text] } }

    /// How a limit stands; nil when there is no record.
    func window(_ subject: LimitSubject, _ measure: LimitRules.Measure, at now: Int) -> LimitWindow? {
        let item = state.withLock { $0.items["t:2:" + subject.key.text] }
        guard var record = item.flatMap({ StampedRecord($0.bytes.span)?.record }) else { return nil }
        return record.windows(of: subject, at: LimitMoment(seconds: now)).first { $0.measure == measure }
    }

    /// Lets this happen before the next fetch.
    func beforeFetch(_ event: @escaping @Sendable (inout State) -> Void) {
        state.withLock { $0.beforeFetch = event }
    }

    /// Lets this happen before the next writes.
    func before(_ writes: (@Sendable (inout State) -> Outcome)...) {
        state.withLock { $0.beforeWrite += writes }
    }
}

extension FakeRecordServer.State {
    /// Counts requests as another process would.
    mutating func count(_ requests: Int, for subject: LimitSubject, at now: Int) {
        let name = "t:2:" + subject.key.text
        var record = items[name].flatMap { StampedRecord($0.bytes.span) } ?? StampedRecord()
        var lease = LimitLease()
        let claim = LimitClaim(subjects: [subject], requests: requests, places: 0)
        record.record.take(
            claim, under: subject, at: LimitMoment(seconds: now), lease: &lease, leaseSeconds: 60)
        record.add(stamp: .random(in: 0 ... .max))
        put(record.bytes, at: name)
    }
}
