extension JSONLexer {
    /// Consumes one value, checking all that the parser checks and making nothing.
    ///
    /// - Parameter depth: how many arrays and objects are open; recursion ends at `maximumDepth`.
    mutating func skipValue(_ bytes: Span<UInt8>, depth: Int, maximumDepth: Int) throws(JSONFault) {
        switch try peek(bytes) {
        case ASCII.quote:
            try skipString(bytes)
        case ASCII.leftBrace:
            try enter(depth + 1, maximumDepth: maximumDepth)
            if try peek(bytes) == ASCII.rightBrace {
                position &+= 1
                return
            }
            repeat {
                try skipKey(bytes)
                try skipValue(bytes, depth: depth + 1, maximumDepth: maximumDepth)
            } while try !isLast(before: ASCII.rightBrace, bytes)
        case ASCII.leftBracket:
            try enter(depth + 1, maximumDepth: maximumDepth)
            if try peek(bytes) == ASCII.rightBracket {
                position &+= 1
                return
            }
            repeat {
                try skipValue(bytes, depth: depth + 1, maximumDepth: maximumDepth)
            } while try !isLast(before: ASCII.rightBracket, bytes)
        case ASCII.minus, ASCII.zero...ASCII.nine:
            try skipNumber(bytes)
        case ASCII.lowerT:
            try expectLiteral("true", bytes)
        case ASCII.lowerF:
            try expectLiteral("false", bytes)
        case ASCII.lowerN:
            try expectLiteral("null", bytes)
        default:
            throw JSONFault(.unexpectedByte, at: position)
        }
    }

    /// Consumes the opening bracket at the position when one more level is allowed.
    @inline(__always)
    mutating func enter(_ depth: Int, maximumDepth: Int) throws(JSONFault) {
        guard depth <= maximumDepth else { throw JSONFault(.tooDeep, at: position) }
        position &+= 1
    }

    /// Consumes a comma (false) or the closing bracket (true).
    @inline(__always)
    mutating func isLast(before close: UInt8, _ bytes: Span<UInt8>) throws(JSONFault) -> Bool {
        let byte = try peek(bytes)
        guard byte == ASCII.comma || byte == close else { throw JSONFault(.unexpectedByte, at: position) }
        position &+= 1
        return byte == close
    }

    /// Consumes a key and its colon; the range is that of the key with its quotes.
    @inline(__always)
    @discardableResult
    mutating func skipKey(_ bytes: Span<UInt8>) throws(JSONFault) -> Range<Int> {
        guard try peek(bytes) == ASCII.quote else { throw JSONFault(.unexpectedByte, at: position) }
        let start = position
        try skipString(bytes)
        let key = start..<position
        try expect(ASCII.colon, bytes)
        return key
    }

    /// Consumes a string and checks that it is UTF-8.
    @inline(__always)
    private mutating func skipString(_ bytes: Span<UInt8>) throws(JSONFault) {
        let token = try string(bytes)
        try JSONStringDecoder.check(token, in: bytes)
    }
}
