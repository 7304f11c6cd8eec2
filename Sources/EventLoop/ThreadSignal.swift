internal import CLinux
internal import Glibc

/// What a thread that may block waits for: a counting semaphore. `sem_t`
@safe public final class ThreadSignal: @unchecked Sendable {
    // @unchecked: sem_post and sem_wait may be called from any thread (sem_overview(7)).
    private let semaphore: UnsafeMutablePointer<sem_t>

    /// One that nobody has signalled yet.
    public init() {
        unsafe semaphore = .allocate(capacity: 1)
        unsafe sem_init(semaphore, 0, 0)
    }

    deinit {
        unsafe sem_destroy(semaphore)
        unsafe semaphore.deallocate()
    }

    /// Lets one `wait` go on, now or later. From any thread; does not block.
    public func signal() {
        unsafe sem_post(semaphore)
    }

    /// Waits for a signal.
    public func wait() {
        while unsafe sem_wait(semaphore) != 0 {}
    }

    /// Waits for a signal, but no longer than this; whoever sets the machine's clock changes nothing about that.
    public func wait(atMost duration: Duration) {
        var deadline = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &deadline)
        let (seconds, attoseconds) = max(duration, .zero).components
        // Beyond a year nobody waits, and no sum can be too large.
        deadline.tv_sec += Int(min(seconds, 31_536_000))
        deadline.tv_nsec += Int(attoseconds / 1_000_000_000)
        deadline.tv_sec += deadline.tv_nsec / 1_000_000_000
        deadline.tv_nsec %= 1_000_000_000
        while unsafe sem_clockwait(semaphore, CLOCK_MONOTONIC, &deadline) != 0, errno == EINTR {}
    }
}
