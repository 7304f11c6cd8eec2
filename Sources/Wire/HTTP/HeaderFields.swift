/// The header fields of one HTTP message in the order they were added, with names in lower case.
///
/// Messages here have a few dozen fields at most, so looking one up walks the list. Most are never looked at: they are
/// bytes in one piece of memory, and become text when somebody asks for them.
public struct HeaderFields: Sendable, Equatable, Sequence {
    /// One field. The name is in lower case; bytes that are not UTF-8 are repaired.
    public typealias Element = (name: String, value: String)

    /// Names and values, one after the other.
    private var bytes: [UInt8] = []
    private var fields: [Field] = []

    /// Where a field lies in `bytes`: its name from `start`, its value from `value` to `end`.
    private struct Field: Equatable {
        var start: Int
        var value: Int
        var end: Int
    }

    /// Room for so many fields is made with the first one of a message that comes, and for so many bytes.
    private static let usualFields = 16
    private static let usualBytes = 480

    /// No fields.
    public init() {}

    /// The given names and values, in order; a name may come more than once.
    public init(_ pairs: [Element]) {
        fields.reserveCapacity(pairs.count)
        bytes.reserveCapacity(pairs.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count })
        for (name, value) in pairs { add(name, value) }
    }

    /// The fields of lines, each a name, a colon and a value; white space around a value, and lines without a colon, are
    /// left out. https://www.rfc-editor.org/rfc/rfc9112#section-5
    public init(lines: Span<UInt8>) {
        fields.reserveCapacity(Self.usualFields)
        bytes.reserveCapacity(lines.count)
        var start = 0
        while start < lines.count {
            let next = lines.firstIndex(of: ASCII.lineFeed, from: start) ?? lines.count
            var end = next
            while end > start, lines[end - 1] <= ASCII.space { end -= 1 }
            let line = lines.extracting(start..<end)
            if let colon = line.firstIndex(of: ASCII.colon) {
                var value = colon + 1
                while value < line.count, line[value] == ASCII.space || line[value] == ASCII.tab {
                    value += 1
                }
                add(line.extracting(..<colon), line.extracting(value...))
            }
            start = next + 1
        }
    }

    /// How many fields there are; a repeated name counts each time.
    public var count: Int { fields.count }

    /// How many fields there are, for whoever makes room for them.
    public var underestimatedCount: Int { fields.count }

    /// The first value of the field, or nil. The name is given in lower case.
    public subscript(name: String) -> String? {
        let name = name.utf8.span
        for field in fields where field.value &- field.start == name.count {
            if ByteSearch.areSame(bytes.span.extracting(field.start..<field.value), name) {
                return text(field.value..<field.end)
            }
        }
        return nil
    }

    /// Appends a field, also when one of that name is there.
    ///
    /// CR, LF and NUL become spaces, so that no value can start another field:
    /// https://www.rfc-editor.org/rfc/rfc9110#section-5.5
    public mutating func add(_ name: String, _ value: String) {
        add(name.utf8.span, value.utf8.span)
    }

    /// Appends a field of which name and value come as bytes.
    public mutating func add(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        append(name, value) { Self.lowercased(Self.inLine($0)) }
    }

    /// Appends a field that comes as a CGI variable: `X_API_KEY`, without the `HTTP_` before it, is `x-api-key`.
    /// https://www.rfc-editor.org/rfc/rfc3875#section-4.1.18
    public mutating func add(variable: Span<UInt8>, _ value: Span<UInt8>) {
        if fields.isEmpty {
            fields.reserveCapacity(Self.usualFields)
            bytes.reserveCapacity(Self.usualBytes)
        }
        append(variable, value) {
            $0 == UInt8(ascii: "_") ? ASCII.minus : Self.lowercased(Self.inLine($0))
        }
    }

    /// Replaces every field of that name by one, at the place of the first; appends it when there was none.
    public mutating func set(_ name: String, _ value: String) {
        let new = HeaderFields([(name, value)])
        var changed = HeaderFields()
        var isSet = false
        for field in self {
            if new[field.name] == nil {
                changed.add(field.name, field.value)
            } else if !isSet {
                changed.add(name, value)
                isSet = true
            }
        }
        if !isSet { changed.add(name, value) }
        self = changed
    }

    /// The fields as they are sent: `name: value` CR LF each.
    public var lines: [UInt8] {
        let besides = 4
        let all = bytes.span
        var lines: [UInt8] = []
        lines.append(addingCapacity: bytes.count + fields.count * besides) { room in
            for field in fields {
                room.append(copying: all.extracting(field.start..<field.value))
                room.append(literal: ": ")
                room.append(copying: all.extracting(field.value..<field.end))
                room.append(literal: "\r\n")
            }
        }
        return lines
    }

    /// The fields in order.
    public func makeIterator() -> Iterator { Iterator(all: self) }

    /// Goes through the fields in order.
    public struct Iterator: IteratorProtocol {
        fileprivate let all: HeaderFields
        private var index = 0

        fileprivate init(all: HeaderFields) {
            self.all = all
        }

        /// The next field.
        public mutating func next() -> Element? {
            guard index < all.fields.count else { return nil }
            defer { index += 1 }
            let field = all.fields[index]
            return (all.text(field.start..<field.value), all.text(field.value..<field.end))
        }
    }

    // MARK: Bytes

    private func text(_ range: Range<Int>) -> String {
        bytes.span.extracting(range).withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }

    @inline(__always)
    private mutating func append(_ name: Span<UInt8>, _ value: Span<UInt8>, nameByte: (UInt8) -> UInt8) {
        let start = bytes.count
        bytes.append(addingCapacity: name.count &+ value.count) { room in
            for index in name.indices { room.append(nameByte(name[index])) }
            guard ByteSearch.hasControl(in: value) else { return room.append(copying: value) }
            for index in value.indices { room.append(Self.inLine(value[index])) }
        }
        fields.append(Field(start: start, value: start &+ name.count, end: bytes.count))
    }

    /// A to Z only: `String.lowercased` would also turn the Kelvin sign into a k.
    private static func lowercased(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

    private static func inLine(_ byte: UInt8) -> UInt8 {
        byte == ASCII.carriageReturn || byte == ASCII.lineFeed || byte == 0 ? ASCII.space : byte
    }
}
