public import Relay
import Synchronization

/// A clock that moves only when it is told to.
public final class ManualClock: RelayClock {
    private struct State {
        var now = Instant(sinceOrigin: .seconds(1000))
        var nextID = 0
        var sleepers: [(id: Int, until: Instant, continuation: CheckedContinuation<Bool, Never>)] = []
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())

    /// A clock that stands at an arbitrary moment.
    public init() {}

    /// The moment it stands at.
    public func now() -> Instant {
        state.withLock { $0.now }
    }

    /// The time of day: 2026-11-21T00:00:00Z plus what the clock moved.
    public func unixTime() -> (seconds: Int, nanoseconds: Int) {
        let moved = now().sinceOrigin - .seconds(1000)
        return (
            1_795_219_200 + Int(moved.components.seconds), Int(moved.components.attoseconds / 1_000_000_000)
        )
    }

    /// Suspends until the clock was moved far enough, or the task is cancelled.
    public func sleep(for duration: Duration) async throws(CancellationError) {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let finished = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
                let early: Bool? = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return false }
                    if duration <= .zero { return true }
                    state.sleepers.append((id, state.now + duration, continuation))
                    return nil
                }
                if let early { continuation.resume(returning: early) }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil as CheckedContinuation<Bool, Never>?
                }
                return state.sleepers.remove(at: index).continuation
            }
            sleeper?.resume(returning: false)
        }
        state.withLock { _ = $0.cancelled.remove(id) }
        guard finished else { throw CancellationError() }
    }

    /// Moves the clock on and wakes whoever slept until then.
    public func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now = state.now + duration
            let due = state.sleepers.filter { $0.until <= state.now }
            state.sleepers.removeAll { $0.until <= state.now }
            return due
        }
        for sleeper in due { sleeper.continuation.resume(returning: true) }
    }

    /// How many tasks sleep.
    public var sleeperCount: Int { state.withLock { $0.sleepers.count } }
}
