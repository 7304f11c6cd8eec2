internal import EventLoop

/// How many exchanges run on a loop, and whether there have been none for a while. For the loop's thread.
final class LoopActivity {
    private let loop: EventLoop
    private let quietChanged: (_ isQuiet: Bool) -> Void
    private lazy var timer = LoopTimer { [weak self] in self?.look() }
    /// Exchanges that began since the timer was set.
    private var begun = 0
    private var isQuiet = true

    /// Exchanges that run now.
    private(set) var running = 0

    /// How long there must have been no exchange, in nanoseconds. Long enough that the pauses of one busy client do not
    /// count, and so that a busy loop looks no more than once in that time.
    private static let quietTime: UInt64 = 1_000_000_000

    /// Makes the activity of a loop that is quiet.
    ///
    /// - Parameter quietChanged: called with true when the loop has become quiet and with false when it no longer is.
    init(loop: EventLoop, quietChanged: @escaping (_ isQuiet: Bool) -> Void) {
        self.loop = loop
        self.quietChanged = quietChanged
    }

    func exchangeBegan() {
        running += 1
        begun += 1
        guard isQuiet else { return }
        isQuiet = false
        quietChanged(false)
    }

    func exchangeEnded() {
        running -= 1
        if running == 0, !timer.isArmed { wait() }
    }

    /// Gives no more word of quiet.
    func end() {
        loop.cancel(timer)
    }

    private func wait() {
        begun = 0
        loop.set(timer, deadline: loop.now + Self.quietTime)
    }

    private func look() {
        // What runs now waits again when it ends.
        guard running == 0 else { return }
        guard begun == 0 else { return wait() }
        isQuiet = true
        quietChanged(true)
    }
}
