import Curl
import EventLoop
import Glibc
import Synchronization

/// A pool on a running loop, and a scripted server to call.
struct PoolBed: Sendable {
    let loop: EventLoop
    let pool: TransferPool
    let server: ScriptedServer

    var url: String { server.url }

    /// Runs `body` on the loop.
    func run<Result: Sendable>(_ body: @escaping @Sendable (TransferPool) async throws -> Result) async throws
        -> Result
    {
        try await Task(executorPreference: loop) { try await body(pool) }.value
    }

    /// A whole answer.
    struct Answer: Sendable {
        var status = 0
        var headers: [String: String] = [:]
        var body: [UInt8] = []
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    /// Makes a call and reads it to its end.
    func read(_ options: TransferOptions) async throws -> Answer {
        try await run { pool in
            let transfer = pool.start(options)
            var answer = Answer()
            while true {
                switch try await transfer.next(silence: nil) {
                case .head(let status, let lines):
                    answer.status = status
                    for line in String(decoding: lines, as: UTF8.self).split(whereSeparator: \.isNewline) {
                        let parts = line.split(separator: ":", maxSplits: 1)
                        let value = parts.count > 1 ? parts[1].split(separator: " ") : []
                        answer.headers[parts[0].lowercased()] = value.joined(separator: " ")
                    }
                case .bytes(let bytes): answer.body += bytes
                case .silence: break
                case .end: return answer
                }
            }
        }
    }

    /// The text of an answer, nil when there is none.
    func text(of options: TransferOptions) async -> String? {
        (try? await read(options))?.text
    }

    /// The code with which a call fails, nil when it does not.
    func failure(of options: TransferOptions) async -> CurlError.Code? {
        do {
            _ = try await read(options)
            return nil
        } catch {
            return (error as? CurlError)?.code
        }
    }
}

/// Runs a pool and a server for as long as `body` runs.
func withPool(
    _ script: @escaping @Sendable (ScriptedConnection) -> Void, body: (PoolBed) async throws -> Void
) async throws {
    signal(SIGPIPE, SIG_IGN)
    let loop = try EventLoop()
    let pool = try TransferPool(loop: loop)
    let server = try ScriptedServer(script)
    let thread = try Thread(name: "test-loop") { loop.run() }
    defer {
        loop.stop()
        thread.join()
        server.stop()
    }
    try await body(PoolBed(loop: loop, pool: pool, server: server))
}

/// A value that one thread leaves for another.
final class Box<Value: Sendable>: Sendable {
    private let content = Mutex<Value?>(nil)

    var value: Value? {
        get { content.withLock { $0 } }
        set { content.withLock { $0 = newValue } }
    }
}

/// A number that threads add to.
final class Counter: Sendable {
    private let content = Atomic(0)

    var value: Int { content.load(ordering: .sequentiallyConsistent) }

    func add(_ count: Int = 1) {
        content.add(count, ordering: .sequentiallyConsistent)
    }
}

/// A counting semaphore for threads that may block.
final class Gate: @unchecked Sendable {
    // @unchecked: sem_post and sem_wait may be called from any thread.
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() {
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func open() {
        sem_post(semaphore)
    }

    func wait() {
        while sem_wait(semaphore) != 0 {}
    }
}
