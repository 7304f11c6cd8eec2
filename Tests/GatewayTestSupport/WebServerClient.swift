import Glibc

/// The web server's side of one connection, blocking, with a time-out on every wait.
public protocol WebServerClient: AnyObject {
    /// Connects to a Unix socket.
    init(path: String) throws

    /// A whole request.
    static func request(_ pairs: [(String, String)], body: [UInt8]) -> [UInt8]
    /// All of a request that comes before its body.
    static func head(_ pairs: [(String, String)], announcing bodyBytes: Int) -> [UInt8]
    /// A part of a body.
    static func part(_ bytes: [UInt8]) -> [UInt8]
    /// What comes behind a body.
    static var end: [UInt8] { get }

    /// The connection.
    var socket: ClientSocket { get }
    /// The next piece of output, nil at the end of the answer.
    func nextOutput() throws -> [UInt8]?
}

extension WebServerClient {
    /// The output until the end of the answer, as text.
    public func answer() throws -> String {
        String(decoding: try output(), as: UTF8.self)
    }

    /// The output until the end of the answer.
    public func output() throws -> [UInt8] {
        var output: [UInt8] = []
        while let piece = try nextOutput() { output += piece }
        return output
    }

    /// Sends bytes, as long as somebody takes them.
    public func send(_ bytes: [UInt8]) {
        socket.send(bytes)
    }

    /// Waits for the other side to close; true when it did.
    public func isClosedByPeer() -> Bool {
        socket.isClosedByPeer()
    }
}

/// A connected socket, and what came from it that nobody has looked at yet.
public final class ClientSocket {
    /// What goes wrong.
    public enum Failure: Error, Equatable {
        case cannotConnect, closed, timedOut
    }

    /// What has come and was not taken.
    public var received: [UInt8] = []
    private let descriptor: Int32

    /// Connects to a Unix socket.
    public init(path: String) throws {
        descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let isConnected = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isConnected else { throw Failure.cannotConnect }
        var time = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(descriptor)
    }

    /// Sends all of it.
    public func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Says that nothing more will be sent, and stays for the answer.
    public func closeHalf() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Reads whatever comes, at least a byte.
    public func receive() throws {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count == 0 { throw Failure.closed }
        if count < 0 { throw errno == EAGAIN ? Failure.timedOut : Failure.closed }
        received += buffer[..<count]
    }

    func isClosedByPeer() -> Bool {
        do {
            while true { try receive() }
        } catch {
            return error as? Failure == .closed
        }
    }
}
