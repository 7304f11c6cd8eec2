internal import EventLoop
internal import Glibc

/// A socket of libcurl under a loop's watch.
///
/// libcurl stops watching a connection after each call and starts again with the next. Both would be a system call; so
/// the kernel is told of the stop only when the socket has something to say that nobody wants to hear, such as the end
/// of an idle connection. That goes for connections only, whose opening and closing are told: other descriptors, such
/// as the one by which a name's addresses arrive, are closed behind our back, and their number is used again.
final class SocketWatch: FileWatcher {
    private let socket: Int32
    private unowned(safe) let multi: MultiHandle
    /// Whether its opening was told, and so its closing will be.
    let isConnection: Bool
    private var registered: FileInterest?
    private var wanted: FileInterest = []
    private var knownPort: Int32 = 0

    init(socket: Int32, multi: MultiHandle, isConnection: Bool) {
        self.socket = socket
        self.multi = multi
        self.isConnection = isConnection
    }

    /// Changes what libcurl wants to hear; nothing at all when `interest` is empty.
    func wants(_ interest: FileInterest, on loop: EventLoop) {
        wanted = interest
        guard !interest.isEmpty, registered != interest else { return }
        do {
            if registered == nil {
                try loop.watch(socket, for: interest, self)
            } else {
                try loop.rewatch(socket, for: interest)
            }
            registered = interest
        } catch {
            // Without the watch the call ends by its time-out, with an error that says so.
            registered = nil
        }
    }

    /// Stops watching a socket that may be closed without a word.
    func stop(on loop: EventLoop) {
        if registered != nil { loop.unwatch(socket) }
        registered = nil
        wanted = []
    }

    /// The socket is about to be closed.
    func forget(on loop: EventLoop) {
        if registered != nil { loop.forget(socket) }
        registered = nil
    }

    /// This side's port, 0 while there is none: libcurl names a call's connection by nothing else. `getsockname`
    var localPort: Int32 {
        // A connection keeps its port.
        if knownPort != 0 { return knownPort }
        var address = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let isKnown = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(socket, $0, &size) == 0
            }
        }
        guard isKnown else { return 0 }
        // The port is at the same place in the addresses of IPv4 and IPv6.
        knownPort = unsafe withUnsafeBytes(of: &address) { bytes in
            Int32(unsafe bytes[2]) << 8 | Int32(unsafe bytes[3])
        }
        return knownPort
    }

    func fileIsReady(_ what: FileInterest) {
        if wanted.isEmpty {
            multi.loop.unwatch(socket)
            registered = nil
        } else {
            multi.socketIsReady(socket, what)
        }
    }
}
