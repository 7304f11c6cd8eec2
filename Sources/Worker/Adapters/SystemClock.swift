internal import EventLoop
internal import Glibc
internal import Relay
internal import Synchronization

/// The machine's clocks; sleeping is a timer of the loop that the task runs on.
struct SystemClock: RelayClock {
    func now() -> Instant {
        Instant(sinceOrigin: .nanoseconds(Int64(clamping: EventLoop.monotonicTime())))
    }

    var moment: LimitMoment {
        let (seconds, nanoseconds) = Int(EventLoop.monotonicTime()).quotientAndRemainder(
            dividingBy: 1_000_000_000)
        return LimitMoment(seconds: seconds, nanoseconds: nanoseconds)
    }

    func unixTime() -> (seconds: Int, nanoseconds: Int) {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return (time.tv_sec, time.tv_nsec)
    }

    func sleep(for duration: Duration) async throws(CancellationError) {
        guard let loop = EventLoop.current else {
            do { return try await Task.sleep(for: duration) } catch { throw CancellationError() }
        }
        if Task.isCancelled { throw CancellationError() }
        guard duration > .zero else { return }
        let sleeper = Sleeper(loop: loop)
        await withTaskCancellationHandler {
            await withCheckedContinuation { sleeper.sleep(for: duration, $0) }
        } onCancel: {
            sleeper.wake()
        }
        if Task.isCancelled { throw CancellationError() }
    }
}

/// One sleep on a loop.
private final class Sleeper: @unchecked Sendable {
    // @unchecked: touched on the loop's thread only; `wake` from elsewhere hops there.
    private let loop: EventLoop
    private var continuation: CheckedContinuation<Void, Never>?
    private var isAwake = false
    private lazy var timer = LoopTimer { [weak self] in self?.wake() }

    init(loop: EventLoop) {
        self.loop = loop
    }

    func sleep(for duration: Duration, _ continuation: CheckedContinuation<Void, Never>) {
        guard !isAwake else { return continuation.resume() }
        self.continuation = continuation
        loop.set(timer, deadline: loop.deadline(after: duration))
    }

    func wake() {
        guard loop.isCurrent else { return loop.submit { self.wake() } }
        isAwake = true
        loop.cancel(timer)
        continuation?.resume()
        continuation = nil
    }
}
