internal import Synchronization

/// Threads for work that blocks or takes long, made when there is work and gone when there is none.
///
/// At most `limit` run at once; what comes on top waits in order. A thread costs some 30 µs to make, which is nothing
/// beside the work this is for, so none is kept idle.
public final class ThreadPool: Sendable {
    private let name: String
    private let limit: Int
    private let maximumQueued: Int
    private let state = Mutex(State())

    private struct State {
        var running = 0
        var queue: [@Sendable () -> Void] = []
    }

    /// Makes an empty pool.
    ///
    /// - Parameters:
    ///   - name: at most 15 bytes, as `top -H` shows it.
    ///   - limit: threads at once.
    ///   - maximumQueued: pieces of work that may wait for a thread.
    public init(name: String, limit: Int, maximumQueued: Int = 4096) {
        self.name = name
        self.limit = limit
        self.maximumQueued = maximumQueued
    }

    /// Runs `work` on a thread of the pool. From any thread; does not block.
    ///
    /// - Returns: false when the queue is full or no thread could be made; `work` will not run then.
    public func submit(_ work: @escaping @Sendable () -> Void) -> Bool {
        enum Decision { case start, wait, refuse }
        let decision: Decision = state.withLock { state in
            if state.running < limit {
                state.running += 1
                return .start
            }
            guard state.queue.count < maximumQueued else { return .refuse }
            state.queue.append(work)
            return .wait
        }
        switch decision {
        case .refuse: return false
        case .wait: return true
        case .start:
            do {
                try Thread(name: name) { self.work(startingWith: work) }.detach()
                return true
            } catch {
                state.withLock { $0.running -= 1 }
                return false
            }
        }
    }

    private func work(startingWith first: @Sendable () -> Void) {
        first()
        while let next = nextInQueue() { next() }
    }

    private func nextInQueue() -> (@Sendable () -> Void)? {
        state.withLock { state in
            if state.queue.isEmpty {
                state.running -= 1
                return nil
            }
            return state.queue.removeFirst()
        }
    }
}
