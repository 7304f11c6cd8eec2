internal import CLinux
internal import Glibc

/// A POSIX thread of our own, for what blocks or runs a loop; joined by whoever made it.
public struct Thread: Sendable {
    private let handle: pthread_t

    /// Starts a thread.
    ///
    /// - Parameters:
    ///   - name: at most 15 bytes, as `top -H` shows it.
    ///   - stackBytes: address space for its stack; only what is touched becomes resident.
    /// - Throws: `EventLoopError` when the system has no room for another thread.
    public init(
        name: String, stackBytes: Int = 512 * 1024, _ body: @escaping @Sendable () -> Void
    ) throws(EventLoopError) {
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setstacksize(&attributes, stackBytes)

        let start = unsafe Unmanaged.passRetained(Start(body))
        var handle = pthread_t()
        let code = unsafe pthread_create(&handle, &attributes, Self.main, start.toOpaque())
        guard code == 0 else {
            unsafe start.release()
            errno = code
            throw EventLoopError(function: "pthread_create")
        }
        unsafe pthread_setname_np(handle, name)
        self.handle = handle
    }

    /// Waits until the thread has ended. Once per thread.
    public func join() {
        pthread_join(handle, nil)
    }

    /// Lets the thread clean up after itself; nobody will join it.
    public func detach() {
        pthread_detach(handle)
    }

    private final class Start {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }

    private static let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = {
        context in
        if let context = unsafe context {
            let start = unsafe Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
            start.body()
        }
        return nil
    }
}
