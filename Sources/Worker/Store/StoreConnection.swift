internal import EventLoop
internal import Glibc
internal import Relay
internal import SQLite
internal import Synchronization

/// The database file of a process that keeps something, shared with other processes and among the process's stores.
///
/// The file is opened when somebody first stores or asks, and closed when nobody did between two sweeps. While it cannot
/// be used every call says so, the log has one line, and it is tried again every few seconds; nothing that is there is
/// ever deleted or moved away for that.
final class StoreConnection: Sendable {
    private enum Connection {
        case closed
        case open(StoreDatabase, Identity)
        case failed(reason: String, until: Instant)
    }

    /// Which file a name stood for.
    private struct Identity: Equatable {
        var device: UInt
        var number: UInt

        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            (device, number) = (UInt(status.st_dev), UInt(status.st_ino))
        }
    }

    private struct State {
        var connection = Connection.closed
        var isUsed = false
        var isTold = false
    }

    /// How long a file that cannot be used is left alone.
    private static let pause = Duration.seconds(3)
    /// Calls that may wait for the thread.
    private static let maximumQueued = 256

    private let path: String
    private let maximumBytes: Int
    private let limits: StoreLimits
    private let busyTimeout: Duration
    private let clock: any RelayClock
    private let random: any RandomSource
    private let log: any ExchangeLog
    private let threads = ThreadPool(name: "database", limit: 1, maximumQueued: maximumQueued)
    // Only ever taken on the one thread, so nobody waits for it.
    private let state = Mutex(State())

    /// A store in a file, which is not touched yet.
    ///
    /// - Parameters:
    ///   - maximumBytes: what the file may grow to. A caller may have a quarter of it at most.
    ///   - busyTimeout: how long a call waits for other processes; each has the database for milliseconds.
    init(
        path: String, maximumBytes: Int, limits: StoreLimits, busyTimeout: Duration = .seconds(5),
        clock: any RelayClock, random: any RandomSource, log: any ExchangeLog
    ) {
        self.busyTimeout = busyTimeout
        self.path = path
        self.maximumBytes = maximumBytes
        var limits = limits
        limits.callerBytes = min(limits.callerBytes, maximumBytes / 4)
        self.limits = limits
        self.clock = clock
        self.random = random
        self.log = log
    }

    // MARK: The thread

    /// Does something with the database, on the thread beside the loops.
    func perform<Value: Sendable>(
        _ work: @escaping @Sendable (StoreDatabase, _ now: Int) throws -> Value
    ) async throws(StoreError) -> Value {
        try await perform(isUse: true, work)
    }

    /// Does the same for housekeeping, for which the file is neither made nor kept open.
    func passing<Value: Sendable>(
        _ work: @escaping @Sendable (StoreDatabase, _ now: Int) throws -> Value
    ) async throws(StoreError) -> Value {
        try await perform(isUse: false, work)
    }

    private func perform<Value: Sendable>(
        isUse: Bool, _ work: @escaping @Sendable (StoreDatabase, _ now: Int) throws -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            let isAccepted = threads.submit {
                continuation.resume(
                    returning: self.state.withLock { state in
                        if isUse {
                            state.isUsed = true
                        } else if Identity(self.path) == nil {
                            return .failure(.unavailable("it is not there yet"))
                        }
                        return self.attempt(work, &state)
                    })
            }
            if !isAccepted {
                continuation.resume(returning: .failure(.unavailable("too many calls wait for the database")))
            }
        }
        return try result.get()
    }

    private func attempt<Value>(
        _ work: (StoreDatabase, _ now: Int) throws -> Value, _ state: inout State
    ) -> Result<Value, StoreError> {
        do {
            let database = try connect(&state)
            let value = try work(database, clock.unixTime().seconds)
            if state.isTold {
                state.isTold = false
                log.event(.info, "store is used again", [LogField("path", .string(path))])
            }
            return .success(value)
        } catch let error as StoreError {
            return .failure(error)
        } catch let error as StoreFile.Refusal {
            return .failure(fail(error.reason, &state))
        } catch let error as SQLiteError {
            switch error.code {
            case .full: return .failure(.full)
            case .tooLarge: return .failure(.tooLarge)
            case .busy:
                tell("others have it for too long", &state)
                return .failure(.unavailable("others have it for too long"))
            case .damaged:
                return .failure(
                    fail("\(error): move it away with the files beside it, and a new one is made", &state))
            // Such as an id that is there already: only this call is wrong.
            case .constraint: return .failure(.unavailable("\(error)"))
            case .unusable, .other: return .failure(fail("\(error)", &state))
            }
        } catch {
            return .failure(fail("\(error)", &state))
        }
    }

    private func connect(_ state: inout State) throws -> StoreDatabase {
        switch state.connection {
        case .failed(let reason, let until) where clock.now() < until:
            throw StoreError.unavailable(reason)
        // An administrator may have put another file there.
        case .open(let database, let identity) where identity == Identity(path):
            return database
        case .closed, .open, .failed:
            // Before another is opened: closing a file ends all locks that a process has on it.
            state.connection = .closed
            let (file, secret) = try StoreFile.open(
                path, maximumBytes: maximumBytes, busyTimeout: busyTimeout
            ) { random.bytes(32) }
            guard let identity = Identity(path) else { throw StoreFile.Refusal(reason: "it went away") }
            let database = StoreDatabase(file, secret: secret, limits: limits)
            state.connection = .open(database, identity)
            return database
        }
    }

    private func fail(_ reason: String, _ state: inout State) -> StoreError {
        state.connection = .failed(reason: reason, until: clock.now() + Self.pause)
        tell(reason, &state)
        return .unavailable(reason)
    }

    private func tell(_ reason: String, _ state: inout State) {
        guard !state.isTold else { return }
        state.isTold = true
        log.event(
            .warning, "store cannot be used",
            [LogField("path", .string(path)), LogField("reason", .string(reason))])
    }

    /// Deletes a part of what has expired, and closes the file when nobody used it since this was called before.
    func sweep() async {
        await withCheckedContinuation { continuation in
            let isAccepted = threads.submit {
                self.state.withLock { self.sweep(&$0) }
                continuation.resume()
            }
            // Others keep the thread busy; the next sweep does it.
            if !isAccepted { continuation.resume() }
        }
    }

    private func sweep(_ state: inout State) {
        let wasUsed = state.isUsed
        state.isUsed = false
        // Not for this a file is made.
        guard Identity(path) != nil else { return }
        _ = attempt({ database, now in try database.sweep(now: now) }, &state)
        if !wasUsed, case .open = state.connection { state.connection = .closed }
    }
}
