/// Builds a `JSON5Node`. Configuration is read once, so it is written for its messages and not for speed.
struct JSON5Parser {
    let source: JSON5Source
    /// Offset of the next byte to look at.
    var position = 0
    private let maximumDepth: Int

    /// A parser of one text.
    ///
    /// - Throws: `invalidUTF8` when the text is not.
    init(_ bytes: [UInt8], maximumDepth: Int) throws(JSONError) {
        source = try JSON5Source(bytes)
        self.maximumDepth = Swift.min(maximumDepth, JSONValue.mostMaximumDepth)
    }

    /// The one value of a text; only white space and comments may surround it.
    mutating func document() throws(JSONError) -> JSON5Node {
        let value = try value(depth: 0)
        try skipSpace()
        guard position == source.bytes.count else {
            throw source.error(.trailingBytes, at: position, "unexpected text after the value")
        }
        return value
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSON5Node {
        let byte = try peek(expected: "a value")
        let place = source.place(of: position)
        switch byte {
        case ASCII.leftBrace:
            return JSON5Node(.object(try object(depth: depth + 1)), at: place)
        case ASCII.leftBracket:
            return JSON5Node(.array(try array(depth: depth + 1)), at: place)
        case ASCII.quote, ASCII.apostrophe:
            return JSON5Node(.string(try string(quote: byte)), at: place)
        case ASCII.plus, ASCII.minus, ASCII.dot, ASCII.zero...ASCII.nine:
            return JSON5Node(.number(try number()), at: place)
        default:
            return JSON5Node(try word(), at: place)
        }
    }

    /// `null`, `true` or `false`.
    private mutating func word() throws(JSONError) -> JSON5Node.Kind {
        let start = position
        switch try identifier() {
        case nil: throw source.error(.unexpectedByte, at: start, "expected a value")
        case "null": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "Infinity", "NaN": throw numberError(at: start)
        default: throw source.error(.unexpectedByte, at: start, "expected a value; strings need quotes")
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> [JSON5Node.Member] {
        try enter(depth)
        var members: [JSON5Node.Member] = []
        var keys: Set<String> = []
        while try peek(expected: "a key or }") != ASCII.rightBrace {
            let start = position
            let key = try key()
            if !keys.insert(key).inserted {
                let line = members.first { $0.key == key }?.keyLine ?? 0
                throw source.error(
                    .duplicateKey, at: start, "the key \"\(key)\" appears twice, first on line \(line)")
            }
            guard try peek(expected: "a colon after the key") == ASCII.colon else {
                throw source.error(.unexpectedByte, at: position, "expected a colon after the key")
            }
            position += 1
            let place = source.place(of: start)
            let value = try value(depth: depth)
            members.append(
                JSON5Node.Member(key: key, keyLine: place.line, keyColumn: place.column, value: value))
            try skipComma(before: ASCII.rightBrace, expected: "a comma or }")
        }
        position += 1
        return members
    }

    private mutating func array(depth: Int) throws(JSONError) -> [JSON5Node] {
        try enter(depth)
        var elements: [JSON5Node] = []
        while try peek(expected: "a value or ]") != ASCII.rightBracket {
            elements.append(try value(depth: depth))
            try skipComma(before: ASCII.rightBracket, expected: "a comma or ]")
        }
        position += 1
        return elements
    }

    private mutating func key() throws(JSONError) -> String {
        if let byte = source.byte(at: position), byte == ASCII.quote || byte == ASCII.apostrophe {
            return try string(quote: byte)
        }
        let start = position
        guard let key = try identifier() else {
            throw source.error(.unexpectedByte, at: start, "expected a key or }")
        }
        return key
    }

    /// Consumes the opening bracket at the position when one more level is allowed.
    private mutating func enter(_ depth: Int) throws(JSONError) {
        guard depth <= maximumDepth else {
            throw source.error(.tooDeep, at: position, "nested more than \(maximumDepth) deep")
        }
        position += 1
    }

    /// Consumes a comma, or nothing when the bracket is next.
    private mutating func skipComma(before close: UInt8, expected: String) throws(JSONError) {
        let byte = try peek(expected: expected)
        if byte == close { return }
        guard byte == ASCII.comma else {
            throw source.error(.unexpectedByte, at: position, "expected \(expected)")
        }
        position += 1
    }

    /// The byte after white space and comments, not consumed.
    private mutating func peek(expected: String) throws(JSONError) -> UInt8 {
        try skipSpace()
        guard let byte = source.byte(at: position) else {
            throw source.error(.unexpectedEnd, at: position, "the file ends, expected \(expected)")
        }
        return byte
    }
}
