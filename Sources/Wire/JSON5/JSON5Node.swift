/// A value of a configuration file that remembers where it stands.
public struct JSON5Node: Sendable {
    /// What the value is.
    public enum Kind: Sendable {
        /// `null`.
        case null
        /// `true` or `false`.
        case bool(Bool)
        /// A number, its text brought into JSON's notation: `0x10` is `16` and `+.5` is `0.5`.
        case number(JSONNumber)
        /// A string with escapes decoded.
        case string(String)
        /// An array.
        case array([JSON5Node])
        /// An object; its keys differ from each other.
        case object([Member])
    }

    /// A key, where it stands, and its value.
    public struct Member: Sendable {
        /// The key with escapes decoded.
        public var key: String
        /// The line of the key, from 1.
        public var keyLine: Int
        /// The byte of that line at which the key starts, from 1.
        public var keyColumn: Int
        /// The value.
        public var value: JSON5Node
    }

    /// The line at which the value starts, from 1.
    public var line: Int
    /// The byte of that line at which the value starts, from 1.
    public var column: Int
    /// What the value is.
    public var kind: Kind

    /// Parses one JSON5 text, as https://spec.json5.org has it but for two things.
    ///
    /// `Infinity` and `NaN` are refused, since no setting can mean them, and so are duplicate keys.
    ///
    /// - Parameter maximumDepth: how many arrays and objects may be nested; values above
    ///   `JSONValue.mostMaximumDepth` count as that.
    /// - Throws: `JSONError` with line, column and a message that says what was expected.
    public init(parsing bytes: [UInt8], maximumDepth: Int = 64) throws(JSONError) {
        var parser = try JSON5Parser(bytes, maximumDepth: maximumDepth)
        self = try parser.document()
    }

    /// A value at a place.
    init(_ kind: Kind, at place: JSON5Place) {
        self.line = place.line
        self.column = place.column
        self.kind = kind
    }

    /// The name of the type for error messages: `null`, `boolean`, `number`, `string`, `array` or `object`.
    public var typeName: String {
        switch kind {
        case .null: "null"
        case .bool: "boolean"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
