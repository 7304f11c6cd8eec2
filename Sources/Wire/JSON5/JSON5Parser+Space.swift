extension JSON5Parser {
    /// Skips white space and comments: https://spec.json5.org/#white-space
    mutating func skipSpace() throws(JSONError) {
        while let (scalar, length) = source.scalar(at: position) {
            if scalar == "/" {
                try skipComment()
            } else if Self.isSpace(scalar) {
                position += length
            } else {
                return
            }
        }
    }

    private mutating func skipComment() throws(JSONError) {
        let start = position
        switch source.byte(at: position + 1) {
        case ASCII.slash:
            while let (scalar, length) = source.scalar(at: position), !Self.endsLine(scalar) {
                position += length
            }
        case ASCII.asterisk:
            position += 2
            while source.byte(at: position) != ASCII.asterisk
                || source.byte(at: position + 1) != ASCII.slash
            {
                guard position < source.bytes.count else {
                    throw source.error(.unexpectedEnd, at: start, "this comment is not closed")
                }
                position += 1
            }
            position += 2
        default:
            throw source.error(.unexpectedByte, at: start, "unexpected slash; a comment starts with // or /*")
        }
    }

    /// True for the four line terminators: https://262.ecma-international.org/5.1/#sec-7.3
    static func endsLine(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "\n" || scalar == "\r" || scalar == "\u{2028}" || scalar == "\u{2029}"
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case " ", "\t", "\n", "\r", "\u{0B}", "\u{0C}", "\u{A0}", "\u{2028}", "\u{2029}", "\u{FEFF}": true
        default: scalar.properties.generalCategory == .spaceSeparator
        }
    }
}
