import EventLoop
import Synchronization

/// A loop on a thread of its own for as long as `body` runs.
func withLoop<Result>(_ body: (EventLoop) async throws -> Result) async throws -> Result {
    let loop = try EventLoop()
    let thread = try Thread(name: "test-loop") { loop.run() }
    defer {
        loop.stop()
        thread.join()
    }
    return try await body(loop)
}

/// Runs `body` on a loop's thread and waits for its result.
func onLoop<Result: Sendable>(_ loop: EventLoop, _ body: @escaping @Sendable () throws -> Result) async throws
    -> Result
{
    try await withCheckedThrowingContinuation { continuation in
        loop.submit { continuation.resume(with: Swift.Result(catching: body)) }
    }
}
