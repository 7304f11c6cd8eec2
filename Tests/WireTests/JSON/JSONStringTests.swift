import Testing
import Wire

/// Strings are read in words of eight bytes, so everything is tried at every place of a word.
@Suite struct JSONStringTests {
    static let lengths = Array(0...40)

    @Test(arguments: lengths)
    func `a string of any length and alignment is read`(_ length: Int) throws {
        for (lead, filler) in [(0, "a"), (1, "a"), (3, "é"), (5, "€"), (7, "😀")] {
            let text = String(repeating: filler, count: length)
            let bytes = Array((String(repeating: " ", count: lead) + "\"" + text + "\"").utf8)
            #expect(try JSONValue(parsing: bytes).stringValue == text)
        }
    }

    @Test(arguments: lengths)
    func `an escape at any place is decoded`(_ length: Int) throws {
        let lead = String(repeating: "x", count: length)
        let escapes = [
            (#"\n"#, "\n"), (#"\""#, "\""), (#"\\"#, "\\"), (#"\u0000"#, "\0"), (#"\u00df"#, "ß"),
            (#"\u20AC"#, "€"), (#"\ud83d\ude00"#, "😀"),
        ]
        for (escape, meaning) in escapes {
            for tail in ["", "y", "yyyyyyyyyyy", "é"] {
                let value = try JSONValue(parsing: Array("\"\(lead)\(escape)\(tail)\(escape)\"".utf8))
                #expect(value.stringValue == lead + meaning + tail + meaning)
            }
        }
    }

    @Test(arguments: lengths)
    func `a control byte at any place is refused there`(_ length: Int) {
        for byte in UInt8(0)..<0x20 {
            let text = Array(repeating: UInt8(0x61), count: length)
            let bytes = [0x22] + text + [byte, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x22]
            let error = #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
            #expect(error?.code == .controlCharacter)
            #expect(error?.offset == length + 1)
        }
    }

    @Test(arguments: lengths)
    func `a byte that is not UTF-8 is found at any place`(_ length: Int) {
        for byte in UInt8(0x80)...0xFF {
            let text = Array(repeating: UInt8(0x61), count: length)
            let error = #expect(throws: JSONError.self) {
                try JSONValue(parsing: [0x22] + text + [byte, 0x22])
            }
            #expect(error?.code == .invalidUTF8)
            #expect(error?.offset == length + 1)
        }
    }

    @Test func `every scalar comes back from its escape and from UTF-8`() throws {
        var scalars = String.UnicodeScalarView()
        var escaped = "\""
        for value in UInt32(1)...0x10FFFF where value < 0x3000 || value % 61 == 0 {
            guard let scalar = Unicode.Scalar(value) else { continue }
            scalars.append(scalar)
            for unit in UTF16.encode(scalar).map(Array.init) ?? [] {
                let digits = String(unit, radix: 16)
                escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        let text = String(scalars)
        #expect(try JSONValue(parsing: Array((escaped + "\"").utf8)) == .string(text))
        #expect(try JSONValue(parsing: JSONValue.string(text).serialized()) == .string(text))
    }
}
