import Testing
import Wire

@Suite struct LenientJSONReaderTests {
    struct Outcome: Equatable {
        var output = ""
        var consumed = 0
        var state = LenientJSONReader.State.start
        var isWhole = false
    }

    /// What comes of a text cut into pieces; bytes behind the value are not given again.
    static func read(
        _ text: [UInt8], size: Int = .max, closesStrings: Bool = false, maximumDepth: Int = 128
    ) -> Outcome {
        var reader = LenientJSONReader(maximumDepth: maximumDepth)
        var output: [UInt8] = []
        var outcome = Outcome()
        while outcome.consumed < text.count {
            let piece = text[outcome.consumed...].prefix(size)
            let count = reader.feed(piece, into: &output)
            outcome.consumed += count
            if count < piece.count { break }
        }
        outcome.isWhole = reader.finish(closesStrings: closesStrings, into: &output)
        outcome.output = String(decoding: output, as: UTF8.self)
        outcome.state = reader.state
        return outcome
    }

    /// The output for a text that is one value; nil where it is none, or where the cuts matter.
    static func repaired(_ text: String, closesStrings: Bool = false) -> String? {
        let whole = read(Array(text.utf8), closesStrings: closesStrings)
        for size in [1, 2, 3] where read(Array(text.utf8), size: size, closesStrings: closesStrings) != whole
        {
            Issue.record("cut into \(size): \(text)")
        }
        guard whole.isWhole else { return nil }
        #expect(whole.state == .complete)
        #expect((try? JSONValue(parsing: Array(whole.output.utf8))) != nil, "\(text) -> \(whole.output)")
        return whole.output
    }

    @Test(arguments: [
        "{}", "[]", "null", "true", "false", "0", "-1.5e+3", #""""#, #" { "a" : [ 1 , 2 ] , "b" : {} }"#,
        #"{"a":"“smart” 'single' // no comment /* none */ ,} \" \\ \/ \b\f\n\r\t é \ud83d\ude00 👍"}"#,
        "[\n  1,\n  {\"a\": null},\n\t[true, false]\r\n]", #"{"a":1,"a":2,"":3}"#,
        "123456789012345678901234567890",
        "[\"\u{7F}\u{2028}\u{FEFF}\u{A0}\"]",
    ])
    func `valid JSON stays as it is`(_ text: String) {
        #expect(Self.repaired(text) == text)
    }

    struct Repair: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        let result: String
        var testDescription: String { name }
        init(_ name: String, _ text: String, _ result: String) {
            (self.name, self.text, self.result) = (name, text, result)
        }
    }

    @Test(arguments: [
        Repair("trailing commas", #"{"a": [1, 2, ], }"#, #"{"a": [1, 2 ] }"#),
        Repair(
            "missing commas", "{\"a\": 1\n \"b\": {}\"c\": [[][]]\n}",
            "{\"a\": 1\n ,\"b\": {},\"c\": [[],[]]\n}"),
        Repair("missing commas in arrays", "[1\n2\n'x'\n“y”]", "[1\n,2\n,\"x\"\n,\"y\"]"),
        Repair("single quotes", #"{'a': 'say "hi", it\'s'}"#, #"{"a": "say \"hi\", it's"}"#),
        Repair("smart quotes", "{“a”: „b“, ‘c’: ‘d\"’}", #"{"a": "b", "c": "d\""}"#),
        Repair(
            "keys without quotes", #"{a: 1, $b_2-c.d: 2, 3 : 3, true: 4}"#,
            #"{"a": 1, "$b_2-c.d": 2, "3" : 3, "true": 4}"#),
        Repair("raw line ends", "[\"a\nb\r\tc\u{1}\"]", #"["a\nb\r\tc\u0001"]"#),
        Repair("Python's words", "[True, False, None,]", "[true, false, null]"),
        Repair("numbers", "[+1, .5, 1., -.5, -2.]", "[1, 0.5, 1.0, -0.5, -2.0]"),
        Repair("comments", "// one\n{/*a*/\"b\": 1, // c\n/* ** */}", "\n{\"b\": 1 \n}"),
        Repair(
            "unknown escapes", #"["\d+\.\_ C:\users \x1b \x4 \u12"]"#,
            #"["\\d+\\.\\_ C:\\users \u001b \\x4 \\u12"]"#),
        Repair("a line that goes on", "[\"a \\\n b\"]", #"["a \\\n b"]"#),
        Repair(
            "half a pair", #"["\ud83d \ud83d\n \ude00 \ud83d\ud83d\ude00 \ud83d\u0041"]"#,
            #"["\ufffd \ufffd\n \ufffd \ufffd\ud83d\ude00 \ufffd\u0041"]"#),
        Repair("other spaces", "\u{FEFF}{\u{A0}\"a\":\u{A0}1}", #"{ "a": 1}"#),
    ])
    func `what can mean one thing only is repaired`(_ repair: Repair) {
        #expect(Self.repaired(repair.text) == repair.result)
    }

    @Test(arguments: [
        ("", "the text ends too early"), ("{\"a\":}", "unexpected character"),
        ("{\"a\" 1}", "no colon behind a key"),
        ("[1,,2]", "no value before a comma"), ("{,}", "no member before a comma"),
        ("[1 2]", "no comma between two values"),
        (#"{"a": "b"c"}"#, "no comma between two values"), ("[1}", "a bracket closes what it did not open"),
        ("{\"a\": hello}", "text without quotes"), ("[NaN]", "text without quotes"),
        ("[01]", "invalid number"),
        ("[1x]", "invalid number"), ("[.]", "invalid number"), ("[1e]", "invalid number"),
        ("[-.]", "invalid number"),
        ("text", "text without quotes"), ("[/x]", "unexpected character"), ("[é]", "unexpected character"),
        ("```", "unexpected character"), ("{1,000}", "no colon behind a key"),
        ("[(1)]", "unexpected character"),
    ])
    func `what is ambiguous breaks it`(_ text: String, _ reason: String) {
        #expect(Self.repaired(text) == nil)
        #expect(Self.read(Array(text.utf8)).state == .broken(reason))
    }

    @Test(arguments: [
        ("[1, {\"a\": [", "[1, {\"a\": []}]"), ("{\"a\": 1, ", "{\"a\": 1 }"), ("{", "{}"),
        ("[1, 2", "[1, 2]"),
        ("[true", "[true]"), ("{\"a\": 1} // end", "{\"a\": 1}"), ("[1 // end", "[1 ]"),
        ("[1 /* end", "[1 ]"),
    ])
    func `brackets that are missing at the end are added`(_ text: String, _ result: String) {
        #expect(Self.repaired(text) == result)
    }

    @Test(arguments: ["{\"a\"", "{\"a\":", "{a", "[tru", "[1, -", "[1 /", "[\"a", "[\"a\\", "[\u{201C}a"])
    func `an end in the middle is no end`(_ text: String) {
        #expect(Self.repaired(text) == nil)
    }

    @Test(arguments: [
        ("[\"a", "[\"a\"]"), ("[\"a\\", "[\"a\"]"), ("[\"a\\u12", "[\"a\"]"), ("[\"a\\ud83d\\ude", "[\"a\"]"),
        ("{\"a\": 'b", "{\"a\": \"b\"}"), ("\u{201C}a", "\"a\""),
    ])
    func `a string that does not end is closed on demand`(_ text: String, _ result: String) {
        #expect(Self.repaired(text, closesStrings: true) == result)
        #expect(Self.repaired(text) == nil)
    }

    @Test func `a key that does not end is never closed`() {
        #expect(Self.repaired("{\"a", closesStrings: true) == nil)
    }

    @Test func `what follows the value is left alone`() {
        for (text, count) in [
            ("{\"a\": 1} {", 8), ("\"a\"b", 3), ("12 3", 2), ("true,", 4), (" []\n</tool_call>", 3),
        ] {
            for size in [1, 2, 3, Int.max] {
                let outcome = Self.read(Array(text.utf8), size: size)
                #expect(outcome.consumed == count && outcome.isWhole, "\(text)")
                #expect(outcome.output == String(text.prefix(count)))
            }
        }
    }

    @Test(
        arguments: [
            [0x5B, 0x22, 0x80], [0x22, 0xC0, 0x80], [0x22, 0xE2, 0x82, 0x22], [0x22, 0xED, 0xA0, 0x80],
            [0x22, 0xF5],
            [0x22, 0xF4, 0x90], [0x5B, 0xE2, 0x41], [0x27, 0x61, 0xFF],
            [0x22, 0x61, 0x62, 0x63, 0x64, 0x65, 0xE0, 0x80],
        ] as [[UInt8]])
    func `invalid UTF-8 breaks it at the same byte wherever it is cut`(_ bytes: [UInt8]) {
        let whole = Self.read(bytes, closesStrings: true)
        #expect(whole.state == .broken("invalid UTF-8"))
        for size in [1, 2, 3, Int.max] { #expect(Self.read(bytes, size: size, closesStrings: true) == whole) }
    }

    @Test func `the output ends at the border of a character`() {
        var reader = LenientJSONReader()
        var output: [UInt8] = []
        for byte in "[\"é€👍\", ‘é’]".utf8 {
            _ = reader.feed([byte], into: &output)
            #expect(String(validating: output, as: UTF8.self) != nil)
        }
        #expect(reader.state == .complete)
    }

    @Test func `nothing is held back but what is ambiguous`() {
        var reader = LenientJSONReader()
        var output: [UInt8] = []
        for (piece, soFar) in [
            ("{\"a", "{\"a"), ("\": \"b", "{\"a\": \"b"), ("\", ", "{\"a\": \"b\""),
            ("'c'", "{\"a\": \"b\", \"c\""),
        ] {
            #expect(reader.feed(Array(piece.utf8)[...], into: &output) == piece.utf8.count)
            #expect(String(decoding: output, as: UTF8.self) == soFar)
        }
        #expect(reader.state == .open)
    }

    @Test func `limits hold at the limit and not past it`() {
        let nested = { String(repeating: "[", count: $0) + String(repeating: "]", count: $0) }
        #expect(Self.read(Array(nested(4).utf8), maximumDepth: 4).isWhole)
        #expect(Self.read(Array(nested(5).utf8), maximumDepth: 4).state == .broken("nested too deeply"))
        #expect(Self.read(Array(nested(513).utf8), maximumDepth: .max).state == .broken("nested too deeply"))
        let most = LenientJSONReader.maximumHeldBytes
        for (count, isWhole) in [(most, true), (most + 1, false)] {
            #expect(Self.read(Array(String(repeating: "1", count: count).utf8)).isWhole == isWhole)
            let spaces = "[1," + String(repeating: " ", count: count) + "2]"
            #expect(Self.read(Array(spaces.utf8)).isWhole == isWhole)
        }
    }
}
