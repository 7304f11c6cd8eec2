import EventLoop
import Glibc
import Synchronization

/// A memcached of a test's own, on a port of the system's choice or a Unix socket; it ends with this object at the latest.
public final class MemcachedProcess: Sendable {
    /// Where it listens.
    public enum Place: Sendable {
        /// On `127.0.0.1`.
        case ipv4
        /// On `::1`.
        case ipv6
        /// On a Unix socket.
        case unix
    }

    /// Why there is none.
    public struct Failure: Error, CustomStringConvertible {
        /// In a few words.
        public let description: String
    }

    /// Where it listens, as the configuration says it: `127.0.0.1:40123`, `[::1]:40123` or `unix:/tmp/…/socket`.
    public let address: String

    private let place: Place
    private let directory: String
    private let options: [String]
    private let environment: [String]
    private let port: String
    private let child: Mutex<ChildProcess?>

    /// Starts one, and waits until it takes connections.
    ///
    /// - Parameters:
    ///   - options: of memcached, beside those that say where it listens.
    ///   - environment: texts of the form `NAME=VALUE`.
    public init(_ place: Place = .unix, options: [String] = [], environment: [String] = []) throws {
        self.place = place
        self.options = options
        self.environment = environment
        directory = try Self.makeDirectory()
        do {
            let ports = directory + "/ports"
            // -1: a port that is free. It is written down where this variable says.
            let child = try Self.spawn(
                place, port: "-1", directory, options,
                environment: environment + ["MEMCACHED_PORT_FILENAME=\(ports)"])
            do {
                switch place {
                case .ipv4, .ipv6:
                    let lines = try Self.wait(for: child) { Self.contents(ports) }
                    guard let text = lines.split(separator: "\n").first?.split(separator: " ").last else {
                        throw Failure(description: "memcached has no port")
                    }
                    port = String(text)
                    address = place == .ipv4 ? "127.0.0.1:\(port)" : "[::1]:\(port)"
                case .unix:
                    port = "0"
                    address = "unix:\(directory)/socket"
                }
                try Self.waitUntilReady(child, place, port, directory)
            } catch {
                Self.end(child)
                throw error
            }
            self.child = Mutex(child)
        } catch {
            Self.remove(directory)
            throw error
        }
    }

    deinit {
        kill()
        Self.remove(directory)
    }

    /// Kills it, and waits until it is gone. It can be started again.
    public func kill() {
        child.withLock { child in
            if let running = child { Self.end(running) }
            child = nil
        }
    }

    /// Starts it again where it was, with nothing in it, and waits until it takes connections.
    public func restart() throws {
        kill()
        let new = try Self.spawn(place, port: port, directory, options, environment: environment)
        do {
            try Self.waitUntilReady(new, place, port, directory)
        } catch {
            Self.end(new)
            throw error
        }
        child.withLock { $0 = new }
    }

    /// Lets it hang (SIGSTOP), and waits until it does.
    public func pause() {
        child.withLock { child in
            guard let child else { return }
            child.signal(SIGSTOP)
            var status: Int32 = 0
            waitpid(child.id, &status, WUNTRACED)
        }
    }

    /// Lets it go on (SIGCONT).
    public func resume() {
        child.withLock { $0?.signal(SIGCONT) }
    }

    private static func spawn(
        _ place: Place, port: String, _ directory: String, _ options: [String], environment: [String]
    ) throws -> ChildProcess {
        let listening =
            switch place {
            case .ipv4: ["-l", "127.0.0.1", "-p", port]
            case .ipv6: ["-l", "::1", "-p", port]
            case .unix: ["-s", directory + "/socket"]
            }
        // Root has to say who it wants to be; anybody else is not asked.
        let arguments = ["memcached", "-u", "root", "-U", "0"] + listening + options
        return try ChildProcess(
            executable: "/usr/bin/memcached", arguments: arguments.map { Array($0.utf8) },
            environment: environment.map { Array($0.utf8) }, descriptors: [])
    }

    private static func end(_ child: ChildProcess) {
        child.signal(SIGKILL)
        var status: Int32 = 0
        waitpid(child.id, &status, 0)
    }

    private static func waitUntilReady(
        _ child: ChildProcess, _ place: Place, _ port: String, _ directory: String
    ) throws {
        try wait(for: child) { isListening(place, port, directory) ? true : nil }
    }

    /// Looks every millisecond whether there is something, for ten seconds at most and while the process runs.
    @discardableResult
    private static func wait<Value>(for child: ChildProcess, until find: () -> Value?) throws -> Value {
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
            if let value = find() { return value }
            if let end = child.reap() { throw Failure(description: "memcached has \(end)") }
            guard ContinuousClock.now < deadline else { throw Failure(description: "memcached is not ready") }
            usleep(1000)
        }
    }

    private static func isListening(_ place: Place, _ port: String, _ directory: String) -> Bool {
        if case .unix = place { return (try? ClientSocket(path: directory + "/socket")) != nil }
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(place.host, port, &hints, &found) == 0, let found else { return false }
        defer { freeaddrinfo(found) }
        let descriptor = socket(found.pointee.ai_family, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return connect(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0
    }

    private static func makeDirectory() throws -> String {
        var template = Array("/tmp/fastrelay-memcached.XXXXXX".utf8CString)
        return try template.withUnsafeMutableBufferPointer { template in
            guard let path = template.baseAddress, mkdtemp(path) != nil else {
                throw Failure(description: "no directory for memcached")
            }
            return String(cString: path)
        }
    }

    private static func remove(_ directory: String) {
        unlink(directory + "/socket")
        unlink(directory + "/ports")
        rmdir(directory)
    }

    private static func contents(_ path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 1024)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer[..<count], as: UTF8.self)
    }
}

extension MemcachedProcess.Place {
    /// Whether this machine has `::1`.
    public static var hasIPv6: Bool {
        let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        inet_pton(AF_INET6, "::1", &address.sin6_addr)
        return withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size)) == 0
            }
        }
    }

    fileprivate var host: String { self == .ipv6 ? "::1" : "127.0.0.1" }
}
