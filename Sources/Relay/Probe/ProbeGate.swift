import Dialects
import Synchronization

/// Counts the probes that take time, so that strangers cannot hold many places with them.
final class ProbeGate: Sendable {
    /// How many may run at once in the process; see `SharedProbe` for all processes.
    static let places = 16
    /// When to try again, in seconds.
    private static let retryAfterSeconds = 5

    private let taken = Atomic(0)

    /// An empty gate.
    init() {}

    /// A place for one probe, free again when the pass goes away.
    final class Pass: Sendable {
        private let gate: ProbeGate

        fileprivate init(_ gate: ProbeGate) {
            self.gate = gate
        }

        deinit {
            gate.taken.subtract(1, ordering: .relaxed)
        }
    }

    /// Takes a place.
    ///
    /// - Throws: `overloaded` when there is none.
    func enter() throws(Failure) -> Pass {
        let before = taken.add(1, ordering: .relaxed).oldValue
        // From here on the pass gives the place back, whatever happens.
        let pass = Pass(self)
        guard before < Self.places else { throw Self.isFull }
        return pass
    }

    /// What a probe gets that finds no place.
    static var isFull: Failure {
        Failure(.overloaded, "Too many probes run at the moment.", retryAfterSeconds: retryAfterSeconds)
    }
}
