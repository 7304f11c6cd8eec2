internal import CLinux
internal import Glibc
internal import Synchronization

/// A socket that web servers connect to. Accepting does not block; accepted sockets do, as libfcgi wants them.
public final class ListeningSocket: Sendable {
    /// Where to listen.
    public enum Address: Sendable, Equatable {
        /// A socket in the file system, with its permission bits and, if given, the group that owns it.
        case unix(path: String, mode: UInt32, group: String?)
        /// An address and port; an empty host means every address.
        case tcp(host: String, port: UInt16)
        /// A listening socket that the process was started with.
        case descriptor(Int32)
    }

    /// Why a socket could not be had.
    public enum Failure: Error, Equatable, CustomStringConvertible {
        /// Another process answers on the path.
        case isInUse(path: String)
        /// Something that is not a socket is at the path.
        case isNotASocket(path: String)
        /// The path is longer than the system can take.
        case pathTooLong(path: String, limit: Int)
        /// The group does not exist.
        case unknownGroup(String)
        /// The host has no address.
        case unknownHost(String)
        /// The descriptor is not a listening socket.
        case notListening(Int32)
        /// A system call failed.
        case system(EventLoopError, what: String)

        /// One line that says what is wrong and where.
        public var description: String {
            switch self {
            case .isInUse(let path): "\(path): another process is listening there"
            case .isNotASocket(let path): "\(path): exists and is not a socket"
            case .pathTooLong(let path, let limit): "\(path): longer than \(limit) bytes"
            case .unknownGroup(let name): "there is no group “\(name)”"
            case .unknownHost(let host): "\(host): no such host"
            case .notListening(let descriptor): "descriptor \(descriptor) is not a listening socket"
            case .system(let error, let what): "\(what): \(error)"
            }
        }
    }

    /// The listening descriptor; it lives as long as this object.
    public let descriptor: Int32

    /// Whether connections are Unix sockets, whose send buffers can be reasoned about.
    public let isUnix: Bool

    /// The file of a Unix socket. Its device and inode tell it from one that somebody else made at the same path.
    public struct File: Sendable, Equatable {
        /// Where it is.
        public let path: String
        /// The device that it is on. `st_dev`
        public let device: UInt64
        /// Its number there. `st_ino`
        public let inode: UInt64

        /// Names a file.
        public init(path: String, device: UInt64, inode: UInt64) {
            self.path = path
            self.device = device
            self.inode = inode
        }

        /// What is at the path now; nil for nothing.
        init?(at path: String) {
            var status = stat()
            guard unsafe stat(path, &status) == 0 else { return nil }
            self.init(path: path, device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        }
    }

    /// The file to remove at the end.
    private let ownedFile: Mutex<File?>

    /// As many as the kernel allows (`net.core.somaxconn` cuts it).
    private static let backlog: Int32 = 4096

    /// Starts to listen.
    ///
    /// A socket file that nobody answers on is replaced.
    ///
    /// - Throws: `Failure`; nothing is left open or behind then.
    public init(_ address: Address) throws(Failure) {
        switch address {
        case .unix(let path, let mode, let group):
            let owner = try group.map(Self.groupID)
            descriptor = try Self.listenUnix(path: path, mode: mode, group: owner)
            isUnix = true
            ownedFile = Mutex(File(at: path))
        case .tcp(let host, let port):
            descriptor = try Self.listenTCP(host: host, port: port)
            isUnix = false
            ownedFile = Mutex(nil)
        case .descriptor(let number):
            guard Self.isListening(number) else { throw Failure.notListening(number) }
            descriptor = number
            isUnix = Self.family(of: number) == AF_UNIX
            ownedFile = Mutex(nil)
        }
        let flags = fcntl(descriptor, F_GETFL)
        _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        limitAccepting()
    }

    /// Bounds the time that `accept` may take if the socket should block after all, to one tick of the kernel.
    ///
    /// `O_NONBLOCK` is a flag of the socket, not of this process: whoever else has it can take the flag away, as systemd
    /// does before each command of a unit with `StandardInput=socket`. A loop that then lost the race for a connection
    /// would hang. `SO_RCVTIMEO` holds for accept(2) too: socket(7).
    private func limitAccepting() {
        var time = timeval(tv_sec: 0, tv_usec: 1)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(descriptor)
        removeFile()
    }

    /// The socket's file, if this object removes it at the end.
    public var file: File? { ownedFile.withLock { $0 } }

    /// Takes over the duty to remove a file at the end, or with nil gives it up, because another process does it now.
    public func own(_ file: File?) {
        ownedFile.withLock { $0 = file }
    }

    /// Removes the socket file if it is still the one this object owns.
    private func removeFile() {
        guard let file, File(at: file.path) == file else { return }
        unsafe unlink(file.path)
    }

    /// Takes the next connection; nil when none is waiting or it went away again. `accept4`
    ///
    /// - Returns: a blocking descriptor that the caller owns.
    /// - Throws: `EventLoopError` when descriptors or memory ran out: accept again later.
    public func accept() throws(EventLoopError) -> Int32? {
        while true {
            let connection = accept4(descriptor, nil, nil, Int32(SOCK_CLOEXEC.rawValue))
            if connection >= 0 {
                tune(connection)
                return connection
            }
            switch errno {
            case EINTR: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: throw EventLoopError(function: "accept4")
            // EAGAIN is the normal end. The rest are errors of one connection that already went away again
            // (accept(2), "Error handling": treat them like EAGAIN).
            default: return nil
            }
        }
    }

    /// The send buffers asked for, in bytes, whatever the system's defaults: see `CGI.ResponseStream`. The kernel
    /// doubles them; the first becomes the usual default of a Unix socket.
    private static let unixSendBufferBytes: Int32 = 104 * 1024
    private static let tcpSendBufferBytes: Int32 = 256 * 1024

    private func tune(_ connection: Int32) {
        var bytes = isUnix ? Self.unixSendBufferBytes : Self.tcpSendBufferBytes
        unsafe setsockopt(connection, SOL_SOCKET, SO_SNDBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
        guard !isUnix else { return }
        // TCP connections inherit what `limitAccepting` set; Unix sockets do not.
        var forEver = timeval(tv_sec: 0, tv_usec: 0)
        unsafe setsockopt(
            connection, SOL_SOCKET, SO_RCVTIMEO, &forEver, socklen_t(MemoryLayout<timeval>.size))
        var on: Int32 = 1
        unsafe setsockopt(
            connection, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    // MARK: Making sockets

    private static func groupID(_ name: String) throws(Failure) -> gid_t {
        if let number = gid_t(name) { return number }
        guard let entry = unsafe getgrnam(name) else { throw Failure.unknownGroup(name) }
        return unsafe entry.pointee.gr_gid
    }

    private static func listenUnix(path: String, mode: UInt32, group: gid_t?) throws(Failure) -> Int32 {
        var address = sockaddr_un()
        let limit = MemoryLayout.size(ofValue: address.sun_path) - 1
        guard path.utf8.count <= limit else { throw Failure.pathTooLong(path: path, limit: limit) }
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { field in
            for (index, byte) in path.utf8.enumerated() { unsafe field[index] = byte }
        }
        try removeStale(path: path, address: address)

        let socket = try open(domain: AF_UNIX, what: path)
        var isBound = false
        do throws(EventLoopError) {
            // Bound with no permission at all, so nobody can connect before the mode is as asked for.
            let previous = umask(0o777)
            defer { umask(previous) }
            try systemCall("bind") { unsafe connectOrBind(socket, address, bind) }
            isBound = true
            if let group { try systemCall("chown") { unsafe chown(path, uid_t.max, group) } }
            try systemCall("chmod") { unsafe chmod(path, mode_t(mode)) }
            try systemCall("listen") { listen(socket, backlog) }
        } catch {
            close(socket)
            if isBound { unsafe unlink(path) }
            throw Failure.system(error, what: path)
        }
        return socket
    }

    /// Removes a socket file that nobody answers on.
    private static func removeStale(path: String, address: sockaddr_un) throws(Failure) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw Failure.isNotASocket(path: path) }
        let probe = try open(domain: AF_UNIX, what: path)
        defer { close(probe) }
        // A full queue would be waited for; it shows that somebody listens.
        _ = fcntl(probe, F_SETFL, O_NONBLOCK)
        if unsafe connectOrBind(probe, address, connect) == 0 { throw Failure.isInUse(path: path) }
        switch errno {
        case ECONNREFUSED: break
        case EACCES: throw Failure.system(EventLoopError(function: "connect"), what: path)
        default: throw Failure.isInUse(path: path)
        }
        unsafe unlink(path)
    }

    private static func connectOrBind(
        _ socket: Int32, _ address: sockaddr_un,
        _ call: (Int32, UnsafePointer<sockaddr>?, socklen_t) -> Int32
    ) -> Int32 {
        unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe call(socket, pointer, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func listenTCP(host: String, port: UInt16) throws(Failure) -> Int32 {
        var hints = unsafe addrinfo()
        unsafe hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let what = "\(host):\(port)"
        guard unsafe getaddrinfo(host.isEmpty ? nil : host, String(port), &hints, &found) == 0,
            let first = unsafe found
        else { throw Failure.unknownHost(host) }
        defer { unsafe freeaddrinfo(found) }

        let socket = try open(domain: unsafe first.pointee.ai_family, what: what)
        do throws(EventLoopError) {
            var on: Int32 = 1
            unsafe setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
            try systemCall("bind") { unsafe bind(socket, first.pointee.ai_addr, first.pointee.ai_addrlen) }
            try systemCall("listen") { listen(socket, backlog) }
        } catch {
            close(socket)
            throw Failure.system(error, what: what)
        }
        return socket
    }

    private static func open(domain: Int32, what: String) throws(Failure) -> Int32 {
        do throws(EventLoopError) {
            return try systemCall("socket") {
                socket(domain, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            }
        } catch {
            throw Failure.system(error, what: what)
        }
    }

    // MARK: Looking at descriptors

    /// Whether a descriptor is a socket that listens, as web servers and systemd hand them over. `SO_ACCEPTCONN`
    public static func isListening(_ descriptor: Int32) -> Bool {
        option(SO_ACCEPTCONN, of: descriptor) == 1
    }

    private static func family(of descriptor: Int32) -> Int32? {
        option(SO_DOMAIN, of: descriptor)
    }

    private static func option(_ name: Int32, of descriptor: Int32) -> Int32? {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return unsafe getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
    }
}
