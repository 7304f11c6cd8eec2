/// Reads JSON as models write it, and gives valid JSON for it, as it comes.
///
/// Valid JSON comes out as it is, white space included. What is repaired, because it can mean one thing only:
///
/// | written | becomes |
/// |---|---|
/// | a comma before a closing bracket | nothing |
/// | no comma between members on separate lines, or after a closing bracket | a comma |
/// | `'…'`, `“…”`, `‘…’` around a string | `"…"`; a `"` inside is escaped |
/// | a key of ASCII letters, digits, `_`, `$`, `-`, `.` without quotes | the same in quotes |
/// | line ends and control characters inside a string | their escapes |
/// | escapes that JSON lacks | `\'` a quote, `\x1b` the same as `\u`, others keep their backslash: `\d` is `\\d` |
/// | half a surrogate pair | `\ufffd` |
/// | `True`, `False`, `None` | `true`, `false`, `null` |
/// | `+1`, `.5`, `1.` | `1`, `0.5`, `1.0` |
/// | `// …`, `/* … */` | nothing |
/// | U+00A0 outside of strings; a byte order mark at the start | a space; nothing |
///
/// Everything else that is no JSON breaks the reader, invalid UTF-8 too, as it does the strict parser. The output and
/// the number of bytes taken do not depend on how the text is cut; the output ends at the border of a character. The
/// work is linear in the bytes, and the memory is bounded by the depth and by ``maximumHeldBytes``.
public struct LenientJSONReader: Sendable {
    /// How far the value has come.
    public enum State: Sendable, Equatable {
        /// Only white space and comments so far.
        case start
        /// Inside the value.
        case open
        /// The value has ended.
        case complete
        /// The text is no JSON, and no repair is unambiguous; says why in a few words.
        case broken(String)
    }

    /// How far the value has come.
    public internal(set) var state: State = .start

    /// The most bytes of a number, or of white space behind a comma, that are held back.
    public static let maximumHeldBytes = 65_536

    /// Where the reader is in the grammar.
    enum Place: Sendable {
        case value, firstElement, nextElement, firstKey, nextKey, colon, afterValue
        case string, escape, unicodeEscape, hexEscape, highSurrogate, escapeAfterHighSurrogate
        case unquotedKey, word, number
        case slash, lineComment, blockComment, blockCommentStar
        case character
    }

    /// What a string is written between.
    enum Quote: Sendable {
        case straight, apostrophe, smartDouble, smartSingle
    }

    let maximumDepth: Int
    var place = Place.value
    /// Where to go on after a comment or a character beyond ASCII.
    var resume = Place.value
    /// For each open bracket whether it is that of an object.
    var brackets: [Bool] = []
    var quote = Quote.straight
    var isKey = false
    /// A comma that waits for what follows, and the white space behind it.
    var hasComma = false
    var heldSpace: [UInt8] = []
    /// Whether a comma may be missing here: a line or a bracket has ended since the last value.
    var mayLackComma = false
    /// A word, a number, or the digits of an escape.
    var token: [UInt8] = []
    /// The digits of the first half of a surrogate pair.
    var high: [UInt8] = []
    var character = PartialCharacter()
    var isOver = false

    /// A reader at the start of a value.
    ///
    /// - Parameter maximumDepth: how many arrays and objects may be nested; values above
    ///   ``JSONValue/mostMaximumDepth`` count as that.
    public init(maximumDepth: Int = 128) {
        self.maximumDepth = Swift.min(maximumDepth, JSONValue.mostMaximumDepth)
    }

    /// Takes bytes up to the end of the one JSON value, and appends valid JSON for them.
    ///
    /// Held back is only what is ambiguous: a comma that may be the last, an unfinished word, number, escape or
    /// character. A number that stands alone ends at the first byte that does not belong to it.
    ///
    /// - Returns: how many bytes were consumed, fewer than given when the value is complete or broken.
    public mutating func feed(_ bytes: ArraySlice<UInt8>, into output: inout [UInt8]) -> Int {
        let input = bytes.span
        var offset = 0
        while offset < input.count, !isOver {
            if place == .string, quote == .straight, character.isEmpty {
                offset = copyRun(input, from: offset, into: &output)
                guard offset < input.count, !isOver else { break }
            }
            if take(input[offset], into: &output) { offset += 1 }
        }
        return offset
    }

    /// Tells that the text has ended, and closes what is open where that is unambiguous.
    ///
    /// A number at the very end counts as whole; a key without a value and half a word do not.
    ///
    /// - Parameter closesStrings: whether a string that does not end is closed too; half an escape at its end is left out.
    /// - Returns: true when the output is now a complete JSON value.
    public mutating func finish(closesStrings: Bool, into output: inout [UInt8]) -> Bool {
        guard !isOver else { return state == .complete }
        switch place {
        case .string, .escape, .unicodeEscape, .hexEscape, .highSurrogate, .escapeAfterHighSurrogate:
            guard closesStrings, !isKey else { return fail("a string does not end") }
            output.append(ASCII.quote)
            endValue()
        case .word: endWord(into: &output)
        case .number: endNumber(into: &output)
        case .lineComment, .blockComment, .blockCommentStar: place = resume
        default: break
        }
        guard !isOver else { return state == .complete }
        switch place {
        case .afterValue, .firstElement, .nextElement, .firstKey, .nextKey: break
        default: return fail("the text ends too early")
        }
        settleComma(keeping: false, into: &output)
        while let isObject = brackets.popLast() {
            output.append(isObject ? ASCII.rightBrace : ASCII.rightBracket)
        }
        endValue()
        return true
    }

    /// Ends the reading; gives false, for the byte that was not taken.
    @inline(never)
    @discardableResult
    mutating func fail(_ reason: String) -> Bool {
        state = .broken(reason)
        isOver = true
        return false
    }

    /// Takes one byte; false when it was not consumed, because the place has changed or the reading is over.
    private mutating func take(_ byte: UInt8, into output: inout [UInt8]) -> Bool {
        switch place {
        case .value, .firstElement, .nextElement, .firstKey, .nextKey, .colon, .afterValue:
            takeStructure(byte, into: &output)
        case .string: takeString(byte, into: &output)
        case .escape: takeEscape(byte, into: &output)
        case .unicodeEscape: takeUnicodeEscape(byte, into: &output)
        case .hexEscape: takeHexEscape(byte, into: &output)
        case .highSurrogate, .escapeAfterHighSurrogate: takeAfterHighSurrogate(byte, into: &output)
        case .unquotedKey: takeUnquotedKey(byte, into: &output)
        case .word: takeWord(byte, into: &output)
        case .number: takeNumber(byte, into: &output)
        case .slash, .lineComment, .blockComment, .blockCommentStar: takeComment(byte)
        case .character: takeCharacter(byte, into: &output)
        }
    }
}
