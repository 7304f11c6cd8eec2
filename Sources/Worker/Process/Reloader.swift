internal import EventLoop
internal import Relay
internal import Synchronization

/// Reads the configuration again while the service runs, on a thread of its own.
///
/// Requests to do so that come while it does are one: it is read once more then, so the last one counts.
final class Reloader: Sendable {
    private let read: @Sendable () throws(ConfigurationError) -> Configuration
    private let apply: @Sendable (Configuration) -> ConfigurationChanges
    private let log: any ExchangeLog
    private let manager: ServiceManager
    private let pool = ThreadPool(name: "reload", limit: 1)
    private let state = Mutex(State.idle)

    private enum State { case idle, running, runningAndAskedAgain }

    /// Prepares for reloads.
    ///
    /// - Parameters:
    ///   - read: reads and checks; may block.
    ///   - apply: makes it the configuration that runs, and tells what that changes. Never called twice at once.
    init(
        log: any ExchangeLog, manager: ServiceManager,
        read: @escaping @Sendable () throws(ConfigurationError) -> Configuration,
        apply: @escaping @Sendable (Configuration) -> ConfigurationChanges
    ) {
        self.log = log
        self.manager = manager
        self.read = read
        self.apply = apply
    }

    /// Asks for a reload. From any thread; does not block.
    func reload() {
        let mustStart = state.withLock { state in
            defer { state = state == .idle ? .running : .runningAndAskedAgain }
            return state == .idle
        }
        guard mustStart else { return }
        if !pool.submit({ self.run() }) {
            state.withLock { $0 = .idle }
            log.event(.warning, "configuration not reloaded", [LogField("reason", .string("no thread"))])
        }
    }

    private func run() {
        manager.tell(.reloading(at: EventLoop.monotonicTime()))
        repeat { reloadOnce() } while isAskedAgain()
        manager.tell(.ready)
    }

    private func isAskedAgain() -> Bool {
        state.withLock { state in
            defer { state = state == .runningAndAskedAgain ? .running : .idle }
            return state == .runningAndAskedAgain
        }
    }

    private func reloadOnce() {
        do throws(ConfigurationError) {
            let changes = apply(try read())
            var fields = [LogField("changed", .string(changes.applied.joined(separator: ", ")))]
            if !changes.needingRestart.isEmpty {
                fields.append(
                    LogField("needs_restart", .string(changes.needingRestart.joined(separator: ", "))))
            }
            log.event(changes.needingRestart.isEmpty ? .info : .warning, "configuration reloaded", fields)
        } catch {
            log.event(
                .warning, "configuration not reloaded", [LogField("reason", .string(error.description))])
        }
    }
}
