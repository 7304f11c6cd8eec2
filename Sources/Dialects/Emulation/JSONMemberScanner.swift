/// Follows one object of valid JSON as it comes, and tells the values of its members apart.
struct JSONMemberScanner: Sendable {
    /// What comes next.
    enum Token: Equatable {
        /// The value of a member with this key begins; escapes in the key are not decoded.
        case key(String)
        /// A part of the value, by offsets into the bytes.
        case value(Range<Int>)
        /// The value is complete.
        case valueEnded
        /// The object is complete.
        case ended
    }

    private enum Place: Sendable {
        case start, key, inKey, colon, valueStart, value, valueEnd, afterValue, done
    }

    private var place = Place.start
    private var key: [UInt8] = []
    private var depth = 0
    private var isInString = false
    private var isEscaped = false

    private static let longestKey = 256
    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    /// The next token of the bytes from a position on, which moves behind it; nil when all were looked at.
    mutating func next(in bytes: [UInt8], at position: inout Int) -> Token? {
        while position < bytes.count {
            let byte = bytes[position]
            switch place {
            case .start:
                position += 1
                if byte == UInt8(ascii: "{") { place = .key }
            case .key:
                position += 1
                if byte == Self.quote {
                    place = .inKey
                    key = []
                } else if byte == UInt8(ascii: "}") {
                    place = .done
                    return .ended
                }
            case .inKey:
                position += 1
                if isEscaped {
                    isEscaped = false
                } else if byte == Self.quote {
                    place = .colon
                    continue
                } else if byte == Self.backslash {
                    isEscaped = true
                }
                // What is longer is no key that anybody asks for.
                if key.count < Self.longestKey { key.append(byte) }
            case .colon:
                position += 1
                if byte == UInt8(ascii: ":") { place = .valueStart }
            case .valueStart:
                if byte.isASCIIBlank {
                    position += 1
                } else {
                    place = .value
                    return .key(String(decoding: key, as: UTF8.self))
                }
            case .value:
                let start = position
                position = endOfValue(bytes, from: start)
                if position > start { return .value(start..<position) }
            case .valueEnd:
                place = .afterValue
                return .valueEnded
            case .afterValue:
                position += 1
                if byte == UInt8(ascii: ",") { place = .key }
                if byte == UInt8(ascii: "}") {
                    place = .done
                    return .ended
                }
            case .done: position = bytes.count
            }
        }
        // The end of a value in brackets or quotes can be told before anything follows.
        guard place == .valueEnd else { return nil }
        place = .afterValue
        return .valueEnded
    }

    /// Where the value ends, or the bytes do.
    private mutating func endOfValue(_ bytes: [UInt8], from start: Int) -> Int {
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            if isInString {
                index += 1
                if isEscaped {
                    isEscaped = false
                } else if byte == Self.backslash {
                    isEscaped = true
                } else if byte == Self.quote {
                    isInString = false
                    if depth == 0 { break }
                }
                continue
            }
            switch byte {
            case Self.quote: isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}") where depth == 0, UInt8(ascii: ",") where depth == 0:
                place = .valueEnd
                return index
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 {
                    place = .valueEnd
                    return index + 1
                }
            default: break
            }
            index += 1
        }
        if index > start, !isInString, depth == 0, bytes[index - 1] == Self.quote { place = .valueEnd }
        return index
    }
}

/// Decodes one string of valid JSON as it comes, quotes included.
struct JSONStringUnescaper: Sendable {
    private enum Place: Sendable {
        case start, plain, escape, unicode(digits: Int, value: UInt32), done
    }

    private var place = Place.start
    private var high: UInt32?

    /// True when the closing quote came.
    var isComplete: Bool { if case .done = place { true } else { false } }

    /// Takes the next bytes, and appends what they stand for.
    mutating func take(_ bytes: ArraySlice<UInt8>, into output: inout [UInt8]) {
        for byte in bytes {
            switch place {
            case .start: place = .plain
            case .plain where byte == UInt8(ascii: "\\"): place = .escape
            case .plain where byte == UInt8(ascii: "\""):
                flushHigh(into: &output)
                place = .done
            case .plain:
                flushHigh(into: &output)
                output.append(byte)
            case .escape where byte == UInt8(ascii: "u"): place = .unicode(digits: 0, value: 0)
            case .escape:
                flushHigh(into: &output)
                output.append(Self.meaning(of: byte))
                place = .plain
            case .unicode(let digits, let value):
                let value = value << 4 | Self.digit(byte)
                if digits < 3 {
                    place = .unicode(digits: digits + 1, value: value)
                } else {
                    place = .plain
                    append(unit: value, into: &output)
                }
            case .done: return
            }
        }
    }

    private static func meaning(of byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        default: byte
        }
    }

    private static func digit(_ byte: UInt8) -> UInt32 {
        UInt32(byte.isASCIIDigit ? byte &- UInt8(ascii: "0") : (byte | 0x20) &- UInt8(ascii: "a") &+ 10) & 0xF
    }

    private mutating func append(unit: UInt32, into output: inout [UInt8]) {
        if let high, unit & 0xFC00 == 0xDC00 {
            self.high = nil
            append(0x10000 + (high & 0x3FF) << 10 + unit & 0x3FF, into: &output)
        } else {
            flushHigh(into: &output)
            if unit & 0xFC00 == 0xD800 { high = unit } else { append(unit, into: &output) }
        }
    }

    /// A half of a pair alone is no character.
    private mutating func flushHigh(into output: inout [UInt8]) {
        guard high != nil else { return }
        high = nil
        append(0xFFFD, into: &output)
    }

    private func append(_ value: UInt32, into output: inout [UInt8]) {
        output += Character(Unicode.Scalar(value) ?? "\u{FFFD}").utf8
    }
}
