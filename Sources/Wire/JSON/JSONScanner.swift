/// Looks at JSON bytes without building a value: for the hot path, and for replacing one member in place.
///
/// It accepts exactly what `JSONValue` accepts. It allocates nothing but the strings that are asked for. Ranges are
/// offsets into the bytes that were given; those of strings include the quotes.
public enum JSONScanner {
    /// Checks that the bytes are one JSON text.
    ///
    /// - Throws: `JSONError` at the first byte that is wrong.
    public static func validate(_ bytes: Span<UInt8>, maximumDepth: Int = 256) throws(JSONError) {
        var lexer = JSONLexer()
        do {
            try lexer.skipValue(bytes, depth: 0, maximumDepth: cap(maximumDepth))
            try lexer.expectEnd(bytes)
        } catch {
            throw JSONError(error, in: bytes)
        }
    }

    /// Calls back for each member of the object that the bytes are, in order, duplicates included.
    ///
    /// For an object inside, pass `bytes.extracting(range)`.
    ///
    /// - Throws: `JSONError` at the first byte that is wrong, `unexpectedByte` when the text is not an object; members
    ///   before it were reported by then. And whatever `body` throws.
    public static func forEachMember(
        of bytes: Span<UInt8>, maximumDepth: Int = 256,
        _ body: (_ key: Range<Int>, _ value: Range<Int>) throws -> Void
    ) throws {
        var walk = JSONMemberWalk(maximumDepth: cap(maximumDepth))
        while let member = try next(&walk, bytes) { try body(member.key, member.value) }
    }

    /// The range of a key's value in the object that the bytes are, nil when it is absent; the last of duplicates.
    ///
    /// - Throws: `JSONError` as ``forEachMember(of:maximumDepth:_:)``; the whole text is checked.
    public static func value(
        of key: String, in bytes: Span<UInt8>, maximumDepth: Int = 256
    ) throws(JSONError) -> Range<Int>? {
        var walk = JSONMemberWalk(maximumDepth: cap(maximumDepth))
        var value: Range<Int>?
        while let member = try next(&walk, bytes) {
            if isString(key, in: bytes, member.key) { value = member.value }
        }
        return value
    }

    /// Decodes the string that the range is.
    ///
    /// - Throws: `JSONError` when the range is not exactly one JSON string.
    public static func string(in bytes: Span<UInt8>, _ range: Range<Int>) throws(JSONError) -> String {
        let text = bytes.extracting(0..<range.upperBound)
        var lexer = JSONLexer(position: range.lowerBound)
        do throws(JSONFault) {
            guard lexer.position < text.count else { throw JSONFault(.unexpectedEnd, at: lexer.position) }
            guard text[lexer.position] == ASCII.quote else {
                throw JSONFault(.unexpectedByte, at: lexer.position)
            }
            let token = try lexer.string(text)
            guard lexer.position == text.count else { throw JSONFault(.trailingBytes, at: lexer.position) }
            return try JSONStringDecoder.string(token, in: text)
        } catch {
            throw JSONError(error, in: bytes)
        }
    }

    /// True when the range is a JSON string that says `text`, with or without escapes.
    public static func isString(_ text: String, in bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        let raw = bytes.extracting(range)
        let wanted = text.utf8.span
        // Escapes only make it longer.
        guard raw.count >= wanted.count + 2, raw[0] == ASCII.quote, raw[raw.count - 1] == ASCII.quote
        else { return false }
        for index in wanted.indices {
            let byte = raw[index + 1]
            // An escape is rare in a key and may say anything, so it is decoded.
            if byte == ASCII.backslash { return isEscapedString(text, in: bytes, range) }
            guard byte == wanted[index] else { return false }
        }
        return raw.count == wanted.count + 2
    }

    private static func isEscapedString(_ text: String, in bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        // What is no string is not this string.
        guard let decoded = try? string(in: bytes, range) else { return false }
        return decoded.hasSameBytes(as: text)
    }

    private static func cap(_ maximumDepth: Int) -> Int {
        Swift.min(maximumDepth, JSONValue.mostMaximumDepth)
    }

    @inline(__always)
    private static func next(
        _ walk: inout JSONMemberWalk, _ bytes: Span<UInt8>
    ) throws(JSONError) -> JSONMemberWalk.Member? {
        do {
            return try walk.next(bytes)
        } catch {
            throw JSONError(error, in: bytes)
        }
    }
}

/// Goes from member to member of one object and checks that nothing follows it.
private struct JSONMemberWalk {
    struct Member {
        var key: Range<Int>
        var value: Range<Int>
    }

    private enum Place { case start, member, end }

    private var lexer = JSONLexer()
    private var place = Place.start
    private let maximumDepth: Int

    init(maximumDepth: Int) {
        self.maximumDepth = maximumDepth
    }

    @inline(__always)
    mutating func next(_ bytes: Span<UInt8>) throws(JSONFault) -> Member? {
        if case .start = place {
            guard try lexer.peek(bytes) == ASCII.leftBrace else {
                throw JSONFault(.unexpectedByte, at: lexer.position)
            }
            try lexer.enter(1, maximumDepth: maximumDepth)
            place = .member
            if try lexer.peek(bytes) == ASCII.rightBrace {
                lexer.position += 1
                place = .end
            }
        }
        guard case .member = place else {
            try lexer.expectEnd(bytes)
            return nil
        }
        let key = try lexer.skipKey(bytes)
        lexer.skipWhitespace(bytes)
        let start = lexer.position
        try lexer.skipValue(bytes, depth: 1, maximumDepth: maximumDepth)
        let value = start..<lexer.position
        if try lexer.isLast(before: ASCII.rightBrace, bytes) { place = .end }
        return Member(key: key, value: value)
    }
}
