internal import EventLoop
internal import Relay

/// Long computations on threads beside the loops.
struct ThreadOffload: Offload {
    private let pool: ThreadPool

    /// Makes a pool of at most `threads` threads.
    init(threads: Int) {
        pool = ThreadPool(name: "offload", limit: threads)
    }

    func run<Value: Sendable, Failure: Error>(
        _ work: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
            let run: @Sendable () -> Void = {
                continuation.resume(returning: Result(catching: work))
            }
            // A full queue means that the machine is far behind; the loop's own time is the brake then.
            if !pool.submit(run) { run() }
        }
        return try result.get()
    }
}
