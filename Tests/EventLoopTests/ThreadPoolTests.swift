import EventLoop
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ThreadPoolTests {
    @Test func `everything runs, and never more at once than the limit`() async {
        let pool = ThreadPool(name: "test", limit: 3)
        let gauge = Gauge()
        await withTaskGroup { group in
            for _ in 0..<200 {
                group.addTask {
                    await withCheckedContinuation { continuation in
                        let isAccepted = pool.submit {
                            gauge.enter()
                            gauge.leave()
                            continuation.resume()
                        }
                        #expect(isAccepted)
                        if !isAccepted { continuation.resume() }
                    }
                }
            }
        }
        #expect(gauge.most <= 3)
    }

    @Test func `a full queue refuses`() async {
        let pool = ThreadPool(name: "test", limit: 1, maximumQueued: 1)
        let gate = Mutex(())
        let (stream, started) = AsyncStream.makeStream(of: Void.self)
        let isFirstAccepted = gate.withLock { _ in
            let isAccepted = pool.submit {
                started.yield()
                gate.withLock { _ in }
                started.finish()
            }
            #expect(pool.submit {})
            #expect(!pool.submit {})
            return isAccepted
        }
        #expect(isFirstAccepted)
        for await _ in stream {}
    }
}

/// Counts how many are inside at once.
private final class Gauge: Sendable {
    private let state = Mutex((inside: 0, most: 0))

    var most: Int { state.withLock { $0.most } }

    func enter() {
        state.withLock {
            $0.inside += 1
            $0.most = max($0.most, $0.inside)
        }
    }

    func leave() {
        state.withLock { $0.inside -= 1 }
    }
}
