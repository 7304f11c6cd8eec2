import CGI
import EventLoop
import FastCGI
import Glibc
import Synchronization

/// A server on two loops, and how to reach it.
struct ServerBed {
    let server: Server
    let path: String

    func client() throws -> FastCGIClient {
        try FastCGIClient(path: path)
    }
}

/// Runs a server on a fresh Unix socket for as long as `body` runs.
func withServer(
    _ handler: any RequestHandler, limits: Server.Limits = .init(),
    report: @escaping @Sendable (Server.Problem) -> Void = { _ in },
    whenQuiet: @escaping @Sendable () -> Void = {},
    _ body: (ServerBed) async throws -> Void
) async throws {
    var template = Array("/tmp/fastrelay-test.XXXXXX".utf8CString)
    guard let directory = mkdtemp(&template) else { throw FastCGIClient.Failure.cannotConnect }
    let path = String(cString: directory) + "/socket"
    let loops = try (0..<2).map { try EventLoop(index: $0) }
    let server = Server(
        speaking: FastCGIProtocol(), loops: loops, limits: limits, handler: handler, report: report,
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
final class Signal: Sendable {
    private let state = Mutex((isRaised: false, waiters: [CheckedContinuation<Void, Never>]()))

    var isRaised: Bool { state.withLock { $0.isRaised } }

    func raise() {
        let waiters = state.withLock { state in
            state.isRaised = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isRaised = state.withLock { state in
                if !state.isRaised { state.waiters.append(continuation) }
                return state.isRaised
            }
            if isRaised { continuation.resume() }
        }
    }
}

/// Answers with what it was asked.
struct Echo: RequestHandler {
    func respond(to request: Request, through response: ResponseStream) async {
        var output = Array("Status: 200 OK\r\n\r\n".utf8)
        for (name, value) in request.parameters.strings { output += Array("\(name)=\(value)\n".utf8) }
        output += Array("\n".utf8) + request.body
        if let problem = request.bodyProblem { output += Array("problem \(problem)".utf8) }
        try? await response.write(output, isLast: true)
    }
}

/// Waits until it may end or is cancelled; answers at once when asked to be quick.
final class Waiter: RequestHandler {
    let hasBegun = Signal()
    let mayEnd = Signal()
    let wasCancelled = Signal()

    func respond(to request: Request, through response: ResponseStream) async {
        if request.parameters["QUICK"] == nil {
            hasBegun.raise()
            await withTaskCancellationHandler {
                await mayEnd.wait()
            } onCancel: {
                wasCancelled.raise()
                mayEnd.raise()
            }
        }
        try? await response.write(Array("Status: 200 OK\r\n\r\ndone".utf8), isLast: true)
    }
}

/// Answers with as many pieces as asked for, and counts those it got rid of.
final class Flood: RequestHandler {
    static let pieceBytes = 500
    private let counts = Mutex<[String: Int]>([:])

    func sent(of pieces: String) -> Int {
        counts.withLock { $0[pieces, default: 0] }
    }

    func respond(to request: Request, through response: ResponseStream) async {
        let pieces = request.parameters["PIECES"] ?? "0"
        let piece = [UInt8](repeating: 65, count: Self.pieceBytes)
        let count = Int(pieces) ?? 0
        do {
            for number in 1...count {
                try await response.write(piece, isLast: number == count)
                counts.withLock { $0[pieces, default: 0] += 1 }
            }
        } catch {
            return
        }
    }
}

/// Begins an answer and leaves.
struct Quitter: RequestHandler {
    func respond(to request: Request, through response: ResponseStream) async {
        try? await response.write(Array("Status: 200 OK\r\n\r\nhalf".utf8), isLast: false)
    }
}

/// Notes the names of each request's parameters, and answers with what was wrong with its body.
final class Handled: RequestHandler {
    private let seen = Mutex<[[String]]>([])

    var requests: [[String]] { seen.withLock { $0 } }

    func respond(to request: consuming Request, through response: ResponseStream) async {
        let names = request.parameters.strings.map(\.name)
        seen.withLock { $0.append(names) }
        let problem = request.bodyProblem.map { "\($0)" } ?? "none"
        try? await response.write(Array("Status: 200 OK\r\n\r\n\(problem)".utf8), isLast: true)
    }
}

extension RequestParameters {
    /// All variables, repaired to UTF-8.
    var strings: [(name: String, value: String)] {
        var strings: [(name: String, value: String)] = []
        forEach { name, value in
            strings.append(
                (
                    name.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) },
                    value.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
                ))
        }
        return strings
    }
}
