import Testing
import Wire

/// What RFC 8259 takes and refuses, in the manner of JSONTestSuite: parser and scanner must agree on every line.
@Suite struct JSONConformanceTests {
    struct Accepted: CustomTestStringConvertible {
        var name: String
        var text: String
        /// The compact text that comes out again; the same as `text` unless given.
        var written: String

        init(_ name: String, _ text: String, _ written: String? = nil) {
            self.name = name
            self.text = text
            self.written = written ?? text
        }

        var testDescription: String { name }
    }

    struct Refused: CustomTestStringConvertible {
        var name: String
        var bytes: [UInt8]
        var code: JSONError.Code
        var offset: Int

        init(_ name: String, _ text: String, _ code: JSONError.Code, at offset: Int) {
            self.init(name, Array(text.utf8), code, at: offset)
        }

        init(_ name: String, _ bytes: [UInt8], _ code: JSONError.Code, at offset: Int) {
            self.name = name
            self.bytes = bytes
            self.code = code
            self.offset = offset
        }

        var testDescription: String { name }
    }

    static let accepted = [
        Accepted("empty array", "[]"),
        Accepted("empty object", "{}"),
        Accepted("spaces in an empty array", "[ \t\r\n]", "[]"),
        Accepted("spaces in an empty object", "{ }", "{}"),
        Accepted("space around everything", " \n{ \"a\" : [ 1 , 2 ] }\t\r ", #"{"a":[1,2]}"#),
        Accepted("array of every type", #"[null,true,false,1,"s",[],{}]"#),
        Accepted("array in array", "[[],[[]]]"),
        Accepted("lonely null", "null"),
        Accepted("lonely true", "true"),
        Accepted("lonely false", "false"),
        Accepted("lonely number", "42"),
        Accepted("lonely negative number", "-0.1"),
        Accepted("lonely string", #""asd""#),
        Accepted("lonely empty string", #""""#),
        Accepted("zero", "0"),
        Accepted("minus zero", "-0"),
        Accepted("minus zero with fraction", "-0.0"),
        Accepted("one digit exponent", "1e1"),
        Accepted("upper-case exponent", "1E22"),
        Accepted("exponent with plus", "1E+2"),
        Accepted("exponent with minus", "1e-2"),
        Accepted("zero exponent with zeros", "0e00"),
        Accepted("fraction and exponent", "123.456e78"),
        Accepted("exponent beyond Double", "1e400"),
        Accepted("more digits than an Int has", "123456789012345678901234567890"),
        Accepted(
            "close to zero",
            "-0.000000000000000000000000000000000000000000000000000000000000000000000000000001"),
        Accepted("empty key", #"{"":0}"#),
        Accepted("duplicate keys", #"{"a":1,"a":2}"#),
        Accepted("duplicate key and value", #"{"a":1,"a":1}"#),
        Accepted("escaped NUL in a key", #"{"foo\u0000bar":42}"#),
        Accepted("NUL escape", #""\u0000""#),
        Accepted("all short escapes", #""\"\\\/\b\f\n\r\t""#, #""\"\\/\b\f\n\r\t""#),
        Accepted("escaped backslash before u", #""\\u0000""#),
        Accepted("escaped backslash at the end", #""\\""#),
        Accepted("escaped control character", #""\u0012""#),
        Accepted("control character without short form", #""\u001F""#, #""\u001f""#),
        Accepted("hexadecimal digits of both cases", #""\u00e9\u00E9""#, "\"éé\""),
        Accepted("two-byte escape", #""\u0123""#, "\"\u{123}\""),
        Accepted("three-byte escape", #""\u0821""#, "\"\u{821}\""),
        Accepted("surrogate pair", #""\uD83D\ude39\ud83d\udc8d""#, "\"\u{1F639}\u{1F48D}\""),
        Accepted("last surrogate pair", #""\uDBFF\uDFFF""#, "\"\u{10FFFF}\""),
        Accepted("first surrogate pair", #""\uD800\uDC00""#, "\"\u{10000}\""),
        Accepted("noncharacter escape", #""\uFFFF\uFDD0""#, "\"" + nonCharacters + "\""),
        Accepted("code units beside the surrogates", #""\uD7FF\uE000""#, "\"\u{D7FF}\u{E000}\""),
        Accepted("UTF-8 of one to four bytes", "\"a\u{7F}é€😀\""),
        Accepted("U+2028 and U+2029", "\"\u{2028}\u{2029}\""),
        Accepted("byte order mark inside a string", "\"\u{FEFF}\""),
        Accepted("DEL is no control character here", "\"\u{7F}\""),
        Accepted("comment signs in a string", #""a/*b*/c//d#e""#),
        Accepted("escapes around non-ASCII", #""é\né\u00e9""#, #""é\néé""#),
        Accepted("combining character after an escape", "\"\\n\u{301}\""),
    ]

    /// U+FFFF and U+FDD0, which Swift does not take as literals.
    static let nonCharacters = String(decoding: [0xFFFF, 0xFDD0] as [UInt16], as: UTF16.self)

    static let refused = [
        Refused("nothing", "", .unexpectedEnd, at: 0),
        Refused("space only", " ", .unexpectedEnd, at: 1),
        Refused("byte order mark", "\u{FEFF}{}", .unexpectedByte, at: 0),
        Refused("open array", "[", .unexpectedEnd, at: 1),
        Refused("open array after a value", "[1", .unexpectedEnd, at: 2),
        Refused("open array after a comma", "[1,", .unexpectedEnd, at: 3),
        Refused("trailing comma in an array", "[1,]", .unexpectedByte, at: 3),
        Refused("only a comma in an array", "[,]", .unexpectedByte, at: 1),
        Refused("two commas", "[1,,2]", .unexpectedByte, at: 3),
        Refused("comma before the value", "[,1]", .unexpectedByte, at: 1),
        Refused("no comma", "[1 2]", .unexpectedByte, at: 3),
        Refused("colon in an array", #"["a":1]"#, .unexpectedByte, at: 4),
        Refused("array closed by a brace", "[1}", .unexpectedByte, at: 2),
        Refused("closed without being open", "]", .unexpectedByte, at: 0),
        Refused("closed twice", "[]]", .trailingBytes, at: 2),
        Refused("comma after the value", "[],", .trailingBytes, at: 2),
        Refused("two values", "1 2", .trailingBytes, at: 2),
        Refused("NUL after the value", "1\u{0}", .trailingBytes, at: 1),
        Refused("open object", "{", .unexpectedEnd, at: 1),
        Refused("key only", #"{"a""#, .unexpectedEnd, at: 4),
        Refused("key and colon only", #"{"a":"#, .unexpectedEnd, at: 5),
        Refused("no colon", #"{"a" 1}"#, .unexpectedByte, at: 5),
        Refused("two colons", #"{"a"::1}"#, .unexpectedByte, at: 5),
        Refused("no value", #"{"a":}"#, .unexpectedByte, at: 5),
        Refused("trailing comma in an object", #"{"a":1,}"#, .unexpectedByte, at: 7),
        Refused("no comma in an object", #"{"a":1 "b":2}"#, .unexpectedByte, at: 7),
        Refused("only a comma in an object", "{,}", .unexpectedByte, at: 1),
        Refused("object closed by a bracket", #"{"a":1]"#, .unexpectedByte, at: 6),
        Refused("unquoted key", "{a:1}", .unexpectedByte, at: 1),
        Refused("number as a key", "{1:1}", .unexpectedByte, at: 1),
        Refused("single quotes", "['a']", .unexpectedByte, at: 1),
        Refused("line comment", "[1]//c", .trailingBytes, at: 3),
        Refused("block comment", "[/**/1]", .unexpectedByte, at: 1),
        Refused("form feed as space", "[\u{0C}1]", .unexpectedByte, at: 1),
        Refused("no-break space", "[\u{A0}1]", .unexpectedByte, at: 1),
        Refused("word", "nope", .unexpectedByte, at: 1),
        Refused("upper-case literal", "True", .unexpectedByte, at: 0),
        Refused("half a literal", "nul", .unexpectedEnd, at: 3),
        Refused("half a literal in an array", "[tru]", .unexpectedByte, at: 4),
        Refused("literal and more", "nulll", .trailingBytes, at: 4),
        Refused("NaN", "NaN", .unexpectedByte, at: 0),
        Refused("Infinity", "Infinity", .unexpectedByte, at: 0),
        Refused("minus Infinity", "-Infinity", .invalidNumber, at: 1),
        Refused("plus", "+1", .unexpectedByte, at: 0),
        Refused("minus only", "-", .unexpectedEnd, at: 1),
        Refused("two minuses", "--1", .invalidNumber, at: 1),
        Refused("minus and space", "- 1", .invalidNumber, at: 1),
        Refused("leading zero", "01", .invalidNumber, at: 1),
        Refused("negative leading zero", "-012", .invalidNumber, at: 2),
        Refused("two zeros", "00", .invalidNumber, at: 1),
        Refused("hexadecimal", "0x1", .trailingBytes, at: 1),
        Refused("dot first", ".5", .unexpectedByte, at: 0),
        Refused("minus and dot", "-.5", .invalidNumber, at: 1),
        Refused("dot last", "[1.]", .invalidNumber, at: 3),
        Refused("dot at the end", "1.", .unexpectedEnd, at: 2),
        Refused("dot and exponent", "1.e1", .invalidNumber, at: 2),
        Refused("two dots", "1.2.3", .trailingBytes, at: 3),
        Refused("empty exponent", "1e", .unexpectedEnd, at: 2),
        Refused("exponent with sign only", "[1e+]", .invalidNumber, at: 4),
        Refused("exponent with fraction", "1e1.5", .trailingBytes, at: 3),
        Refused("underscore", "1_000", .trailingBytes, at: 1),
        Refused("full-width digit", "\u{FF11}", .unexpectedByte, at: 0),
        Refused("open string", #""a"#, .unexpectedEnd, at: 2),
        Refused("quote only", "\"", .unexpectedEnd, at: 1),
        Refused("backslash only", "\"\\", .unexpectedEnd, at: 2),
        Refused("escaped quote at the end", "\"\\\"", .unexpectedEnd, at: 3),
        Refused("line feed in a string", "\"a\nb\"", .controlCharacter, at: 2),
        Refused("tab in a string", "\"\t\"", .controlCharacter, at: 1),
        Refused("NUL in a string", "\"a\u{0}\"", .controlCharacter, at: 2),
        Refused("0x1F in a string", "\"12345678\u{1F}\"", .controlCharacter, at: 9),
        Refused("unknown escape", #""\a""#, .invalidEscape, at: 1),
        Refused("hexadecimal escape", #""\x00""#, .invalidEscape, at: 1),
        Refused("upper-case U", #""\U0041""#, .invalidEscape, at: 1),
        Refused("escaped apostrophe", #""\'""#, .invalidEscape, at: 1),
        Refused("escaped emoji", "\"\\😀\"", .invalidEscape, at: 1),
        Refused("three digits", #""\u00A""#, .invalidEscape, at: 1),
        Refused("no digits", #""\u""#, .invalidEscape, at: 1),
        Refused("wrong digit", #""\u00Ag""#, .invalidEscape, at: 1),
        Refused("cut in the digits", #""\u00"#, .unexpectedEnd, at: 5),
        Refused("high surrogate alone", #""\ud800""#, .loneSurrogate, at: 1),
        Refused("low surrogate alone", #""ab\udc00""#, .loneSurrogate, at: 3),
        Refused("high surrogate before text", #""\ud800abc""#, .loneSurrogate, at: 1),
        Refused("two high surrogates", #""\uD800\uD800""#, .loneSurrogate, at: 1),
        Refused("pair in the wrong order", #""\uDC00\uD800""#, .loneSurrogate, at: 1),
        Refused("high surrogate before another escape", #""\uD800\n""#, .loneSurrogate, at: 1),
        Refused("high surrogate before a broken escape", #""\uD800\u00""#, .invalidEscape, at: 7),
        Refused("high surrogate at the end", #""\uD800"#, .loneSurrogate, at: 1),
        Refused("high surrogate and a BMP escape", #""\uD83D\u0041""#, .loneSurrogate, at: 1),
        Refused("continuation byte alone", quoted([0x81]), .invalidUTF8, at: 1),
        Refused("continuation byte after text", quoted([0x61, 0x62, 0xBF]), .invalidUTF8, at: 3),
        Refused("sequence cut by the quote", quoted([0xE2, 0x82]), .invalidUTF8, at: 1),
        Refused("sequence cut by an escape", quoted([0xC3, 0x5C, 0x6E]), .invalidUTF8, at: 1),
        Refused("overlong slash", quoted([0xC0, 0xAF]), .invalidUTF8, at: 1),
        Refused("overlong in three bytes", quoted([0xE0, 0x80, 0xAF]), .invalidUTF8, at: 1),
        Refused("overlong in four bytes", quoted([0xF0, 0x80, 0x80, 0xAF]), .invalidUTF8, at: 1),
        Refused("surrogate in UTF-8", quoted([0xED, 0xA0, 0x80]), .invalidUTF8, at: 1),
        Refused("beyond U+10FFFF", quoted([0xF4, 0x90, 0x80, 0x80]), .invalidUTF8, at: 1),
        Refused("five-byte sequence", quoted([0xF8, 0x88, 0x80, 0x80, 0x80]), .invalidUTF8, at: 1),
        Refused("0xFF", quoted([0xFF]), .invalidUTF8, at: 1),
        Refused("Latin-1", quoted([0xE9]), .invalidUTF8, at: 1),
        Refused("invalid key", [0x7B] + quoted([0xFF]) + [0x3A, 0x31, 0x7D], .invalidUTF8, at: 2),
        Refused("UTF-8 outside a string", [0x5B, 0xE5, 0x5D], .unexpectedByte, at: 1),
        Refused("UTF-16", [0x00, 0x5B, 0x00, 0x5D], .unexpectedByte, at: 0),
    ]

    static func quoted(_ bytes: [UInt8]) -> [UInt8] { [0x22] + bytes + [0x22] }

    @Test(arguments: accepted)
    func `valid text is taken and written again`(_ text: Accepted) throws {
        let bytes = Array(text.text.utf8)
        let value = try JSONValue(parsing: bytes)
        let written = value.serialized()
        #expect(String(decoding: written, as: UTF8.self) == text.written)
        #expect(try JSONValue(parsing: written) == value)
        #expect(throws: Never.self) { try JSONScanner.validate(bytes.span) }
    }

    @Test(arguments: refused)
    func `invalid text is refused at its first wrong byte`(_ text: Refused) throws {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text.bytes) }
        #expect(error?.code == text.code)
        #expect(error?.offset == text.offset)
        #expect(error?.line == 1)
        let scannerError = #expect(throws: JSONError.self) { try JSONScanner.validate(text.bytes.span) }
        #expect(scannerError == error)
    }

    @Test(arguments: accepted)
    func `every cut of a valid text is refused unless it is valid itself`(_ text: Accepted) throws {
        let bytes = Array(text.text.utf8)
        for count in 0..<bytes.count {
            let cut = Array(bytes[..<count])
            let parsed = try? JSONValue(parsing: cut)
            let isScanned = (try? JSONScanner.validate(cut.span)) != nil
            #expect((parsed != nil) == isScanned)
            if let first = bytes.first, first == 0x22 || first == 0x5B || first == 0x7B {
                #expect(parsed == nil)
            }
        }
    }
}
