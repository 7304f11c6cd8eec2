import Testing

@testable import Wire

@Suite struct JSONMenderTests {
    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let text: [UInt8]
        let mended: String

        init(_ description: String, _ text: String, _ mended: String) {
            self.init(description, Array(text.utf8), mended)
        }

        init(_ description: String, _ text: [UInt8], _ mended: String) {
            testDescription = description
            self.text = text
            self.mended = mended
        }
    }

    private static func bytes(_ before: String, _ middle: [UInt8], _ after: String) -> [UInt8] {
        Array(before.utf8) + middle + Array(after.utf8)
    }

    static let cases = [
        Case("high half at the end", #"{"a":"x\ud83d"}"#, #"{"a":"x\ufffd"}"#),
        Case("high half before text", #"["\ud83dx"]"#, #"["\ufffdx"]"#),
        Case("high half before another escape", #"["\ud83d\n"]"#, #"["\ufffd\n"]"#),
        Case("low half alone", #"["\udE00x"]"#, #"["\ufffdx"]"#),
        Case("halves in the wrong order", #"["\ude00\ud83d"]"#, #"["\ufffd\ufffd"]"#),
        Case("a half before a pair", #"["\ud83d\ud83d\ude00"]"#, #"["\ufffd\ud83d\ude00"]"#),
        Case("a half in a key", #"{"\ud83d":1}"#, #"{"\ufffd":1}"#),
        Case("a backslash before what looks like a half", #"["\\ud83d\ud83d"]"#, #"["\\ud83d\ufffd"]"#),
        Case("a quote that is escaped", #"["\"\ud83d\""]"#, #"["\"\ufffd\""]"#),
        Case("a byte that is never UTF-8", bytes("[\"a", [0xFF], "b\"]"), "[\"a\u{FFFD}b\"]"),
        Case("a character cut short", bytes("[\"a", [0xF0, 0x9F, 0x98], "\"]"), "[\"a\u{FFFD}\"]"),
        Case(
            "half a pair as bytes", bytes("[\"", [0xED, 0xA0, 0xBD], "\"]"), "[\"\u{FFFD}\u{FFFD}\u{FFFD}\"]"),
        Case("control characters", "[\"a\u{0}b\nc\u{1F}\"]", #"["a\u0000b\u000ac\u001f"]"#),
        Case("control characters between values stay", "[1,\n\t2,\"\t\"]", "[1,\n\t2,\"\\u0009\"]"),
    ]

    @Test(arguments: cases)
    func `strings are put right`(_ example: Case) throws {
        #expect(String(decoding: JSONMender.mended(example.text.span), as: UTF8.self) == example.mended)
        #expect(throws: JSONError.self) { _ = try JSONValue(parsing: example.text) }
        let read = try JSONValue(mending: example.text.span)
        #expect(try read == JSONValue(parsing: Array(example.mended.utf8)))
    }

    @Test(arguments: [
        "", "\"", "\"\\", "\"\\u", "\"\\u12", "\"\\ud83d", "\"\\ud83d\\u", "\"\\ud83d\\ude0", "{\"a\":\"b\\",
        "\\", "\\ud83d", "\"\\uzzzz\"", "\"\\x\"", "tru", "[1,]", "{\"a\":NaN}",
    ])
    func `what else is wrong stays wrong`(_ text: String) {
        #expect(throws: JSONError.self) { _ = try JSONValue(mending: Array(text.utf8).span) }
    }

    @Test func `what is not selected is put right, too, and depth counts`() throws {
        let text = Array(#"{"a":1,"b":["\ud83d"]}"#.utf8)
        let read = try JSONValue(mending: text.span, selecting: ["a": .everything])
        #expect(String(decoding: read.serialized(), as: UTF8.self) == #"{"a":1}"#)
        #expect(throws: JSONError.self) { _ = try JSONValue(mending: text.span, maximumDepth: 1) }
    }

    @Test(arguments: [
        #"{"a":"x","b":[1,"\ud83d\ude00","é€😀\"\\\/\b\f\n\r\t\u0000"]}"#, "not JSON at all: \\ud83d \t \\",
        "",
    ])
    func `what is right stays byte for byte`(_ text: String) {
        #expect(JSONMender.mended(Array(text.utf8).span) == Array(text.utf8))
    }
}
