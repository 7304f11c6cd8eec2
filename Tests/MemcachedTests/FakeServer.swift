import EventLoop
import Glibc
import Memcached
import Synchronization

/// Something on a Unix socket that is not quite memcached.
final class FakeServer: Sendable {
    let path: String
    private let listener: Int32
    private let requests = Mutex(0)

    /// How many requests have come.
    var requestCount: Int { requests.withLock { $0 } }

    /// Listens, and takes no connection.
    private init() {
        var template = Array("/tmp/fastrelay-fake.XXXXXX".utf8CString)
        path =
            template.withUnsafeMutableBufferPointer {
                $0.baseAddress.flatMap(mkdtemp).map { String(cString: $0) } ?? "/tmp"
            } + "/socket"
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        withUnsafePointer(to: address) {
            _ = $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        listen(listener, 16)
    }

    /// A server that takes connections and no question.
    static func blackHole() -> FakeServer { FakeServer() }

    /// A server that answers the first question of each connection with these bytes, in pieces, and then closes it or
    /// says no more.
    static func answering(_ pieces: [String], closing: Bool) throws -> FakeServer {
        let server = FakeServer()
        let listener = dup(server.listener)
        try Thread(name: "fake") { [weak server] in
            var open: [Int32] = []
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { break }
                var buffer = [UInt8](repeating: 0, count: 65_536)
                guard recv(descriptor, &buffer, buffer.count, 0) > 0 else {
                    close(descriptor)
                    continue
                }
                server?.requests.withLock { $0 += 1 }
                for piece in pieces { send(descriptor, piece, piece.utf8.count, Int32(MSG_NOSIGNAL)) }
                if closing { close(descriptor) } else { open.append(descriptor) }
            }
            for descriptor in open { close(descriptor) }
            close(listener)
        }.detach()
        return server
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        unlink(path)
        rmdir(String(path.dropLast("/socket".count)))
    }
}

extension MemcachedConnection {
    /// Asks for a key that nobody has: whether the server answers at all.
    func ping() throws(MemcachedError) { _ = try fetch(["ping"]) }
}
