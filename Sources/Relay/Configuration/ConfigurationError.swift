/// What is wrong with the configuration, and where.
public struct ConfigurationError: Error, Sendable, Equatable {
    /// The file as it was named to `Configuration.load`, or the environment variable that is to blame.
    public var source: String
    /// The line in the file, from 1; `nil` when the trouble has no place in it.
    public var line: Int?
    /// The byte in the line, from 1.
    public var column: Int?
    /// One sentence without the place; never holds the text of a secret.
    public var message: String

    /// Makes an error.
    public init(source: String, line: Int? = nil, column: Int? = nil, message: String) {
        self.source = source
        self.line = line
        self.column = column
        self.message = message
    }
}

extension ConfigurationError: CustomStringConvertible {
    /// `fastrelay.json5:14:9: unknown key "timeout"; did you mean "timeouts"?`
    public var description: String {
        guard let line, let column else { return "\(source): \(message)" }
        return "\(source):\(line):\(column): \(message)"
    }
}
