import Testing
import Wire

@Suite struct JSONScannerTests {
    /// Keys and raw values of the object in the text.
    func members(_ text: String) throws -> [String] {
        let bytes = Array(text.utf8)
        var found: [String] = []
        try JSONScanner.forEachMember(of: bytes.span) { key, value in
            found.append(String(decoding: bytes[key] + [0x3D] + bytes[value], as: UTF8.self))
        }
        return found
    }

    @Test func `members are found with the ranges of key and value`() throws {
        #expect(try members("{}").isEmpty)
        #expect(try members(" { } ").isEmpty)
        #expect(try members(#"{"content":"delta"}"#) == [#""content"="delta""#])
        #expect(
            try members(#" { "a" : 1 , "b":[ {"x": "}"} ], "a":null , "c\"":-1.5e3, "d":{} } "#)
                == [#""a"=1"#, #""b"=[ {"x": "}"} ]"#, #""a"=null"#, #""c\""=-1.5e3"#, #""d"={}"#])
    }

    @Test(arguments: [
        "[]", "1", "\"a\"", "null", "", " ", "{", "{}x", #"{"a":1}}"#, #"{"a":1,}"#, #"{"a":[}"#, "{a:1}",
    ])
    func `what is no object is refused`(_ text: String) {
        #expect(throws: JSONError.self) { try members(text) }
        #expect(throws: JSONError.self) { try JSONScanner.value(of: "a", in: Array(text.utf8).span) }
    }

    @Test func `members before a fault are reported`() {
        var count = 0
        let bytes = Array(#"{"a":1,"b":2,"c":x}"#.utf8)
        let error = #expect(throws: JSONError.self) {
            try JSONScanner.forEachMember(of: bytes.span) { _, _ in count += 1 }
        }
        #expect(error?.offset == 17)
        #expect(count == 2)
    }

    @Test func `an error of the closure comes through`() {
        struct Enough: Error {}
        let bytes = Array(#"{"a":1,"b":x}"#.utf8)
        #expect(throws: Enough.self) {
            try JSONScanner.forEachMember(of: bytes.span) { _, _ in throw Enough() }
        }
    }

    @Test func `a value is found by its key, the last of duplicates, escapes or not`() throws {
        let bytes = Array(#"{"model":"a","x":{"model":"no"},"mod\u0065l":"b"}"#.utf8)
        let range = try #require(try JSONScanner.value(of: "model", in: bytes.span))
        #expect(try JSONScanner.string(in: bytes.span, range) == "b")
        #expect(try JSONScanner.value(of: "mode", in: bytes.span) == nil)
        #expect(try JSONScanner.value(of: "models", in: bytes.span) == nil)
        #expect(try JSONScanner.value(of: "", in: bytes.span) == nil)
    }

    @Test func `a value is replaced in place`() throws {
        let bytes = Array(#"{"stream":true,"model": "old" ,"n":1}"#.utf8)
        let range = try #require(try JSONScanner.value(of: "model", in: bytes.span))
        let spliced =
            bytes[..<range.lowerBound] + JSONValue.string("new").serialized() + bytes[range.upperBound...]
        #expect(String(decoding: spliced, as: UTF8.self) == #"{"stream":true,"model": "new" ,"n":1}"#)
    }

    @Test func `strings are compared with and without escapes`() {
        struct Case {
            var raw: String
            var text: String
            var isEqual: Bool
        }
        let cases = [
            Case(raw: #""""#, text: "", isEqual: true),
            Case(raw: #""""#, text: "a", isEqual: false),
            Case(raw: #""""#, text: "\"", isEqual: false),
            Case(raw: #""a""#, text: "", isEqual: false),
            Case(raw: #""a""#, text: "a\"", isEqual: false),
            Case(raw: #""ab""#, text: "a", isEqual: false),
            Case(raw: #""ab""#, text: "ab", isEqual: true),
            Case(raw: #""a\n""#, text: "a\n", isEqual: true),
            Case(raw: #""\u0061""#, text: "a", isEqual: true),
            Case(raw: #""\u0062""#, text: "a", isEqual: false),
            Case(raw: #""a\\""#, text: "a\\", isEqual: true),
            Case(raw: #""a\n""#, text: "a", isEqual: false),
            Case(raw: "a", text: "a", isEqual: false),
            Case(raw: "\"", text: "", isEqual: false),
            Case(raw: "", text: "", isEqual: false),
            Case(raw: "12", text: "", isEqual: false),
            Case(raw: "\"\u{E9}\"", text: "e\u{301}", isEqual: false),
            Case(raw: #""\u00e9""#, text: "e\u{301}", isEqual: false),
        ]
        for one in cases {
            let bytes = Array(one.raw.utf8)
            #expect(JSONScanner.isString(one.text, in: bytes.span, 0..<bytes.count) == one.isEqual, "\(one)")
        }
    }

    @Test func `a string is decoded from exactly its range`() throws {
        let bytes = Array(#"["a\u00e9\n", 1]"#.utf8)
        #expect(try JSONScanner.string(in: bytes.span, 1..<12) == "aé\n")
        for range in [1..<11, 1..<13, 0..<12, 2..<12, 1..<1, 14..<15, 0..<0] {
            #expect(throws: JSONError.self) { try JSONScanner.string(in: bytes.span, range) }
        }
    }

    @Test func `invalid UTF-8 in an unread string is refused as well`() {
        let bytes: [UInt8] = Array(#"{"a":""#.utf8) + [0xFF] + Array(#""}"#.utf8)
        let error = #expect(throws: JSONError.self) {
            try JSONScanner.forEachMember(of: bytes.span) { _, _ in }
        }
        #expect(error?.code == .invalidUTF8)
        #expect(error?.offset == 6)
    }
}
