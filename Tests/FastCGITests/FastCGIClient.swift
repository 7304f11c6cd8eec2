import Glibc
import Testing

/// The web server's side of one FastCGI connection, blocking, with a time-out on every wait.
final class FastCGIClient {
    let socket: Int32
    private var received: [UInt8] = []

    /// A complete answer.
    struct Answer: Equatable {
        var output: [UInt8] = []
        var text: String { String(decoding: output, as: UTF8.self) }
    }

    enum Failure: Error, Equatable {
        case cannotConnect, closed, timedOut
    }

    init(path: String) throws {
        socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let isConnected = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isConnected else { throw Failure.cannotConnect }
        var time = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(socket)
    }

    // MARK: Records

    static func record(_ type: UInt8, _ content: [UInt8], padding: Int = 0) -> [UInt8] {
        [1, type, 0, 1, UInt8(content.count >> 8), UInt8(content.count & 255), UInt8(padding), 0] + content
            + [UInt8](repeating: 0, count: padding)
    }

    static func begin(keepsConnection: Bool = false, role: UInt8 = 1) -> [UInt8] {
        record(1, [0, role, keepsConnection ? 1 : 0, 0, 0, 0, 0, 0])
    }

    static func parameters(_ pairs: [(String, String)]) -> [UInt8] {
        var content: [UInt8] = []
        for (name, value) in pairs {
            for count in [name.utf8.count, value.utf8.count] {
                if count < 128 {
                    content.append(UInt8(count))
                } else {
                    content += [
                        UInt8(count >> 24 | 128), UInt8(count >> 16 & 255), UInt8(count >> 8 & 255),
                        UInt8(count & 255),
                    ]
                }
            }
            content += Array(name.utf8) + Array(value.utf8)
        }
        var records: [UInt8] = []
        for start in stride(from: 0, to: content.count, by: 65_535) {
            records += record(4, Array(content[start..<min(start + 65_535, content.count)]))
        }
        return records + record(4, [])
    }

    static func body(_ bytes: [UInt8]) -> [UInt8] {
        var records: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 32_768) {
            records += record(5, Array(bytes[start..<min(start + 32_768, bytes.count)]), padding: start % 8)
        }
        return records + record(5, [])
    }

    static func request(
        _ pairs: [(String, String)] = [], body: [UInt8] = [], keepsConnection: Bool = false
    ) -> [UInt8] {
        begin(keepsConnection: keepsConnection)
            + parameters([("REQUEST_METHOD", "POST"), ("CONTENT_LENGTH", "\(body.count)")] + pairs)
            + Self.body(body)
    }

    // MARK: Talking

    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Reads whatever comes, at least a byte.
    private func receive() throws {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(socket, &buffer, buffer.count, 0)
        if count == 0 { throw Failure.closed }
        if count < 0 { throw errno == EAGAIN ? Failure.timedOut : Failure.closed }
        received += buffer[..<count]
    }

    /// The next record, whatever it is.
    func nextRecord() throws -> (type: UInt8, content: [UInt8]) {
        while true {
            if received.count >= 8 {
                let length = Int(received[4]) << 8 | Int(received[5])
                let total = 8 + length + Int(received[6])
                if received.count >= total {
                    let record = (type: received[1], content: Array(received[8..<8 + length]))
                    received.removeFirst(total)
                    return record
                }
            }
            try receive()
        }
    }

    /// The output until the end of the request.
    func answer() throws -> Answer {
        var answer = Answer()
        while let piece = try nextOutput() { answer.output += piece }
        return answer
    }

    /// The next piece of output, nil at the end of the request.
    func nextOutput() throws -> [UInt8]? {
        while true {
            let record = try nextRecord()
            if record.type == 3 { return nil }
            if record.type == 6, !record.content.isEmpty { return record.content }
        }
    }

    /// Waits for the other side to close; true when it did.
    func isClosedByPeer() -> Bool {
        do {
            while true { try receive() }
        } catch {
            return error as? Failure == .closed
        }
    }
}
