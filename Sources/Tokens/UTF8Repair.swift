/// Turns bytes that come in pieces into whole UTF-8 characters, as `String(decoding:as:)` does: each maximal part of
/// what is no character becomes U+FFFD. See "U+FFFD Substitution of Maximal Subparts" in section 3.9 of the Unicode
/// Standard, https://www.unicode.org/versions/Unicode16.0.0/.
struct UTF8Repair {
    /// The start of a character whose other bytes have not come yet, at most three bytes.
    private(set) var unfinished: [UInt8] = []

    static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

    /// Appends what `bytes` add to the text, except for the start of a character at their end.
    mutating func append(_ bytes: UnsafeBufferPointer<UInt8>, to text: inout [UInt8]) {
        var start = 0
        while !unfinished.isEmpty && start < bytes.count {
            let first = unfinished[0]
            if Self.continues(first, at: unfinished.count, bytes[start]) {
                unfinished.append(bytes[start])
                start += 1
                guard unfinished.count == Self.length(first) else { continue }
                text += unfinished
            } else {
                text += Self.replacement
            }
            unfinished.removeAll(keepingCapacity: true)
        }
        var end = start
        while end < bytes.count {
            let first = bytes[end]
            if first < 0x80 {
                end &+= 1
                continue
            }
            let length = Self.length(first)
            var good = 1
            while good < length && end + good < bytes.count
                && Self.continues(first, at: good, bytes[end + good])
            {
                good += 1
            }
            if good == length {
                end += length
                continue
            }
            text += bytes[start..<end]
            if length > 0 && end + good == bytes.count {
                unfinished += bytes[end...]
                return
            }
            text += Self.replacement
            end += good
            start = end
        }
        text += bytes[start..<end]
    }

    /// Gives up on a character whose other bytes will not come.
    mutating func finish(_ text: inout [UInt8]) {
        guard !unfinished.isEmpty else { return }
        text += Self.replacement
        unfinished.removeAll(keepingCapacity: true)
    }

    /// The bytes of a character outside ASCII, by its first; 0 for a byte that starts none.
    private static func length(_ first: UInt8) -> Int {
        switch first {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 0
        }
    }

    /// Table 3-7 of the Unicode Standard: only the second byte depends on the first.
    private static func continues(_ first: UInt8, at index: Int, _ byte: UInt8) -> Bool {
        guard index == 1 else { return byte & 0xC0 == 0x80 }
        return switch first {
        case 0xE0: byte >= 0xA0 && byte < 0xC0
        case 0xED: byte >= 0x80 && byte < 0xA0
        case 0xF0: byte >= 0x90 && byte < 0xC0
        case 0xF4: byte >= 0x80 && byte < 0x90
        default: byte & 0xC0 == 0x80
        }
    }
}
