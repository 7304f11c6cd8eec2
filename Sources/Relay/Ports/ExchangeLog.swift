/// Where the relay tells what happened.
///
/// One conformer serves the whole process and may be called from any thread. It never blocks: lines it cannot get rid of
/// are dropped and counted. No secret, prompt or completion text is ever passed to it.
public protocol ExchangeLog: Sendable {
    /// Takes the one record of an exchange, after its last byte.
    func record(_ record: ExchangeRecord)

    /// Takes a message about something else than one exchange's end.
    ///
    /// - Parameters:
    ///   - level: how much it matters.
    ///   - message: a constant sentence, so that lines can be counted by it.
    ///   - fields: the values that belong to it.
    func event(_ level: LogLevel, _ message: StaticString, _ fields: [LogField])
}

/// How much a log line matters.
public enum LogLevel: String, Sendable, CaseIterable, Comparable {
    case debug, info, warning, error

    /// Tells whether the left level matters less.
    public static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.rank < right.rank
    }

    private var rank: Int {
        switch self {
        case .debug: 0
        case .info: 1
        case .warning: 2
        case .error: 3
        }
    }
}

/// A named value of a log line.
public struct LogField: Sendable, Equatable {
    /// What a field can hold.
    public enum Value: Sendable, Equatable {
        case string(String)
        case int(Int)
        case bool(Bool)
        /// Written in milliseconds.
        case duration(Duration)
    }

    /// The key in the line, in snake case.
    public var name: String
    /// What stands there.
    public var value: Value

    /// Makes a field; `name` is a literal, so that no outside text can become a key.
    public init(_ name: StaticString, _ value: Value) {
        self.name = name.description
        self.value = value
    }
}
