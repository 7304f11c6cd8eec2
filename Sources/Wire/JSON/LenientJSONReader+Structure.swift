extension LenientJSONReader {
    /// Takes a byte between tokens.
    mutating func takeStructure(_ byte: UInt8, into output: inout [UInt8]) -> Bool {
        switch byte {
        case ASCII.space, ASCII.tab, ASCII.lineFeed, ASCII.carriageReturn:
            return takeSpace(byte, into: &output)
        case ASCII.slash:
            resume = place
            place = .slash
            return true
        case 0x80...:
            resume = place
            place = .character
            return false
        default:
            return takeMark(byte, quote: byte == ASCII.apostrophe ? .apostrophe : .straight, into: &output)
        }
    }

    /// Takes white space: kept, behind a comma only when the comma's fate is known.
    private mutating func takeSpace(_ byte: UInt8, into output: inout [UInt8]) -> Bool {
        if byte == ASCII.lineFeed || byte == ASCII.carriageReturn { mayLackComma = true }
        guard hasComma else {
            output.append(byte)
            return true
        }
        guard heldSpace.count < Self.maximumHeldBytes else { return fail("too much white space") }
        heldSpace.append(byte)
        return true
    }

    /// Takes the first byte of a token.
    ///
    /// - Parameter quote: which quote it is, when it is one.
    private mutating func takeMark(_ byte: UInt8, quote: Quote, into output: inout [UInt8]) -> Bool {
        switch place {
        case .firstElement, .nextElement:
            if byte == ASCII.rightBracket { return close(byte, into: &output) }
            settleComma(keeping: true, into: &output)
            return beginValue(byte, quote: quote, into: &output)
        case .firstKey, .nextKey:
            if byte == ASCII.rightBrace { return close(byte, into: &output) }
            settleComma(keeping: true, into: &output)
            return beginKey(byte, quote: quote, into: &output)
        case .colon:
            guard byte == ASCII.colon else { return fail("no colon behind a key") }
            output.append(byte)
            place = .value
            return true
        case .afterValue:
            let isObject = brackets.last == true
            switch byte {
            case ASCII.comma: hasComma = true
            case ASCII.rightBrace, ASCII.rightBracket: return close(byte, into: &output)
            default:
                guard mayLackComma, isTokenStart(byte) else { return fail("no comma between two values") }
                output.append(ASCII.comma)
            }
            place = isObject ? .nextKey : .nextElement
            return hasComma
        default:
            return beginValue(byte, quote: quote, into: &output)
        }
    }

    private func isTokenStart(_ byte: UInt8) -> Bool {
        switch byte {
        case ASCII.quote, ASCII.apostrophe, ASCII.leftBrace, ASCII.leftBracket, ASCII.minus: true
        default: isWordByte(byte)
        }
    }

    private mutating func beginValue(_ byte: UInt8, quote: Quote, into output: inout [UInt8]) -> Bool {
        switch byte {
        case ASCII.quote, ASCII.apostrophe: openString(quote, isKey: false, into: &output)
        case ASCII.leftBrace, ASCII.leftBracket:
            guard brackets.count < maximumDepth else { return fail("nested too deeply") }
            let isObject = byte == ASCII.leftBrace
            brackets.append(isObject)
            output.append(byte)
            place = isObject ? .firstKey : .firstElement
        case ASCII.minus, ASCII.plus, ASCII.dot, ASCII.zero...ASCII.nine:
            token.removeAll(keepingCapacity: true)
            place = .number
        case _ where isWordByte(byte):
            token.removeAll(keepingCapacity: true)
            place = .word
        case ASCII.comma: return fail("no value before a comma")
        default: return fail("unexpected character")
        }
        state = .open
        // Numbers and words begin with this very byte.
        return place != .number && place != .word
    }

    private mutating func beginKey(_ byte: UInt8, quote: Quote, into output: inout [UInt8]) -> Bool {
        switch byte {
        case ASCII.quote, ASCII.apostrophe:
            openString(quote, isKey: true, into: &output)
            return true
        case _ where isWordByte(byte):
            output.append(ASCII.quote)
            place = .unquotedKey
            return false
        case ASCII.comma: return fail("no member before a comma")
        default: return fail("no key where one belongs")
        }
    }

    private mutating func openString(_ quote: Quote, isKey: Bool, into output: inout [UInt8]) {
        output.append(ASCII.quote)
        self.quote = quote
        self.isKey = isKey
        place = .string
    }

    private mutating func close(_ byte: UInt8, into output: inout [UInt8]) -> Bool {
        guard let isObject = brackets.last, (byte == ASCII.rightBrace) == isObject else {
            return fail("a bracket closes what it did not open")
        }
        brackets.removeLast()
        settleComma(keeping: false, into: &output)
        output.append(byte)
        endValue()
        mayLackComma = true
        return true
    }

    /// Writes or drops the comma that was held back, and writes the white space behind it.
    mutating func settleComma(keeping: Bool, into output: inout [UInt8]) {
        guard hasComma else { return }
        hasComma = false
        if keeping { output.append(ASCII.comma) }
        output.append(contentsOf: heldSpace)
        heldSpace.removeAll(keepingCapacity: true)
    }

    /// A value has ended, and with it the whole where nothing is open.
    mutating func endValue() {
        mayLackComma = false
        place = .afterValue
        guard brackets.isEmpty else { return }
        state = .complete
        isOver = true
    }

    /// Takes a byte of a character beyond ASCII that stands between tokens.
    mutating func takeCharacter(_ byte: UInt8, into output: inout [UInt8]) -> Bool {
        switch character.take(byte) {
        case .partial: return true
        case .invalid: return fail("invalid UTF-8")
        case .whole: break
        }
        let scalar = character.scalar
        character = PartialCharacter()
        place = resume
        switch scalar {
        case 0x00A0: return takeSpace(ASCII.space, into: &output)
        case 0xFEFF where state == .start: return true
        case 0x2018...0x201F:
            let quote: Quote = scalar < 0x201C ? .smartSingle : .smartDouble
            // A second time when a comma had to be put before it.
            while !takeMark(ASCII.quote, quote: quote, into: &output) { if isOver { return false } }
            return true
        default: return fail("unexpected character")
        }
    }

    /// Takes a byte of a comment, which becomes nothing.
    mutating func takeComment(_ byte: UInt8) -> Bool {
        switch (place, byte) {
        case (.slash, ASCII.slash): place = .lineComment
        case (.slash, ASCII.asterisk): place = .blockComment
        case (.slash, _): return fail("unexpected character")
        case (.lineComment, ASCII.lineFeed), (.lineComment, ASCII.carriageReturn):
            place = resume
            return false
        case (.blockComment, ASCII.asterisk): place = .blockCommentStar
        case (.blockCommentStar, ASCII.slash): place = resume
        case (.blockCommentStar, ASCII.asterisk): break
        case (.blockCommentStar, _): place = .blockComment
        default: break
        }
        return true
    }
}
