extension LenientJSONReader {
    /// Copies the bytes of a string in straight quotes up to one that needs a look; gives the offset of that one.
    mutating func copyRun(_ input: Span<UInt8>, from start: Int, into output: inout [UInt8]) -> Int {
        let run = ByteSearch.stringRun(in: input, from: start)
        var end = run.end
        var next = run.end
        if !run.isASCII { (end, next) = check(input, from: start, to: run.end) }
        unsafe input.extracting(start..<end).withUnsafeBufferPointer { unsafe output.append(contentsOf: $0) }
        return next
    }

    /// Checks a run to be UTF-8, and keeps half a character at its end.
    ///
    /// - Returns: where the last whole character ends, and the first byte that was not looked at.
    private mutating func check(_ input: Span<UInt8>, from start: Int, to end: Int) -> (Int, Int) {
        var whole = start
        for offset in start..<end {
            let byte = input[offset]
            if byte < 0x80, character.isEmpty {
                whole = offset + 1
                continue
            }
            switch character.take(byte) {
            case .partial: break
            case .whole:
                character = PartialCharacter()
                whole = offset + 1
            case .invalid:
                fail("invalid UTF-8")
                return (whole, offset)
            }
        }
        return (whole, end)
    }

    /// Takes a byte of a string's content, or its end.
    mutating func takeString(_ byte: UInt8, into output: inout [UInt8]) -> Bool {
        if byte >= 0x80 || !character.isEmpty { return takeStringCharacter(byte, into: &output) }
        switch byte {
        case ASCII.quote where quote == .straight, ASCII.apostrophe where quote == .apostrophe:
            closeString(into: &output)
        case ASCII.quote: output.append(contentsOf: [ASCII.backslash, ASCII.quote])
        case ASCII.backslash: place = .escape
        case 0..<ASCII.space: appendEscape(of: byte, into: &output)
        default: output.append(byte)
        }
        return true
    }

    private mutating func takeStringCharacter(_ byte: UInt8, into output: inout [UInt8]) -> Bool {
        switch character.take(byte) {
        case .partial: return true
        case .invalid: return fail("invalid UTF-8")
        case .whole: break
        }
        let taken = character
        character = PartialCharacter()
        switch (quote, taken.scalar) {
        case (.smartSingle, 0x2018...0x201B), (.smartDouble, 0x201C...0x201F): closeString(into: &output)
        default: taken.append(to: &output)
        }
        return true
    }

    private mutating func closeString(into output: inout [UInt8]) {
        output.append(ASCII.quote)
        if isKey { place = .colon } else { endValue() }
    }

    private func appendEscape(of control: UInt8, into output: inout [UInt8]) {
        switch control {
        case ASCII.lineFeed: output.append(contentsOf: "\\n".utf8)
        case ASCII.carriageReturn: output.append(contentsOf: "\\r".utf8)
        case ASCII.tab: output.append(contentsOf: "\\t".utf8)
        default: appendUnicode([ASCII.zero + control >> 4, ASCII.hexDigit(control & 0xF)], into: &output)
        }
    }

    /// Appends a `\u` escape of two digits or four.
    private func appendUnicode(_ digits: [UInt8], into output: inout [UInt8]) {
        output.append(contentsOf: (digits.count == 2 ? "\\u00" : "\\u").utf8)
        output.append(contentsOf: digits)
    }

    /// Takes the byte behind a backslash.
    mutating func takeEscape(_ byte: UInt8, into output: inout [UInt8]) -> Bool {
        switch byte {
        case ASCII.quote, ASCII.backslash, ASCII.slash, ASCII.lowerB, ASCII.lowerF, ASCII.lowerN,
            ASCII.lowerR, ASCII.lowerT:
            output.append(contentsOf: [ASCII.backslash, byte])
            place = .string
        case ASCII.apostrophe:
            output.append(byte)
            place = .string
        case ASCII.lowerU, ASCII.lowerX:
            token.removeAll(keepingCapacity: true)
            place = byte == ASCII.lowerU ? .unicodeEscape : .hexEscape
        default:
            // Regular expressions, paths and shell scripts mean the backslash itself.
            output.append(contentsOf: [ASCII.backslash, ASCII.backslash])
            place = .string
            return false
        }
        return true
    }

    /// Takes a digit of a `\x` escape.
    mutating func takeHexEscape(_ byte: UInt8, into output: inout [UInt8]) -> Bool {
        guard ASCII.hexValue(byte) != nil else { return abandonEscape(ASCII.lowerX, into: &output) }
        token.append(byte)
        guard token.count == 2 else { return true }
        appendUnicode(token, into: &output)
        place = .string
        return true
    }

    /// Takes a digit of a `\u` escape.
    mutating func takeUnicodeEscape(_ byte: UInt8, into output: inout [UInt8]) -> Bool {
        guard ASCII.hexValue(byte) != nil else {
            dropHighSurrogate(into: &output)
            return abandonEscape(ASCII.lowerU, into: &output)
        }
        token.append(byte)
        guard token.count == 4 else { return true }
        place = .string
        let unit = token.reduce(0) { $0 << 4 | (ASCII.hexValue($1) ?? 0) }
        if unit & 0xFC00 == 0xDC00, !high.isEmpty {
            appendUnicode(high, into: &output)
            high.removeAll(keepingCapacity: true)
            appendUnicode(token, into: &output)
            return true
        }
        dropHighSurrogate(into: &output)
        if unit & 0xFC00 == 0xD800 {
            swap(&high, &token)
            place = .highSurrogate
        } else {
            appendUnicode(unit & 0xFC00 == 0xDC00 ? Self.replacement : token, into: &output)
        }
        return true
    }

    /// The digits of U+FFFD.
    private static let replacement = Array("fffd".utf8)

    /// Takes the bytes between the halves of a surrogate pair.
    mutating func takeAfterHighSurrogate(_ byte: UInt8, into output: inout [UInt8]) -> Bool {
        switch (place, byte) {
        case (.highSurrogate, ASCII.backslash):
            place = .escapeAfterHighSurrogate
            return true
        case (.escapeAfterHighSurrogate, ASCII.lowerU):
            token.removeAll(keepingCapacity: true)
            place = .unicodeEscape
            return true
        default:
            dropHighSurrogate(into: &output)
            place = place == .highSurrogate ? .string : .escape
            return false
        }
    }

    private mutating func dropHighSurrogate(into output: inout [UInt8]) {
        guard !high.isEmpty else { return }
        high.removeAll(keepingCapacity: true)
        appendUnicode(Self.replacement, into: &output)
    }

    /// What looked like an escape is text.
    private mutating func abandonEscape(_ letter: UInt8, into output: inout [UInt8]) -> Bool {
        output.append(contentsOf: [ASCII.backslash, ASCII.backslash, letter])
        output.append(contentsOf: token)
        place = .string
        return false
    }
}

/// A character of UTF-8 of which some bytes may still be to come.
struct PartialCharacter: Sendable {
    /// What one more byte makes of it.
    enum Step {
        case partial, whole, invalid
    }

    private var bytes: UInt32 = 0
    private var count = 0
    private var missing = 0
    /// The bounds of the second byte, which keep out surrogates and needless length.
    private var allowed: ClosedRange<UInt8> = 0x80...0xBF
    /// The number of the character, once it is whole.
    private(set) var scalar: UInt32 = 0

    /// Nothing taken yet.
    var isEmpty: Bool { count == 0 }

    /// Takes a byte of 0x80 or above, or any behind such: https://www.unicode.org/versions/latest/core-spec/chapter-3/#G27506
    mutating func take(_ byte: UInt8) -> Step {
        if count == 0 {
            switch byte {
            case 0xC2...0xDF: missing = 1
            case 0xE0: (missing, allowed) = (2, 0xA0...0xBF)
            case 0xED: (missing, allowed) = (2, 0x80...0x9F)
            case 0xE1...0xEF: missing = 2
            case 0xF0: (missing, allowed) = (3, 0x90...0xBF)
            case 0xF1...0xF3: missing = 3
            case 0xF4: (missing, allowed) = (3, 0x80...0x8F)
            default: return .invalid
            }
            scalar = UInt32(byte) & (0x3F >> UInt32(missing))
        } else {
            guard allowed.contains(byte) else { return .invalid }
            allowed = 0x80...0xBF
            missing -= 1
            scalar = scalar << 6 | UInt32(byte & 0x3F)
        }
        bytes = bytes << 8 | UInt32(byte)
        count += 1
        return missing == 0 ? .whole : .partial
    }

    /// Appends the bytes taken.
    func append(to output: inout [UInt8]) {
        for index in (0..<count).reversed() { output.append(UInt8(truncatingIfNeeded: bytes >> (8 * index))) }
    }
}
