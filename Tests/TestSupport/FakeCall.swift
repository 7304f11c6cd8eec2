public import Relay
import Synchronization
public import Wire

/// An upstream call that follows a script instead of a network.
///
/// Waiting is played on the clock: a call that waits for longer than its caller wants to moves the clock by that much and
/// returns `.silence`, so that tests of time-outs and heartbeats take no time.
public final class FakeCall: UpstreamCall {
    /// One thing that happens in a script.
    public enum Step: Sendable {
        /// The answer's head.
        case head(status: Int, headers: HeaderFields = HeaderFields())
        /// A part of the body.
        case bytes([UInt8])
        /// Nothing, for this long.
        case wait(Duration)
        /// Nothing, until the test opens the gate; the clock stands still.
        case gate(TestGate)
        /// The end of the body.
        case end
        /// The end of the call.
        case fail(UpstreamError)

        /// A part of the body given as text.
        public static func text(_ text: String) -> Step { .bytes(Array(text.utf8)) }
    }

    private struct State {
        var steps: ArraySlice<Step>
        var cancelCount = 0
        var nextCount = 0
        var isOver = false
        var receivedBytes = 0
    }

    /// What was asked for.
    public let request: UpstreamRequest
    private let clock: ManualClock
    private let state: Mutex<State>
    private let cancelled = TestGate()

    init(_ request: UpstreamRequest, steps: [Step], clock: ManualClock) {
        self.request = request
        self.clock = clock
        state = Mutex(State(steps: steps[...]))
    }

    /// How often `cancel` was called.
    public var cancelCount: Int { state.withLock { $0.cancelCount } }
    /// How often `next` was called.
    public var nextCount: Int { state.withLock { $0.nextCount } }
    /// How many body bytes were handed out.
    public var handedOutBytes: Int { state.withLock { $0.receivedBytes } }
    /// Whether the call ended, failed or was cancelled.
    public var isOver: Bool { state.withLock { $0.isOver } }

    /// Plays the next step.
    public func next(silence: Duration?) async throws(UpstreamError) -> UpstreamEvent {
        state.withLock { $0.nextCount += 1 }
        var patience = silence
        while true {
            guard !Task.isCancelled, state.withLock({ $0.cancelCount == 0 }) else {
                state.withLock { $0.isOver = true }
                throw UpstreamError(.cancelled, message: "The call was given up.")
            }
            let step = state.withLock { $0.steps.popFirst() }
            switch step {
            case .head(let status, let headers):
                return .head(status: status, headers: headers)
            case .bytes(let bytes):
                state.withLock { $0.receivedBytes += bytes.count }
                return .bytes(bytes)
            case .wait(let duration):
                guard let limit = patience, limit < duration else {
                    clock.advance(by: duration)
                    if let limit = patience { patience = limit - duration }
                    continue
                }
                clock.advance(by: limit)
                state.withLock { $0.steps.insert(.wait(duration - limit), at: $0.steps.startIndex) }
                return .silence
            case .gate(let gate):
                await either(gate, cancelled)
            case .end:
                state.withLock { $0.isOver = true }
                return .end
            case .fail(let error):
                state.withLock { $0.isOver = true }
                throw error
            case nil:
                await either(cancelled, cancelled)
            }
        }
    }

    /// Ends the call; a `next` that waits throws.
    public func cancel() {
        state.withLock { state in
            state.cancelCount += 1
            state.isOver = true
        }
        cancelled.open()
    }

    private func either(_ one: TestGate, _ other: TestGate) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = await one.wait() }
            if one !== other { group.addTask { _ = await other.wait() } }
            await group.next()
            group.cancelAll()
        }
    }
}
