internal import Relay
internal import Synchronization

/// The answer of a lane to one claim, which comes before or after it is asked for.
final class LaneInquiry: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<LimitDecision?, Never>)
        case answered(LimitDecision?)
    }

    private let state = Mutex(State.open)

    /// Takes the answer, once; from any thread.
    func take(_ decision: LimitDecision?) {
        let waiting = state.withLock { state -> CheckedContinuation<LimitDecision?, Never>? in
            defer { state = .answered(decision) }
            guard case .awaited(let continuation) = state else { return nil }
            return continuation
        }
        waiting?.resume(returning: decision)
    }

    /// Waits for the answer; by one task, once.
    ///
    /// - Returns: nil when the server cannot be asked.
    func answer() async -> LimitDecision? {
        if case .answered(let decision) = state.withLock({ $0 }) { return decision }
        return await withCheckedContinuation { continuation in
            let early = state.withLock { state -> LimitDecision?? in
                if case .answered(let decision) = state { return .some(decision) }
                state = .awaited(continuation)
                return nil
            }
            if let early { continuation.resume(returning: early) }
        }
    }
}
