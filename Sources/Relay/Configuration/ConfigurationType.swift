import Wire

/// How a value of one type is written in the file: its name, how it is read, and how it is printed.
struct ConfigurationType<Value: Sendable>: Sendable {
    /// Reads a node.
    typealias Read = @Sendable (JSON5Node, ConfigurationReader) throws(ConfigurationError) -> Value
    /// Prints a value so that reading gives it back; a secret is masked.
    typealias Write = @Sendable (Value) -> ConfigurationText

    /// The name in the table, such as `duration`.
    var name: String
    /// Reads a node.
    var read: Read
    /// Prints a value.
    var write: Write

    /// Makes a type.
    init(_ name: String, read: @escaping Read, write: @escaping Write) {
        self.name = name
        self.read = read
        self.write = write
    }
}

/// One row of the table of keys, as README shows it.
public struct ConfigurationRow: Sendable, Equatable {
    /// The key with those of its sections before it, such as `limits.bodyBytes`.
    public var path: String
    /// The type's name.
    public var type: String
    /// The default as it would be written in the file.
    public var standard: String
    /// What the key is for.
    public var doc: String
}

/// A printed value, still structured so that sections can be indented.
indirect enum ConfigurationText: Sendable, Equatable {
    case scalar(String)
    case list([ConfigurationText])
    case section([(key: String, value: ConfigurationText)])

    static func == (left: ConfigurationText, right: ConfigurationText) -> Bool {
        left.singleLine == right.singleLine
    }

    /// The value in one line.
    var singleLine: String {
        switch self {
        case .scalar(let text): text
        case .list(let items): "[" + items.map(\.singleLine).joined(separator: ", ") + "]"
        case .section(let members) where members.isEmpty: "{}"
        case .section(let members):
            "{ " + members.map { "\(Self.key($0.key)): \($0.value.singleLine)" }.joined(separator: ", ")
                + " }"
        }
    }

    /// The value with each member of a section on a line of its own, two spaces deeper.
    func indented(by depth: Int = 0) -> String {
        guard case .section(let members) = self, !members.isEmpty else { return singleLine }
        let margin = String(repeating: " ", count: 2 * depth)
        let lines = members.map { "\(margin)  \(Self.key($0.key)): \($0.value.indented(by: depth + 1)),\n" }
        return "{\n" + lines.joined() + margin + "}"
    }

    /// A string in quotation marks.
    static func string(_ text: String) -> ConfigurationText {
        .scalar(String(decoding: JSONValue.string(text).serialized(), as: UTF8.self))
    }

    /// A key, quoted only where JSON5 wants it: https://spec.json5.org/#objects
    private static func key(_ name: String) -> String {
        let letters = name.utf8
        let isPlain = letters.enumerated().allSatisfy { position, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "_"), UInt8(ascii: "$"):
                true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): position > 0
            default: false
            }
        }
        return isPlain && !letters.isEmpty ? name : string(name).singleLine
    }
}
