/// The web server's side of one FastCGI connection.
public final class FastCGIClient: WebServerClient {
    /// The connection.
    public let socket: ClientSocket

    /// Connects to a Unix socket.
    public init(path: String) throws {
        socket = try ClientSocket(path: path)
    }

    // MARK: Records

    /// One record of request 1.
    public static func record(_ type: UInt8, _ content: [UInt8], padding: Int = 0) -> [UInt8] {
        [1, type, 0, 1, UInt8(content.count >> 8), UInt8(content.count & 255), UInt8(padding), 0] + content
            + [UInt8](repeating: 0, count: padding)
    }

    /// The record that begins request 1.
    public static func begin(keepsConnection: Bool = false, role: UInt8 = 1) -> [UInt8] {
        record(1, [0, role, keepsConnection ? 1 : 0, 0, 0, 0, 0, 0])
    }

    /// Records of parameters, and the one that ends them.
    public static func parameters(_ pairs: [(String, String)]) -> [UInt8] {
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

    /// Records of a body, and the one that ends it.
    public static func body(_ bytes: [UInt8]) -> [UInt8] {
        var records: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 32_768) {
            records += record(5, Array(bytes[start..<min(start + 32_768, bytes.count)]), padding: start % 8)
        }
        return records + record(5, [])
    }

    /// A whole request that asks to keep the connection, or not.
    public static func request(
        _ pairs: [(String, String)] = [], body: [UInt8] = [], keepsConnection: Bool
    ) -> [UInt8] {
        begin(keepsConnection: keepsConnection)
            + parameters([("REQUEST_METHOD", "POST"), ("CONTENT_LENGTH", "\(body.count)")] + pairs)
            + Self.body(body)
    }

    /// A whole request.
    public static func request(_ pairs: [(String, String)] = [], body: [UInt8] = []) -> [UInt8] {
        request(pairs, body: body, keepsConnection: false)
    }

    /// All of a request that comes before its body.
    public static func head(_ pairs: [(String, String)], announcing bodyBytes: Int) -> [UInt8] {
        begin() + parameters([("CONTENT_LENGTH", "\(bodyBytes)")] + pairs)
    }

    /// A part of a body.
    public static func part(_ bytes: [UInt8]) -> [UInt8] { record(5, bytes) }

    /// What comes behind a body.
    public static var end: [UInt8] { record(5, []) }

    // MARK: Talking

    /// The next record, whatever it is.
    public func nextRecord() throws -> (type: UInt8, content: [UInt8]) {
        while true {
            let received = socket.received
            if received.count >= 8 {
                let length = Int(received[4]) << 8 | Int(received[5])
                let total = 8 + length + Int(received[6])
                if received.count >= total {
                    socket.received.removeFirst(total)
                    return (type: received[1], content: Array(received[8..<8 + length]))
                }
            }
            try socket.receive()
        }
    }

    /// The next piece of output, nil at the end of the request.
    public func nextOutput() throws -> [UInt8]? {
        while true {
            let record = try nextRecord()
            if record.type == 3 { return nil }
            if record.type == 6, !record.content.isEmpty { return record.content }
        }
    }
}
