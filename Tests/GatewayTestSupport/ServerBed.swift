public import CGI
import EventLoop
import Glibc
import Synchronization

/// A server on two loops, and how to reach it.
public struct ServerBed {
    /// The server.
    public let server: Server
    /// Its Unix socket.
    public let path: String

    /// A new connection.
    public func connect<Client: WebServerClient>(_ type: Client.Type) throws -> Client {
        try Client(path: path)
    }
}

/// Runs a server on a fresh Unix socket for as long as `body` runs.
public func withServer(
    speaking gateway: any GatewayProtocol, _ handler: any RequestHandler, limits: Server.Limits = .init(),
    report: @escaping @Sendable (Server.Problem) -> Void = { _ in },
    whenQuiet: @escaping @Sendable () -> Void = {},
    _ body: (ServerBed) async throws -> Void
) async throws {
    var template = Array("/tmp/fastrelay-test.XXXXXX".utf8CString)
    guard let directory = mkdtemp(&template) else { throw ClientSocket.Failure.cannotConnect }
    let path = String(cString: directory) + "/socket"
    let loops = try (0..<2).map { try EventLoop(index: $0) }
    let server = Server(
        speaking: gateway, loops: loops, limits: limits, handler: handler, report: report,
        whenQuiet: whenQuiet)
    server.start(on: try ListeningSocket(.unix(path: path, mode: 0o600, group: nil)))
    let threads = try loops.map { loop in try Thread(name: "test-loop") { loop.run() } }
    defer {
        server.stop {}
        for loop in loops { loop.stop() }
        for thread in threads { thread.join() }
        unlink(path)
        rmdir(String(path.dropLast("/socket".count)))
    }
    try await body(ServerBed(server: server, path: path))
}

/// Something that happens once and can be awaited.
public final class Signal: Sendable {
    private let state = Mutex((isRaised: false, waiters: [CheckedContinuation<Void, Never>]()))

    /// Makes one.
    public init() {}

    /// Whether it has happened.
    public var isRaised: Bool { state.withLock { $0.isRaised } }

    /// Lets it happen.
    public func raise() {
        let waiters = state.withLock { state in
            state.isRaised = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Waits until it has happened.
    public func wait() async {
        await withCheckedContinuation { continuation in
            let isRaised = state.withLock { state in
                if !state.isRaised { state.waiters.append(continuation) }
                return state.isRaised
            }
            if isRaised { continuation.resume() }
        }
    }
}
