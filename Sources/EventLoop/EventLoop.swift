internal import CLinux
internal import Glibc
internal import Synchronization

/// One thread that waits on epoll and runs whatever became ready: descriptors, timers and Swift jobs.
///
/// It is a `TaskExecutor`: the `async` code of a task that prefers it runs on its thread, so there is no hop between
/// the bytes of an upstream and the bytes of a client, and what belongs to one loop needs no lock.
///
/// Only `enqueue`, `submit` and `stop` may be called from any thread; everything else is for the loop's own thread,
/// or for the thread that set it up before `run`.
@safe public final class EventLoop: TaskExecutor, @unchecked Sendable {
    // @unchecked: `inbox` is a lock, `hasMail` and `thread` are atomics; every other variable is touched by the loop's own thread
    // only, which `assertOnLoop` checks in debug builds. Setting up before `run` happens before the thread exists.

    /// Which of the process's loops this is, from 0.
    public let index: Int

    private let epoll: Int32
    private let wakeUp: Int32
    private let inbox = Mutex(Inbox())
    private let hasMail = Atomic(false)
    /// The thread inside `run`, 0 for none. A thread asks only whether it is its own, so relaxed order is enough.
    private let thread = Atomic<pthread_t>(0)

    private var isStopping = false
    private var jobs: [UnownedJob] = []
    private var runningJobs: [UnownedJob] = []
    private var watched: [Watched] = []
    private var timers = TimerHeap()
    private var events = unsafe [epoll_event](repeating: epoll_event(), count: EventLoop.eventsPerWait)

    /// What other threads handed over since the loop last looked.
    private struct Inbox {
        var jobs: [UnownedJob] = []
        var work: [@Sendable () -> Void] = []
        var isStopped = false
    }

    /// A descriptor under watch. The generation tells an event of a closed descriptor from one of its successor.
    private struct Watched {
        var watcher: (any FileWatcher)?
        var generation: UInt32 = 0
    }

    /// More than one wake-up brings under load; the rest comes with the next call.
    private static let eventsPerWait = 256
    /// Rounds of jobs and timers that make new jobs before descriptors get their turn again.
    private static let roundsOfJobs = 64

    /// Monotonic time in nanoseconds, read once per wake-up: exact enough for time-outs.
    public private(set) var now: UInt64 = EventLoop.monotonicTime()

    /// Makes a loop that is not running yet.
    ///
    /// - Throws: `EventLoopError` when the process is out of descriptors.
    public init(index: Int = 0) throws(EventLoopError) {
        self.index = index
        epoll = try systemCall("epoll_create1") { epoll_create1(Int32(EPOLL_CLOEXEC)) }
        wakeUp = try systemCall("eventfd") {
            eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        }
        var event = unsafe epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: UInt64.max))
        try systemCall("epoll_ctl") { unsafe epoll_ctl(epoll, EPOLL_CTL_ADD, wakeUp, &event) }
    }

    deinit {
        close(epoll)
        close(wakeUp)
    }

    // MARK: Running

    /// The loop whose thread this is, if any.
    public static var current: EventLoop? {
        guard let pointer = unsafe pthread_getspecific(currentLoopKey) else { return nil }
        return unsafe Unmanaged<EventLoop>.fromOpaque(pointer).takeUnretainedValue()
    }

    private static let currentLoopKey: pthread_key_t = {
        var key = pthread_key_t()
        unsafe pthread_key_create(&key, nil)
        return key
    }()

    /// Whether the caller is on the loop's thread.
    public var isCurrent: Bool {
        thread.load(ordering: .relaxed) == pthread_self()
    }

    /// Turns the calling thread into the loop's, until `stop`.
    public func run() {
        thread.store(pthread_self(), ordering: .relaxed)
        unsafe pthread_setspecific(Self.currentLoopKey, Unmanaged.passUnretained(self).toOpaque())
        while !isStopping {
            now = Self.monotonicTime()
            fireTimers()
            runJobs()
            wait()
        }
        runJobs()
        // Watchers and timers know their loop: let go of them, or none of all these would ever be freed.
        watched = []
        timers = TimerHeap()
        pthread_setspecific(Self.currentLoopKey, nil)
        thread.store(0, ordering: .relaxed)
    }

    /// Ends `run` after the jobs at hand. From any thread.
    public func stop() {
        submit { self.isStopping = true }
    }

    /// Runs `work` on the loop's thread, soon. From any thread.
    public func submit(_ work: @escaping @Sendable () -> Void) {
        inbox.withLock { $0.work.append(work) }
        signal()
    }

    /// Takes a job of the Swift runtime; on the loop's own thread without a lock.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent {
            jobs.append(job)
        } else {
            inbox.withLock { $0.jobs.append(job) }
            signal()
        }
    }

    private func signal() {
        // One write wakes the loop for all the mail that comes until it looks: the exchange makes it one.
        if hasMail.exchange(true, ordering: .acquiringAndReleasing) { return }
        var one: UInt64 = 1
        _ = unsafe write(wakeUp, &one, MemoryLayout<UInt64>.size)
    }

    private func readMail() {
        var count: UInt64 = 0
        _ = unsafe read(wakeUp, &count, MemoryLayout<UInt64>.size)
        // Cleared before the inbox is emptied: mail that arrives in between signals again.
        hasMail.store(false, ordering: .sequentiallyConsistent)
        var mail = Inbox()
        inbox.withLock { swap(&$0, &mail) }
        jobs.append(contentsOf: mail.jobs)
        for work in mail.work { work() }
    }

    /// Runs the jobs, and after each round of them what they have set a timer for at once: what all of them need is done
    /// for all together.
    private func runJobs() {
        let executor = unsafe asUnownedTaskExecutor()
        for _ in 0..<Self.roundsOfJobs where !jobs.isEmpty {
            swap(&jobs, &runningJobs)
            for job in runningJobs { unsafe job.runSynchronously(on: executor) }
            runningJobs.removeAll(keepingCapacity: true)
            fireTimers()
        }
    }

    private func wait() {
        let timeout = jobs.isEmpty && !isStopping ? millisecondsToNextTimer() : 0
        let count = unsafe epoll_wait(epoll, &events, Int32(Self.eventsPerWait), timeout)
        guard count > 0 else { return }
        now = Self.monotonicTime()
        for index in 0..<Int(count) {
            let event = unsafe events[index]
            let tag = unsafe event.data.u64
            if tag == UInt64.max {
                readMail()
                continue
            }
            let descriptor = Int(tag & 0xffff_ffff)
            guard descriptor < watched.count, watched[descriptor].generation == UInt32(tag >> 32),
                let watcher = watched[descriptor].watcher
            else { continue }
            watcher.fileIsReady(FileInterest(rawValue: unsafe event.events))
        }
    }

    // MARK: Descriptors

    /// Starts to watch a descriptor. It stays the caller's, who unwatches it before closing it.
    ///
    /// - Throws: `EventLoopError` when the kernel refuses, such as for a plain file.
    public func watch(
        _ descriptor: Int32, for interest: FileInterest, _ watcher: any FileWatcher
    ) throws(EventLoopError) {
        assertOnLoop()
        let slot = Int(descriptor)
        while watched.count <= slot { watched.append(Watched()) }
        watched[slot].generation &+= 1
        try control(EPOLL_CTL_ADD, descriptor, interest)
        watched[slot].watcher = watcher
    }

    /// Changes what is wanted of a watched descriptor.
    ///
    /// - Throws: `EventLoopError` when the kernel refuses.
    public func rewatch(_ descriptor: Int32, for interest: FileInterest) throws(EventLoopError) {
        assertOnLoop()
        try control(EPOLL_CTL_MOD, descriptor, interest)
    }

    /// Stops watching; nothing is reported for it any more, not even what is already pending.
    public func unwatch(_ descriptor: Int32) {
        assertOnLoop()
        forget(descriptor)
        var event = unsafe epoll_event()
        // Fails only when the descriptor is gone already, and then there is nothing to do.
        _ = unsafe epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, &event)
    }

    /// Like `unwatch` for a descriptor that is being closed: closing takes it out of epoll without a call.
    ///
    /// Only for descriptors that no other descriptor shares a description with.
    public func forget(_ descriptor: Int32) {
        assertOnLoop()
        let slot = Int(descriptor)
        guard slot < watched.count else { return }
        watched[slot].watcher = nil
        watched[slot].generation &+= 1
    }

    private func control(
        _ operation: Int32, _ descriptor: Int32, _ interest: FileInterest
    ) throws(EventLoopError) {
        let tag = UInt64(watched[Int(descriptor)].generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
        var event = unsafe epoll_event(events: interest.rawValue, data: epoll_data_t(u64: tag))
        try systemCall("epoll_ctl") { unsafe epoll_ctl(epoll, operation, descriptor, &event) }
    }

    // MARK: Time

    /// Arms a timer, or moves one that is armed already.
    ///
    /// - Parameter deadline: nanoseconds of `now`'s clock; `now` or earlier means before the loop waits again, and for a
    ///   job that sets it as soon as the other jobs at hand have run.
    public func set(_ timer: LoopTimer, deadline: UInt64) {
        assertOnLoop()
        timers.set(timer, deadline: deadline)
    }

    /// Disarms a timer; nothing happens when it is not armed.
    public func cancel(_ timer: LoopTimer) {
        assertOnLoop()
        timers.remove(timer)
    }

    /// The moment on `now`'s clock that lies a while ahead; the end of time where that is beyond it.
    public func deadline(after duration: Duration) -> UInt64 {
        deadline(afterNanoseconds: Self.nanoseconds(duration))
    }

    /// The moment on `now`'s clock that lies so many nanoseconds ahead; the end of time where that is beyond it.
    public func deadline(afterNanoseconds length: UInt64) -> UInt64 {
        let (deadline, isBeyond) = now.addingReportingOverflow(length)
        return isBeyond ? .max : deadline
    }

    /// A duration for `deadline(afterNanoseconds:)`: for those that are used again and again, since a `Duration` is
    /// divided by 128 bits. The greatest number for what is longer than that.
    public static func nanoseconds(_ duration: Duration) -> UInt64 {
        let (seconds, attoseconds) = max(duration, .zero).components
        let (whole, isTooLong) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (length, isTooLongAgain) = whole.addingReportingOverflow(UInt64(attoseconds / 1_000_000_000))
        return isTooLong || isTooLongAgain ? .max : length
    }

    private func fireTimers() {
        // No more than there are: one that is set again and again for at once waits for its turn.
        for _ in 0..<timers.count {
            guard let timer = timers.first, timer.deadline <= now else { return }
            timers.remove(timer)
            timer.action()
        }
    }

    private func millisecondsToNextTimer() -> Int32 {
        guard let timer = timers.first else { return -1 }
        guard timer.deadline > now else { return 0 }
        // Rounded up, or the last fraction of a millisecond is spent in a busy loop.
        return Int32(clamping: (timer.deadline - now + 999_999) / 1_000_000)
    }

    /// Monotonic time in nanoseconds, read from the kernel. `clock_gettime(CLOCK_MONOTONIC)`.
    public static func monotonicTime() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private func assertOnLoop() {
        assert(
            isCurrent || thread.load(ordering: .relaxed) == 0,
            "a loop's descriptors and timers belong to its thread")
    }
}
