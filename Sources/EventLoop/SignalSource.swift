internal import CLinux
internal import Glibc

/// Signals of the process as events of a loop. `signalfd`
public final class SignalSource: FileWatcher {
    private let descriptor: Int32
    private let handler: (Int32) -> Void

    /// Keeps signals from their usual effect, in this thread and in all that it makes from now on.
    ///
    /// Call it before any other thread exists. SIGPIPE is ignored: a broken connection shows in the return codes.
    public static func block(_ signals: [Int32]) {
        var set = set(of: signals)
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Has a signal its usual effect on this process, blocked or not; returns where that is none.
    public static func raise(_ number: Int32) {
        signal(number, SIG_DFL)
        var set = set(of: [number])
        unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
        kill(getpid(), number)
    }

    /// Makes a source for signals that are blocked.
    ///
    /// - Parameter handler: called on the loop's thread with the signal's number.
    /// - Throws: `EventLoopError` when the process is out of descriptors.
    public init(_ signals: [Int32], handler: @escaping (Int32) -> Void) throws(EventLoopError) {
        self.handler = handler
        var set = Self.set(of: signals)
        descriptor = try systemCall("signalfd") {
            unsafe signalfd(-1, &set, Int32(SFD_CLOEXEC) | Int32(SFD_NONBLOCK))
        }
    }

    deinit {
        close(descriptor)
    }

    /// Begins to report on a loop, which keeps this object.
    ///
    /// - Throws: `EventLoopError` when the kernel refuses.
    public func start(on loop: EventLoop) throws(EventLoopError) {
        try loop.watch(descriptor, for: [.read], self)
    }

    /// Reads what arrived.
    public func fileIsReady(_ what: FileInterest) {
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        while unsafe read(descriptor, &info, size) == size {
            handler(Int32(bitPattern: info.ssi_signo))
        }
    }

    private static func set(of signals: [Int32]) -> sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in signals { unsafe sigaddset(&set, signal) }
        return set
    }
}
