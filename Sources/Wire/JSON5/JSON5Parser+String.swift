extension JSON5Parser {
    /// Consumes a string that starts with this quote: https://spec.json5.org/#strings
    mutating func string(quote: UInt8) throws(JSONError) -> String {
        let start = position
        position += 1
        var value = ""
        var runStart = position
        while let (scalar, length) = source.scalar(at: position) {
            if scalar == Unicode.Scalar(quote) {
                value += source.text(runStart..<position)
                position += 1
                return value
            }
            if scalar == "\\" {
                value += source.text(runStart..<position)
                try appendEscape(to: &value)
                runStart = position
                continue
            }
            // The specification lets these two stand in a string, as JSON does.
            if Self.endsLine(scalar), scalar != "\u{2028}", scalar != "\u{2029}" {
                throw source.error(.controlCharacter, at: start, "this string is not closed on its line")
            }
            position += length
        }
        throw source.error(.unexpectedEnd, at: start, "this string is not closed")
    }

    /// Consumes an unquoted key or a word, nil when there is none: https://spec.json5.org/#prod-JSON5Identifier
    mutating func identifier() throws(JSONError) -> String? {
        var name = ""
        while let (scalar, length) = source.scalar(at: position) {
            let start = position
            let part: Unicode.Scalar
            if scalar == "\\" {
                part = try unicodeEscape()
            } else {
                part = scalar
                position += length
            }
            guard Self.isIdentifierPart(part, isFirst: name.isEmpty) else {
                if scalar == "\\" {
                    throw source.error(.invalidEscape, at: start, "a key cannot have this character")
                }
                position = start
                break
            }
            name.unicodeScalars.append(part)
        }
        return name.isEmpty ? nil : name
    }

    private mutating func appendEscape(to value: inout String) throws(JSONError) {
        let start = position
        guard let (scalar, length) = source.scalar(at: position + 1) else {
            throw source.error(.unexpectedEnd, at: start, "the file ends inside a string")
        }
        switch scalar {
        case "u":
            value.unicodeScalars.append(try unicodeEscape())
            return
        case "x":
            let unit = try hexDigits(2, at: start + 2, escape: start)
            value.unicodeScalars.append(Unicode.Scalar(UInt8(truncatingIfNeeded: unit)))
            position = start + 4
            return
        case "\r":
            // A line that goes on: CR LF counts as one end.
            position += source.byte(at: start + 2) == ASCII.lineFeed ? 3 : 2
            return
        case "0":
            if let next = source.byte(at: start + 2), ASCII.isDigit(next) { throw octalError(at: start) }
            value.unicodeScalars.append("\0")
        case "1"..."9": throw octalError(at: start)
        case "b": value.unicodeScalars.append("\u{08}")
        case "f": value.unicodeScalars.append("\u{0C}")
        case "n": value.unicodeScalars.append("\n")
        case "r": value.unicodeScalars.append("\r")
        case "t": value.unicodeScalars.append("\t")
        case "v": value.unicodeScalars.append("\u{0B}")
        case _ where Self.endsLine(scalar): break
        default: value.unicodeScalars.append(scalar)
        }
        position = start + 1 + length
    }

    private func octalError(at start: Int) -> JSONError {
        source.error(.invalidEscape, at: start, "an escape cannot be a digit; write \\x and two digits")
    }

    /// Consumes `\uXXXX`, or two of them when they are a surrogate pair.
    private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
        let start = position
        guard source.byte(at: start + 1) == ASCII.lowerU else {
            throw source.error(.invalidEscape, at: start, "expected \\u and four hexadecimal digits")
        }
        var value = try hexDigits(4, at: start + 2, escape: start)
        position = start + 6
        if value & 0xFC00 == 0xD800, source.byte(at: position) == ASCII.backslash,
            source.byte(at: position + 1) == ASCII.lowerU
        {
            let low = try hexDigits(4, at: position + 2, escape: position)
            if low & 0xFC00 == 0xDC00 {
                value = 0x10000 + (value & 0x3FF) << 10 + (low & 0x3FF)
                position += 6
            }
        }
        guard let scalar = Unicode.Scalar(value) else {
            throw source.error(.loneSurrogate, at: start, "half a surrogate pair")
        }
        return scalar
    }

    private func hexDigits(_ count: Int, at start: Int, escape: Int) throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for offset in start..<start + count {
            guard let digit = source.byte(at: offset).flatMap(ASCII.hexValue) else {
                throw source.error(.invalidEscape, at: escape, "expected \(count) hexadecimal digits")
            }
            value = value << 4 | digit
        }
        return value
    }

    /// What ECMAScript 5.1 lets a name have: https://262.ecma-international.org/5.1/#sec-7.6
    private static func isIdentifierPart(_ scalar: Unicode.Scalar, isFirst: Bool) -> Bool {
        if scalar == "$" || scalar == "_" { return true }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .letterNumber:
            return true
        case .nonspacingMark, .spacingMark, .decimalNumber, .connectorPunctuation:
            return !isFirst
        default:
            return !isFirst && (scalar == "\u{200C}" || scalar == "\u{200D}")
        }
    }
}
