extension LenientJSONReader {
    /// True for the bytes of names and words.
    func isWordByte(_ byte: UInt8) -> Bool {
        ASCII.isDigit(byte) || (byte | 0x20) &- 0x61 < 26 || byte == ASCII.underscore || byte == ASCII.dollar
    }

    /// Takes a byte of a key without quotes; which keys there are is up to the writer, so it goes out at once.
    mutating func takeUnquotedKey(_ byte: UInt8, into output: inout [UInt8]) -> Bool {
        if isWordByte(byte) || byte == ASCII.minus || byte == ASCII.dot {
            output.append(byte)
            return true
        }
        output.append(ASCII.quote)
        place = .colon
        return false
    }

    /// Takes a byte of a word.
    mutating func takeWord(_ byte: UInt8, into output: inout [UInt8]) -> Bool {
        guard isWordByte(byte) else {
            endWord(into: &output)
            return false
        }
        guard token.count < Self.longestWord else { return fail("text without quotes") }
        token.append(byte)
        return true
    }

    /// The length of `False`.
    private static let longestWord = 5

    /// Writes the word that has ended.
    mutating func endWord(into output: inout [UInt8]) {
        switch String(decoding: token, as: UTF8.self) {
        case "true", "True": output.append(contentsOf: "true".utf8)
        case "false", "False": output.append(contentsOf: "false".utf8)
        case "null", "None": output.append(contentsOf: "null".utf8)
        default:
            fail("text without quotes")
            return
        }
        endValue()
    }

    /// Takes a byte of a number.
    mutating func takeNumber(_ byte: UInt8, into output: inout [UInt8]) -> Bool {
        switch byte {
        case ASCII.zero...ASCII.nine, ASCII.minus, ASCII.plus, ASCII.dot, ASCII.lowerE, ASCII.upperE:
            guard token.count < Self.maximumHeldBytes else { return fail("a number is too long") }
            token.append(byte)
            return true
        case _ where isWordByte(byte): return fail("invalid number")
        default:
            endNumber(into: &output)
            return false
        }
    }

    /// Writes the number that has ended, without the plus and with the zeros that JSON wants.
    mutating func endNumber(into output: inout [UInt8]) {
        var number = token
        if number.first == ASCII.plus { number.removeFirst() }
        let start = number.first == ASCII.minus ? 1 : 0
        if number.count > start, number[start] == ASCII.dot { number.insert(ASCII.zero, at: start) }
        if number.last == ASCII.dot { number.append(ASCII.zero) }
        var lexer = JSONLexer()
        guard let first = number.first, first == ASCII.minus || ASCII.isDigit(first), token != [ASCII.dot],
            token != [ASCII.minus, ASCII.dot], token != [ASCII.plus, ASCII.dot],
            // The fault would say no more.
            (try? lexer.skipNumber(number.span)) != nil, lexer.position == number.count
        else {
            fail("invalid number")
            return
        }
        output.append(contentsOf: number)
        endValue()
    }
}
