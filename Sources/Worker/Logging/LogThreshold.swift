internal import Relay
internal import Synchronization

/// The lowest level that is logged, which may change while lines are written.
final class LogThreshold: Sendable {
    private let position: Atomic<Int>

    /// Begins with a level.
    init(_ level: LogLevel) {
        position = Atomic(Self.position(of: level))
    }

    /// Whether a line of this level is written. From any thread.
    func admits(_ level: LogLevel) -> Bool {
        // A line more or less at the moment of a change makes no difference.
        position.load(ordering: .relaxed) <= Self.position(of: level)
    }

    /// Changes the level for lines to come.
    func set(_ level: LogLevel) {
        position.store(Self.position(of: level), ordering: .relaxed)
    }

    private static func position(of level: LogLevel) -> Int {
        switch level {
        case .debug: 0
        case .info: 1
        case .warning: 2
        case .error: 3
        }
    }
}
