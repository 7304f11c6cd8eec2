/// Builds a `JSONValue` from borrowed bytes. It recurses, but never deeper than the depth it may accept.
struct JSONParser {
    private var lexer = JSONLexer()
    private let maximumDepth: Int

    /// Room for so many members is made at once: growing from one to two to four costs more than what is left over.
    private static let usualMembers = 4

    /// A parser that accepts so many nested arrays and objects, and never more than `JSONValue.mostMaximumDepth`.
    init(maximumDepth: Int) {
        self.maximumDepth = Swift.min(maximumDepth, JSONValue.mostMaximumDepth)
    }

    /// The one value of a text; only white space may surround it.
    mutating func document(
        _ bytes: Span<UInt8>, _ selection: JSONSelection = .everything
    ) throws(JSONFault) -> JSONValue {
        let value = try value(bytes, selection, depth: 0)
        try lexer.expectEnd(bytes)
        return value
    }

    private mutating func value(
        _ bytes: Span<UInt8>, _ selection: JSONSelection, depth: Int
    ) throws(JSONFault) -> JSONValue {
        switch try lexer.peek(bytes) {
        case ASCII.quote:
            return .string(try string(bytes))
        case ASCII.leftBrace:
            return try object(bytes, selection, depth: depth + 1)
        case ASCII.leftBracket:
            return try array(bytes, selection, depth: depth + 1)
        case ASCII.minus, ASCII.zero...ASCII.nine:
            return .number(try number(bytes))
        case ASCII.lowerT:
            try lexer.expectLiteral("true", bytes)
            return .bool(true)
        case ASCII.lowerF:
            try lexer.expectLiteral("false", bytes)
            return .bool(false)
        case ASCII.lowerN:
            try lexer.expectLiteral("null", bytes)
            return .null
        default:
            throw JSONFault(.unexpectedByte, at: lexer.position)
        }
    }

    private mutating func object(
        _ bytes: Span<UInt8>, _ selection: JSONSelection, depth: Int
    ) throws(JSONFault) -> JSONValue {
        try lexer.enter(depth, maximumDepth: maximumDepth)
        var members: [JSONObject.Member] = []
        if try lexer.peek(bytes) == ASCII.rightBrace {
            lexer.position += 1
            return .object(JSONObject(members))
        }
        members.reserveCapacity(Self.usualMembers)
        repeat {
            guard try lexer.peek(bytes) == ASCII.quote else {
                throw JSONFault(.unexpectedByte, at: lexer.position)
            }
            let key = try lexer.string(bytes)
            guard let selection = selection.member(key, in: bytes) else {
                try JSONStringDecoder.check(key, in: bytes)
                try lexer.expect(ASCII.colon, bytes)
                try lexer.skipValue(bytes, depth: depth, maximumDepth: maximumDepth)
                continue
            }
            let name = try JSONStringDecoder.string(key, in: bytes)
            try lexer.expect(ASCII.colon, bytes)
            members.append(JSONObject.Member(key: name, value: try value(bytes, selection, depth: depth)))
        } while try !lexer.isLast(before: ASCII.rightBrace, bytes)
        return .object(JSONObject(members))
    }

    private mutating func array(
        _ bytes: Span<UInt8>, _ selection: JSONSelection, depth: Int
    ) throws(JSONFault) -> JSONValue {
        try lexer.enter(depth, maximumDepth: maximumDepth)
        var elements: [JSONValue] = []
        if try lexer.peek(bytes) == ASCII.rightBracket {
            lexer.position += 1
            return .array(elements)
        }
        while true {
            elements.append(try value(bytes, selection, depth: depth))
            if try lexer.isLast(before: ASCII.rightBracket, bytes) { return .array(elements) }
        }
    }

    private mutating func string(_ bytes: Span<UInt8>) throws(JSONFault) -> String {
        let token = try lexer.string(bytes)
        return try JSONStringDecoder.string(token, in: bytes)
    }

    private mutating func number(_ bytes: Span<UInt8>) throws(JSONFault) -> JSONNumber {
        let start = lexer.position
        try lexer.skipNumber(bytes)
        let text = bytes.extracting(start..<lexer.position)
        // A number has only ASCII bytes.
        return unsafe JSONNumber(checkedText: String(copying: UTF8Span(unchecked: text, isKnownASCII: true)))
    }
}
