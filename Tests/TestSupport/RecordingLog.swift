public import Relay
import Synchronization

/// A log that keeps what it is told.
public final class RecordingLog: ExchangeLog {
    /// One call of `event`.
    public struct Event: Sendable, Equatable {
        /// How much it matters.
        public var level: LogLevel
        /// The constant sentence.
        public var message: String
        /// The values.
        public var fields: [LogField]
    }

    private let kept = Mutex<(records: [ExchangeRecord], events: [Event])>(([], []))

    /// An empty log.
    public init() {}

    /// The records so far.
    public var records: [ExchangeRecord] { kept.withLock { $0.records } }
    /// The events so far.
    public var events: [Event] { kept.withLock { $0.events } }

    /// Keeps a record.
    public func record(_ record: ExchangeRecord) {
        kept.withLock { $0.records.append(record) }
    }

    /// Keeps an event.
    public func event(_ level: LogLevel, _ message: StaticString, _ fields: [LogField]) {
        kept.withLock { $0.events.append(Event(level: level, message: message.description, fields: fields)) }
    }
}
