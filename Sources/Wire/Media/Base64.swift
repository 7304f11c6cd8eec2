/// Base64 as clients write it: https://www.rfc-editor.org/rfc/rfc4648
public enum Base64 {
    /// The bytes of a text; nil where it is not base64.
    ///
    /// White space anywhere, missing padding, and the URL alphabet (`-`, `_`) are fine; anything behind padding is not.
    /// Bits that are left over at the end are dropped, as browsers do: https://infra.spec.whatwg.org/#forgiving-base64-decode
    public static func decode(_ text: String) -> [UInt8]? {
        let text = text.utf8.span
        var isBase64 = true
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: text.count / 4 * 3 + 3) { buffer, count in
            var output = unsafe buffer.mutableSpan
            guard let length = decode(text, into: &output) else {
                isBase64 = false
                return
            }
            count = length
        }
        return isBase64 ? bytes : nil
    }

    /// Appends the text of bytes, with padding.
    public static func encode(_ bytes: Span<UInt8>, into text: inout [UInt8]) {
        var place = text.count
        text.append(contentsOf: repeatElement(padding, count: encodedCount(bytes.count)))
        var output = text.mutableSpan
        let whole = bytes.count / 3 * 3
        var offset = 0
        while offset < whole {
            let bits =
                Int(bytes[offset]) &<< 16 | Int(bytes[offset &+ 1]) &<< 8 | Int(bytes[offset &+ 2])
            output[place] = alphabet[bits &>> 18]
            output[place &+ 1] = alphabet[bits &>> 12 & 63]
            output[place &+ 2] = alphabet[bits &>> 6 & 63]
            output[place &+ 3] = alphabet[bits & 63]
            offset &+= 3
            place &+= 4
        }
        guard whole < bytes.count else { return }
        let second = whole + 1 < bytes.count ? Int(bytes[whole + 1]) : nil
        let bits = Int(bytes[whole]) << 16 | (second ?? 0) << 8
        output[place] = alphabet[bits >> 18]
        output[place + 1] = alphabet[bits >> 12 & 63]
        if second != nil { output[place + 2] = alphabet[bits >> 6 & 63] }
    }

    /// How many characters `count` bytes become.
    public static func encodedCount(_ count: Int) -> Int { (count + 2) / 3 * 4 }

    /// The six bits of a character of either alphabet; nil for any other.
    static func value(_ character: UInt8) -> UInt8? {
        let value = values[Int(character)]
        return value < 64 ? value : nil
    }

    /// Decodes into a room that is large enough, and says how much of it was needed.
    private static func decode(_ text: Span<UInt8>, into output: inout MutableSpan<UInt8>) -> Int? {
        var place = 0
        var offset = 0
        var bits: UInt32 = 0
        var characters = 0
        while offset < text.count {
            if characters == 0 {
                // Groups of four without anything else among them, which is nearly all there is.
                while offset &+ 4 <= text.count {
                    let first = values[Int(text[offset])]
                    let second = values[Int(text[offset &+ 1])]
                    let third = values[Int(text[offset &+ 2])]
                    let fourth = values[Int(text[offset &+ 3])]
                    guard first | second | third | fourth < 64 else { break }
                    output[place] = first &<< 2 | second &>> 4
                    output[place &+ 1] = second &<< 4 | third &>> 2
                    output[place &+ 2] = third &<< 6 | fourth
                    offset &+= 4
                    place &+= 3
                }
                guard offset < text.count else { break }
            }
            let value = values[Int(text[offset])]
            if value == pads { break }
            offset += 1
            if value == blank { continue }
            guard value < 64 else { return nil }
            bits = bits << 6 | UInt32(value)
            characters += 1
            if characters == 4 {
                for shift: UInt32 in [16, 8, 0] {
                    output[place] = UInt8(truncatingIfNeeded: bits >> shift)
                    place += 1
                }
                (bits, characters) = (0, 0)
            }
        }
        guard isEnd(text, from: offset, mostPadding: characters == 0 ? 0 : 4 - characters) else { return nil }
        switch characters {
        case 0: return place
        case 2:
            output[place] = UInt8(truncatingIfNeeded: bits >> 4)
            return place + 1
        case 3:
            output[place] = UInt8(truncatingIfNeeded: bits >> 10)
            output[place + 1] = UInt8(truncatingIfNeeded: bits >> 2)
            return place + 2
        default: return nil
        }
    }

    /// Whether nothing but padding, no more than is due, and white space is left.
    private static func isEnd(_ text: Span<UInt8>, from start: Int, mostPadding: Int) -> Bool {
        var padding = 0
        for offset in start..<text.count {
            switch values[Int(text[offset])] {
            case pads: padding += 1
            case blank: break
            default: return false
            }
        }
        return padding <= mostPadding
    }

    private static let padding = UInt8(ascii: "=")
    /// Marks the padding in `values`; this and the next have bits that no value has.
    private static let pads: UInt8 = 0x40
    /// Marks white space in `values`.
    private static let blank: UInt8 = 0x80

    private static let alphabet: [UInt8] = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// What each byte stands for: six bits, a mark, or 0xFF for what has no place here.
    private static let values: [256 of UInt8] = {
        var values = [256 of UInt8](repeating: 0xFF)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        values[Int(ASCII.minus)] = 62
        values[Int(ASCII.underscore)] = 63
        values[Int(padding)] = pads
        for byte in [ASCII.tab, ASCII.lineFeed, ASCII.formFeed, ASCII.carriageReturn, ASCII.space] {
            values[Int(byte)] = blank
        }
        return values
    }()
}
