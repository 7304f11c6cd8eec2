internal import EventLoop
internal import Synchronization

/// Tells the service manager twice in its interval that every loop is alive: each has to answer first.
final class Watchdog: @unchecked Sendable {
    // @unchecked: everything but the rounds' answers happens on the first loop's thread.
    private let loops: [EventLoop]
    private let interval: Duration
    private let report: @Sendable () -> Void
    private var isWaiting = false
    private lazy var timer = LoopTimer { [weak self] in self?.look() }

    /// Watches loops.
    ///
    /// - Parameters:
    ///   - interval: the service manager's; half of it is used.
    ///   - report: called on the first loop's thread when all have answered.
    init(loops: [EventLoop], interval: Duration, report: @escaping @Sendable () -> Void) {
        self.loops = loops
        self.interval = interval
        self.report = report
    }

    /// Begins; on the first loop's thread.
    func start() {
        look()
    }

    private func look() {
        loops[0].set(timer, deadline: loops[0].deadline(after: interval / 2))
        // Where a loop hangs, its answer is still to come, and nothing is told until it does.
        guard !isWaiting else { return }
        isWaiting = true
        loops.roundTrip { [self] in
            loops[0].submit { [self] in
                isWaiting = false
                report()
            }
        }
    }
}

extension [EventLoop] {
    /// Waits for each loop to take a turn.
    ///
    /// - Parameter whenDone: called once on the thread of the last one.
    func roundTrip(_ whenDone: @escaping @Sendable () -> Void) {
        let countdown = Countdown(count)
        for loop in self {
            loop.submit { if countdown.isDone() { whenDone() } }
        }
    }
}

/// Counts down to one call that is the last.
private final class Countdown: Sendable {
    private let left: Atomic<Int>

    init(_ count: Int) {
        left = Atomic(count)
    }

    func isDone() -> Bool {
        left.subtract(1, ordering: .acquiringAndReleasing).newValue == 0
    }
}
