/// Makes a `String` of the content of a JSON string.
enum JSONStringDecoder {
    /// The string of a token.
    ///
    /// - Throws: `invalidUTF8` at the first byte that is none.
    @inline(__always)
    static func string(
        _ token: JSONLexer.StringToken, in bytes: Span<UInt8>
    ) throws(JSONFault) -> String {
        let content = bytes.extracting(token.content)
        if token.hasEscapes {
            try check(token, in: bytes)
            return unescaped(content)
        }
        if token.isASCII { return unsafe String(copying: UTF8Span(unchecked: content, isKnownASCII: true)) }
        do throws(UTF8.ValidationError) {
            return String(copying: try UTF8Span(validating: content))
        } catch {
            throw JSONFault(.invalidUTF8, at: token.content.lowerBound &+ error.byteOffsets.lowerBound)
        }
    }

    /// Checks that a token is UTF-8 without making anything of it.
    ///
    /// - Throws: `invalidUTF8` at the first byte that is none.
    @inline(__always)
    static func check(_ token: JSONLexer.StringToken, in bytes: Span<UInt8>) throws(JSONFault) {
        if token.isASCII { return }
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: bytes.extracting(token.content))
        } catch {
            throw JSONFault(.invalidUTF8, at: token.content.lowerBound &+ error.byteOffsets.lowerBound)
        }
    }

    /// Decodes content that is known to be UTF-8 with valid escapes; the result is never longer than the content.
    private static func unescaped(_ content: Span<UInt8>) -> String {
        unsafe String(unsafeUninitializedCapacity: content.count) { output in
            unsafe content.withUnsafeBufferPointer { input in
                unsafe unescape(input, into: output)
            }
        }
    }

    /// Copies runs between escapes in bulk and returns the number of bytes written.
    ///
    /// - Precondition: `output` has room for as many bytes as `input` has; `input` has valid escapes only.
    private static func unescape(
        _ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>
    ) -> Int {
        let span = unsafe input.span
        var read = 0
        var written = 0
        while read < input.count {
            let run = ByteSearch.stringRun(in: span, from: read).end
            let length = run &- read
            if length > 0, let source = input.baseAddress, let target = output.baseAddress {
                unsafe (target + written).update(from: source + read, count: length)
                written &+= length
            }
            read = run
            guard read &+ 1 < input.count else { break }
            let escape = unsafe input[read &+ 1]
            if escape != ASCII.lowerU {
                unsafe output[written] = plain(escape)
                written &+= 1
                read &+= 2
                continue
            }
            var scalar = codeUnit(span, at: read)
            read &+= 6
            if scalar & 0xFC00 == 0xD800 {
                scalar = 0x10000 &+ (scalar & 0x3FF) << 10 &+ (codeUnit(span, at: read) & 0x3FF)
                read &+= 6
            }
            written &+= unsafe encode(scalar, into: output, at: written)
        }
        return written
    }

    /// The byte that a one-letter escape stands for.
    private static func plain(_ escape: UInt8) -> UInt8 {
        switch escape {
        case ASCII.lowerB: ASCII.backspace
        case ASCII.lowerF: ASCII.formFeed
        case ASCII.lowerN: ASCII.lineFeed
        case ASCII.lowerR: ASCII.carriageReturn
        case ASCII.lowerT: ASCII.tab
        default: escape
        }
    }

    /// The code unit of a `\u` escape that the lexer has checked.
    private static func codeUnit(_ bytes: Span<UInt8>, at escape: Int) -> UInt32 {
        var unit: UInt32 = 0
        for offset in escape &+ 2..<escape &+ 6 {
            unit = unit << 4 | (ASCII.hexValue(bytes[offset]) ?? 0)
        }
        return unit
    }

    /// Writes a scalar as UTF-8, one to four bytes: https://www.rfc-editor.org/rfc/rfc3629#section-3
    private static func encode(
        _ scalar: UInt32, into output: UnsafeMutableBufferPointer<UInt8>, at start: Int
    ) -> Int {
        if scalar < 0x80 {
            unsafe output[start] = UInt8(scalar)
            return 1
        }
        if scalar < 0x800 {
            unsafe output[start] = UInt8(0xC0 | scalar >> 6)
            unsafe output[start &+ 1] = UInt8(0x80 | scalar & 0x3F)
            return 2
        }
        if scalar < 0x10000 {
            unsafe output[start] = UInt8(0xE0 | scalar >> 12)
            unsafe output[start &+ 1] = UInt8(0x80 | scalar >> 6 & 0x3F)
            unsafe output[start &+ 2] = UInt8(0x80 | scalar & 0x3F)
            return 3
        }
        unsafe output[start] = UInt8(0xF0 | scalar >> 18)
        unsafe output[start &+ 1] = UInt8(0x80 | scalar >> 12 & 0x3F)
        unsafe output[start &+ 2] = UInt8(0x80 | scalar >> 6 & 0x3F)
        unsafe output[start &+ 3] = UInt8(0x80 | scalar & 0x3F)
        return 4
    }
}
