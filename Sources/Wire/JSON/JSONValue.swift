/// A JSON value that keeps what was written: key order, duplicate keys and the text of numbers.
///
/// Strings are equal when their bytes are, unlike `String`, which compares by canonical equivalence.
public enum JSONValue: Sendable, Equatable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number, with its text.
    case number(JSONNumber)
    /// A string with escapes decoded.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object.
    case object(JSONObject)

    /// Parses one JSON text: https://www.rfc-editor.org/rfc/rfc8259
    ///
    /// - Parameter maximumDepth: how many arrays and objects may be nested; values above
    ///   ``mostMaximumDepth`` count as that.
    /// - Throws: `JSONError` at the first byte that is wrong.
    public init(parsing bytes: [UInt8], maximumDepth: Int = 256) throws(JSONError) {
        try self.init(parsing: bytes.span, maximumDepth: maximumDepth)
    }

    /// Parses one JSON text from borrowed bytes; nothing of them is kept.
    ///
    /// - Parameter selection: the members that the value will have; the whole text is checked nevertheless.
    /// - Throws: `JSONError` at the first byte that is wrong.
    public init(
        parsing bytes: Span<UInt8>, maximumDepth: Int = 256, selecting selection: JSONSelection = .everything
    ) throws(JSONError) {
        var parser = JSONParser(maximumDepth: maximumDepth)
        do {
            self = try parser.document(bytes, selection)
        } catch {
            throw JSONError(error, in: bytes)
        }
    }

    /// The deepest nesting that can be asked for: parsing and releasing a value recurse, and threads have small stacks.
    public static let mostMaximumDepth = 512

    /// The value as compact JSON, with key order and number text kept.
    public func serialized() -> [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.bytes
    }

    /// True when both are written the same but for white space and escapes.
    public static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): left.hasSameBytes(as: right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        case (.null, _), (.bool, _), (.number, _), (.string, _), (.array, _), (.object, _): false
        }
    }
}
