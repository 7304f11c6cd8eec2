import EventLoop
import Glibc
import Synchronization

/// An HTTP server whose every connection is a script on a thread of its own.
final class ScriptedServer: Sendable {
    let port: UInt16
    private let listener: Int32
    private let accepted = Mutex(0)
    private let isStopped = Atomic(false)

    var url: String { "http://127.0.0.1:\(port)" }

    /// How many connections there have been.
    var connections: Int { accepted.withLock { $0 } }

    /// Listens on a port of the system's choice and runs `script` for each connection.
    init(_ script: @escaping @Sendable (ScriptedConnection) -> Void) throws {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        // Every address: a machine's own name may stand for 127.0.1.1.
        address.sin_addr.s_addr = 0
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(socket, $0, size)
                _ = listen(socket, 128)
                _ = getsockname(socket, $0, &size)
            }
        }
        listener = socket
        port = UInt16(bigEndian: address.sin_port)
        try Thread(name: "accept") { [self] in
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else {
                    close(listener)
                    return
                }
                accepted.withLock { $0 += 1 }
                try? Thread(name: "script") {
                    script(ScriptedConnection(descriptor))
                }.detach()
            }
        }.detach()
    }

    /// Ends accepting, once; scripts end by themselves.
    func stop() {
        // The thread closes the socket: a number closed here could be another test's by the time it looks again.
        if !isStopped.exchange(true, ordering: .relaxed) { shutdown(listener, Int32(SHUT_RDWR)) }
    }
}

/// The server's side of one connection, blocking.
final class ScriptedConnection {
    private let descriptor: Int32
    private var received: [UInt8] = []

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        var time = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(descriptor)
    }

    /// A request as it came.
    struct Request: Sendable {
        let head: String
        let body: [UInt8]
    }

    /// Reads a request with its body, nil when the client closed.
    func request() -> Request? {
        while true {
            if let end = received.indices.dropLast(3).first(where: {
                received[$0..<$0 + 4].elementsEqual("\r\n\r\n".utf8)
            }) {
                let head = String(decoding: received[..<end], as: UTF8.self)
                let length =
                    head.split(separator: "\r\n")
                    .first { $0.lowercased().hasPrefix("content-length:") }
                    .flatMap { Int($0.split(separator: " ").last ?? "") } ?? 0
                while received.count < end + 4 + length { guard receive() else { return nil } }
                let body = Array(received[(end + 4)..<(end + 4 + length)])
                received.removeFirst(end + 4 + length)
                return Request(head: head, body: body)
            }
            guard receive() else { return nil }
        }
    }

    /// Reads the head of a request and leaves the rest, nil when the client closed.
    func head() -> String? {
        while true {
            if let end = received.indices.dropLast(3).first(where: {
                received[$0..<$0 + 4].elementsEqual("\r\n\r\n".utf8)
            }) {
                defer { received.removeFirst(end + 4) }
                return String(decoding: received[..<end], as: UTF8.self)
            }
            guard receive() else { return nil }
        }
    }

    /// Reads so many bytes behind a head, nil when the client closed.
    func bytes(_ count: Int) -> [UInt8]? {
        while received.count < count { guard receive() else { return nil } }
        defer { received.removeFirst(count) }
        return Array(received[..<count])
    }

    /// Reads so many bytes behind a head, with a pause before each mebibyte; false when the client closed.
    func takeSlowly(_ count: Int, pause: UInt32) -> Bool {
        var taken = 0
        while taken < count {
            if taken >> 20 != (taken + received.count) >> 20 { usleep(pause) }
            taken += received.count
            received = []
            guard taken >= count || receive() else { return false }
        }
        return true
    }

    private func receive() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return false }
        received += buffer[..<count]
        return true
    }

    func send(_ text: String) {
        send(Array(text.utf8))
    }

    /// Sends everything; false when the client is gone.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    func answer(_ body: String) {
        send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    /// Waits until the client closes.
    func waitForClose() {
        while receive() {}
    }
}
