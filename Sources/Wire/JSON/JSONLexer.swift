/// Walks the tokens of borrowed JSON bytes; keeps nothing but its place, so parser and scanner can share it.
struct JSONLexer {
    /// Offset of the next byte to look at.
    var position = 0

    /// A string that was walked over.
    struct StringToken {
        /// The bytes between the quotes.
        var content: Range<Int>
        /// True when the content has a backslash.
        var hasEscapes: Bool
        /// False when the content has bytes that are still to be checked to be UTF-8.
        var isASCII: Bool
    }

    /// Skips spaces, tabs, CR and LF.
    @inline(__always)
    mutating func skipWhitespace(_ bytes: Span<UInt8>) {
        while position < bytes.count {
            let byte = bytes[unchecked: position]
            // Compact JSON leaves at the first test.
            if byte > ASCII.space { return }
            guard
                byte == ASCII.space || byte == ASCII.lineFeed || byte == ASCII.carriageReturn
                    || byte == ASCII.tab
            else { return }
            position &+= 1
        }
    }

    /// The byte after white space, not consumed.
    @inline(__always)
    mutating func peek(_ bytes: Span<UInt8>) throws(JSONFault) -> UInt8 {
        skipWhitespace(bytes)
        guard position < bytes.count else { throw JSONFault(.unexpectedEnd, at: position) }
        return bytes[unchecked: position]
    }

    /// Consumes the one byte that may come next, after white space.
    @inline(__always)
    mutating func expect(_ byte: UInt8, _ bytes: Span<UInt8>) throws(JSONFault) {
        guard try peek(bytes) == byte else { throw JSONFault(.unexpectedByte, at: position) }
        position &+= 1
    }

    /// Consumes `true`, `false` or `null`; the fault is at the first byte that differs.
    mutating func expectLiteral(_ literal: StaticString, _ bytes: Span<UInt8>) throws(JSONFault) {
        for index in 0..<literal.utf8CodeUnitCount {
            guard position < bytes.count else { throw JSONFault(.unexpectedEnd, at: position) }
            guard unsafe bytes[position] == literal.utf8Start[index] else {
                throw JSONFault(.unexpectedByte, at: position)
            }
            position &+= 1
        }
    }

    /// Consumes white space up to the end of the bytes.
    mutating func expectEnd(_ bytes: Span<UInt8>) throws(JSONFault) {
        skipWhitespace(bytes)
        guard position == bytes.count else { throw JSONFault(.trailingBytes, at: position) }
    }

    /// Consumes a number whose first byte is a minus or a digit: https://www.rfc-editor.org/rfc/rfc8259#section-6
    mutating func skipNumber(_ bytes: Span<UInt8>) throws(JSONFault) {
        if bytes[position] == ASCII.minus { position &+= 1 }
        let start = position
        try skipDigits(bytes)
        if bytes[start] == ASCII.zero, position > start &+ 1 {
            throw JSONFault(.invalidNumber, at: start &+ 1)  // No leading zeros.
        }
        if position < bytes.count, bytes[position] == ASCII.dot {
            position &+= 1
            try skipDigits(bytes)
        }
        if position < bytes.count, bytes[position] | 0x20 == ASCII.lowerE {
            position &+= 1
            if position < bytes.count, bytes[position] == ASCII.plus || bytes[position] == ASCII.minus {
                position &+= 1
            }
            try skipDigits(bytes)
        }
    }

    /// Consumes one digit or more.
    @inline(__always)
    private mutating func skipDigits(_ bytes: Span<UInt8>) throws(JSONFault) {
        let start = position
        while position < bytes.count, ASCII.isDigit(bytes[unchecked: position]) { position &+= 1 }
        guard position > start else {
            throw JSONFault(position < bytes.count ? .invalidNumber : .unexpectedEnd, at: position)
        }
    }

    /// Consumes a string from quote to quote and checks its escapes, but not yet that it is UTF-8.
    @inline(__always)
    mutating func string(_ bytes: Span<UInt8>) throws(JSONFault) -> StringToken {
        let start = position &+ 1
        var token = StringToken(content: start..<start, hasEscapes: false, isASCII: true)
        position = start
        while true {
            let run = ByteSearch.stringRun(in: bytes, from: position)
            position = run.end
            token.isASCII = token.isASCII && run.isASCII
            guard position < bytes.count else { throw JSONFault(.unexpectedEnd, at: position) }
            let byte = bytes[unchecked: position]
            if byte == ASCII.quote {
                token.content = start..<position
                position &+= 1
                return token
            }
            guard byte == ASCII.backslash else { throw JSONFault(.controlCharacter, at: position) }
            token.hasEscapes = true
            try skipEscape(bytes)
        }
    }

    /// Consumes an escape, both halves of a surrogate pair together.
    private mutating func skipEscape(_ bytes: Span<UInt8>) throws(JSONFault) {
        let start = position
        guard start &+ 1 < bytes.count else { throw JSONFault(.unexpectedEnd, at: bytes.count) }
        switch bytes[start &+ 1] {
        case ASCII.quote, ASCII.backslash, ASCII.slash, ASCII.lowerB, ASCII.lowerF, ASCII.lowerN,
            ASCII.lowerR, ASCII.lowerT:
            position = start &+ 2
        case ASCII.lowerU:
            let unit = try Self.codeUnit(bytes, at: start)
            position = start &+ 6
            guard unit & 0xF800 == 0xD800 else { return }
            guard unit < 0xDC00, position &+ 1 < bytes.count, bytes[position] == ASCII.backslash,
                bytes[position &+ 1] == ASCII.lowerU
            else { throw JSONFault(.loneSurrogate, at: start) }
            guard try Self.codeUnit(bytes, at: position) & 0xFC00 == 0xDC00 else {
                throw JSONFault(.loneSurrogate, at: start)
            }
            position &+= 6
        default:
            throw JSONFault(.invalidEscape, at: start)
        }
    }

    /// The four hexadecimal digits of the `\u` escape that starts at `escape`.
    @inline(__always)
    static func codeUnit(_ bytes: Span<UInt8>, at escape: Int) throws(JSONFault) -> UInt32 {
        var unit: UInt32 = 0
        for offset in escape &+ 2..<escape &+ 6 {
            guard offset < bytes.count else { throw JSONFault(.unexpectedEnd, at: offset) }
            guard let digit = ASCII.hexValue(bytes[unchecked: offset]) else {
                throw JSONFault(.invalidEscape, at: escape)
            }
            unit = unit << 4 | digit
        }
        return unit
    }
}
