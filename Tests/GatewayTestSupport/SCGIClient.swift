/// The web server's side of one SCGI connection.
public final class SCGIClient: WebServerClient {
    /// The connection.
    public let socket: ClientSocket

    /// Connects to a Unix socket.
    public init(path: String) throws {
        socket = try ClientSocket(path: path)
    }

    /// A netstring.
    public static func netstring(_ content: [UInt8]) -> [UInt8] {
        Array("\(content.count):".utf8) + content + [UInt8(ascii: ",")]
    }

    /// Names and values, each with its NUL.
    public static func headers(_ pairs: [(String, String)]) -> [UInt8] {
        pairs.flatMap { Array($0.utf8) + [0] + Array($1.utf8) + [0] }
    }

    /// All of a request that comes before its body.
    public static func head(_ pairs: [(String, String)], announcing bodyBytes: Int) -> [UInt8] {
        netstring(
            headers([("CONTENT_LENGTH", "\(bodyBytes)"), ("SCGI", "1"), ("REQUEST_METHOD", "POST")] + pairs))
    }

    /// A whole request.
    public static func request(_ pairs: [(String, String)] = [], body: [UInt8] = []) -> [UInt8] {
        head(pairs, announcing: body.count) + body
    }

    /// A part of a body.
    public static func part(_ bytes: [UInt8]) -> [UInt8] { bytes }

    /// What comes behind a body.
    public static var end: [UInt8] { [] }

    /// The end of the answer is the end of the connection.
    public func nextOutput() throws -> [UInt8]? {
        do {
            if socket.received.isEmpty { try socket.receive() }
        } catch ClientSocket.Failure.closed {
            return nil
        }
        defer { socket.received = [] }
        return socket.received
    }
}
