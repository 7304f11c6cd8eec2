internal import Relay
internal import Synchronization

/// The relay that new requests go to; another one takes its place when the configuration is read again.
///
/// A request asks once, when it begins, and keeps what it got to its end: it never sees two configurations. Asking costs
/// one uncontended lock, some 20 ns beside the hundred microseconds of the cheapest exchange.
final class CurrentRelay: Sendable {
    private let relay: Mutex<Relay>

    /// Begins with a relay.
    init(_ relay: Relay) {
        self.relay = Mutex(relay)
    }

    /// The relay of the moment. From any thread.
    var value: Relay {
        relay.withLock { $0 }
    }

    /// Gives new requests to a successor.
    func replace(with successor: Relay) {
        relay.withLock { $0 = successor }
    }
}
