/// Puts right what the strings of a JSON text must not have, for texts of services that are better read than refused.
///
/// | in a string | becomes |
/// |---|---|
/// | bytes that are no UTF-8 | U+FFFD, as https://www.unicode.org/versions/Unicode16.0.0/core-spec/chapter-3/ (3.9) has it |
/// | `\u` of half a surrogate pair | `\ufffd` |
/// | a control character | its escape |
///
/// A text without these stays as it is, whether or not it is JSON.
enum JSONMender {
    /// Whether this is worth a try for a text that was refused for this reason.
    static func mends(_ code: JSONError.Code) -> Bool {
        code == .invalidUTF8 || code == .loneSurrogate || code == .controlCharacter
    }

    /// The text with strings that may be read.
    static func mended(_ bytes: Span<UInt8>) -> [UInt8] {
        let text = unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
        let source = text.utf8.span
        var result: [UInt8] = []
        result.reserveCapacity(source.count + escapeBytes)
        var isInString = false
        var position = 0
        while position < source.count {
            let byte = source[position]
            var length = 1
            switch byte {
            case ASCII.quote:
                isInString.toggle()
            case ASCII.backslash where isInString:
                length = escape(source, at: position)
                if length == 0 {
                    result += replacement
                    position += escapeBytes
                    continue
                }
            case 0..<ASCII.space where isInString:
                result += "\\u00".utf8
                result += [ASCII.hexDigit(byte >> 4), ASCII.hexDigit(byte & 0xF)]
                position += 1
                continue
            default: break
            }
            for offset in position..<position + length { result.append(source[offset]) }
            position += length
        }
        return result
    }

    private static let replacement = Array("\\ufffd".utf8)
    /// How long a `\u` escape is.
    private static let escapeBytes = 6

    /// How long the escape at a place is, both halves of a pair together; 0 for half a pair.
    ///
    /// What is no escape is as long as there is something left, up to 2: it is looked at no more.
    private static func escape(_ bytes: Span<UInt8>, at position: Int) -> Int {
        guard let unit = codeUnit(bytes, at: position) else { return min(2, bytes.count - position) }
        guard unit & 0xF800 == 0xD800 else { return escapeBytes }
        guard unit < 0xDC00, let other = codeUnit(bytes, at: position + escapeBytes), other & 0xFC00 == 0xDC00
        else { return 0 }
        return 2 * escapeBytes
    }

    /// The code unit of the `\u` escape at a place; nil where there is none.
    private static func codeUnit(_ bytes: Span<UInt8>, at position: Int) -> UInt32? {
        guard position + escapeBytes <= bytes.count, bytes[position] == ASCII.backslash,
            bytes[position + 1] == ASCII.lowerU
        else { return nil }
        return try? JSONLexer.codeUnit(bytes, at: position)  // No hexadecimal digits: no escape.
    }
}

extension JSONValue {
    /// Parses one JSON text, and where its strings have what they must not have, reads U+FFFD there.
    ///
    /// Half a surrogate pair, a byte that is no UTF-8 and a bare control character are what services that were written
    /// without care do send; the answer around them is whole, and was paid for. A text that is right costs nothing more.
    ///
    /// - Parameter selection: the members that the value will have; the whole text is checked nevertheless.
    /// - Throws: `JSONError` at the first byte that is wrong in another way; its place is one in the text put right.
    public init(
        mending bytes: Span<UInt8>, maximumDepth: Int = 256, selecting selection: JSONSelection = .everything
    ) throws(JSONError) {
        do throws(JSONError) {
            self = try JSONValue(parsing: bytes, maximumDepth: maximumDepth, selecting: selection)
        } catch {
            guard JSONMender.mends(error.code) else { throw error }
            self = try JSONValue(
                parsing: JSONMender.mended(bytes).span, maximumDepth: maximumDepth, selecting: selection)
        }
    }
}
