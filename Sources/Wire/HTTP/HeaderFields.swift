/// The header fields of one HTTP message in the order they were added, with names in lower case.
///
/// Messages here have a few dozen fields at most, so looking one up walks the list.
public struct HeaderFields: Sendable, Equatable, Sequence {
    /// One field. The name is in lower case.
    public typealias Element = (name: String, value: String)

    private var fields: [Element] = []

    /// Room for so many fields is made with the first one.
    private static let usualCount = 8

    /// No fields.
    public init() {}

    /// The given names and values, in order; a name may come more than once.
    public init(_ pairs: [Element]) {
        if pairs.count > Self.usualCount { fields.reserveCapacity(pairs.count) }
        for (name, value) in pairs { add(name, value) }
    }

    /// How many fields there are; a repeated name counts each time.
    public var count: Int { fields.count }

    /// How many fields there are, for whoever makes room for them.
    public var underestimatedCount: Int { fields.count }

    /// The first value of the field, or nil. The name is given in lower case.
    public subscript(name: String) -> String? {
        for field in fields where field.name.hasSameBytes(as: name) { return field.value }
        return nil
    }

    /// Appends a field, also when one of that name is there.
    ///
    /// CR, LF and NUL become spaces, so that no value can start another field:
    /// https://www.rfc-editor.org/rfc/rfc9110#section-5.5
    public mutating func add(_ name: String, _ value: String) {
        if fields.isEmpty { fields.reserveCapacity(Self.usualCount) }
        fields.append((Self.lowercased(name), Self.singleLine(value)))
    }

    /// Replaces every field of that name by one, at the place of the first; appends it when there was none.
    public mutating func set(_ name: String, _ value: String) {
        let field = (name: Self.lowercased(name), value: Self.singleLine(value))
        guard let first = fields.firstIndex(where: { $0.name == field.name }) else {
            fields.append(field)
            return
        }
        fields[first].value = field.value
        var index = 0
        fields.removeAll { other in
            defer { index += 1 }
            return index > first && other.name == field.name
        }
    }

    /// The fields in order.
    public func makeIterator() -> IndexingIterator<[Element]> {
        fields.makeIterator()
    }

    /// True when both have the same fields in the same order.
    public static func == (left: HeaderFields, right: HeaderFields) -> Bool {
        left.fields.elementsEqual(right.fields) { $0 == $1 }
    }

    /// A name on a single line and without A to Z: `String.lowercased` would also turn the Kelvin sign into a k.
    private static func lowercased(_ name: String) -> String {
        let bytes = name.utf8.span
        for index in bytes.indices where isUpper(bytes[index]) || bytes[index] < ASCII.space {
            let line = singleLine(name).utf8.map { isUpper($0) ? $0 | 0x20 : $0 }
            return String(decoding: line, as: UTF8.self)
        }
        return name
    }

    private static func isUpper(_ byte: UInt8) -> Bool {
        byte &- 0x41 < 26
    }

    private static func singleLine(_ value: String) -> String {
        guard ByteSearch.hasControl(in: value.utf8.span) else { return value }
        return String(decoding: value.utf8.map { endsField($0) ? ASCII.space : $0 }, as: UTF8.self)
    }

    private static func endsField(_ byte: UInt8) -> Bool {
        byte == ASCII.carriageReturn || byte == ASCII.lineFeed || byte == 0
    }
}
