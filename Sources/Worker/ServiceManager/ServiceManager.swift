internal import EventLoop
internal import Glibc
internal import Synchronization

/// Tells whoever manages the service how it is, as sd_notify(3) has it; nobody listens in most set-ups.
///
/// Only the main process says anything: systemd refuses what others say (`NotifyAccess=main`) with a line in the journal.
final class ServiceManager: Sendable {
    /// One message.
    enum Message: Equatable {
        /// It serves, for the first time or after `reloading`.
        case ready
        /// The configuration is being read again; the time is that of the monotonic clock in nanoseconds.
        case reloading(at: UInt64)
        /// It ends, and this may take as long.
        case stopping(within: Duration)
        /// The service goes on as another process.
        case successor(Int32)
        /// Every loop is alive.
        case alive

        /// The text that is sent.
        var text: String {
            switch self {
            case .ready: "READY=1\nSTATUS=Serving"
            case .reloading(let time):
                "RELOADING=1\nMONOTONIC_USEC=\(time / 1000)\nSTATUS=Reading the configuration again"
            case .stopping(let time):
                "STOPPING=1\nSTATUS=Finishing what runs\n"
                    + "EXTEND_TIMEOUT_USEC=\((time.components.seconds + ServiceManager.stopMargin) * 1_000_000)"
            // The successor speaks from now on. What is true already is said for it: that it is ready, which ends a
            // reload too, and that the watchdog's interval begins anew.
            case .successor(let id): "MAINPID=\(id)\nREADY=1\nSTATUS=Serving\nWATCHDOG=1"
            case .alive: "WATCHDOG=1"
            }
        }
    }

    /// What ending may take beyond the drain time, in seconds.
    private static let stopMargin: Int64 = 5
    /// What a successor must not get: it is meant for this process.
    static let variables = PassedSockets.variables + ["WATCHDOG_PID"]

    /// How often `alive` has to come at least; nil when nobody watches.
    let watchdogInterval: Duration?
    private let socket: Int32?
    private let address: [UInt8]
    private let isMain: Atomic<Bool>
    private let pool = ThreadPool(name: "notify", limit: 1)

    /// Reads who listens from the environment.
    ///
    /// - Parameters:
    ///   - processID: this process's, for which the watchdog must be meant.
    ///   - isMain: whether it is the main process of the service; a successor becomes it later.
    init(_ variables: [String: String], processID: Int32, isMain: Bool = true) {
        self.isMain = Atomic(isMain)
        address = variables["NOTIFY_SOCKET"].flatMap(Self.address) ?? []
        socket =
            address.isEmpty
            ? nil : Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let isWatched = variables["WATCHDOG_PID"].map { Int32($0) == processID } ?? true
        if isWatched, let time = variables["WATCHDOG_USEC"].flatMap({ Int64($0) }), time > 0 {
            watchdogInterval = .microseconds(time)
        } else {
            watchdogInterval = nil
        }
    }

    deinit {
        if let socket, socket >= 0 { close(socket) }
    }

    /// A path, or with `@` a name in the abstract namespace; nil for what Unix sockets cannot have.
    static func address(_ text: String) -> [UInt8]? {
        var path = Array(text.utf8)
        guard path.count > 1, path.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path) else {
            return nil
        }
        switch path[0] {
        case UInt8(ascii: "/"): return path
        case UInt8(ascii: "@"):
            path[0] = 0
            return path
        default: return nil
        }
    }

    /// Whether there is somebody to tell.
    var isThere: Bool { (socket ?? -1) >= 0 }

    /// From now on this process is the main one, and its messages are sent.
    func becomeMain() {
        isMain.store(true, ordering: .relaxed)
    }

    /// Sends a message, if this is the main process; with `successor` it ends to be that. From any thread; does not block.
    func tell(_ message: Message) {
        guard let socket, socket >= 0, isMain.load(ordering: .relaxed) else { return }
        if case .successor = message { isMain.store(false, ordering: .relaxed) }
        let bytes = Array(message.text.utf8)
        // A full queue is rare, and then it is waited for elsewhere; other failures mean that nobody is there.
        if !send(bytes, on: socket, flags: Int32(MSG_DONTWAIT)), errno == EAGAIN {
            _ = pool.submit { [self] in _ = send(bytes, on: socket, flags: 0) }
        }
    }

    private func send(_ bytes: [UInt8], on socket: Int32, flags: Int32) -> Bool {
        var target = sockaddr_un()
        target.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &target.sun_path) { $0.copyBytes(from: address) }
        // The length counts: the name of an abstract socket goes to the end, zeros included.
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        let length = socklen_t(offset + address.count)
        return withUnsafePointer(to: target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                sendto(socket, bytes, bytes.count, flags | Int32(MSG_NOSIGNAL), pointer, length)
                    == bytes.count
            }
        }
    }
}
