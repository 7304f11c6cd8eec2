import Testing
import Wire

@Suite struct JSON5NodeTests {
    /// The node as JSON, so that a table can say what a text means.
    static func plain(_ node: JSON5Node) -> JSONValue {
        switch node.kind {
        case .null: .null
        case .bool(let value): .bool(value)
        case .number(let value): .number(value)
        case .string(let value): .string(value)
        case .array(let elements): .array(elements.map(plain))
        case .object(let members):
            .object(JSONObject(members.map { JSONObject.Member(key: $0.key, value: plain($0.value)) }))
        }
    }

    struct Accepted: CustomTestStringConvertible {
        var text: String
        var json: String

        init(_ text: String, _ json: String) {
            self.text = text
            self.json = json
        }

        var testDescription: String { text }
    }

    static let accepted = [
        Accepted("{}", "{}"),
        Accepted("[]", "[]"),
        Accepted("null", "null"),
        Accepted("[true,false]", "[true,false]"),
        Accepted("\u{FEFF}{a:1}", #"{"a":1}"#),
        Accepted("// c\n{ /* c */ a /*c*/ : /*c*/ 1 /*c*/ , /*c*/ } // end", #"{"a":1}"#),
        Accepted("/***/1/* // */", "1"),
        Accepted("1// c\u{2028}", "1"),
        Accepted("//\r1", "1"),
        Accepted("[1,2,]", "[1,2]"),
        Accepted("{a:1,b:2,}", #"{"a":1,"b":2}"#),
        Accepted("{$_a1:1,_:2,$:3,été:4,名:5,a\u{200D}b:6}", #"{"$_a1":1,"_":2,"$":3,"été":4,"名":5,"a‍b":6}"#),
        Accepted(#"{\u0061b:1,a\u0062c:2}"#, #"{"ab":1,"abc":2}"#),
        Accepted("{null:1,true:2,Infinity:3}", #"{"null":1,"true":2,"Infinity":3}"#),
        Accepted("{'a b':1,\"c\":2}", #"{"a b":1,"c":2}"#),
        Accepted("'say \"hi\"'", #""say \"hi\"""#),
        Accepted("\"it's\"", #""it's""#),
        Accepted(#"'\'\"\\\/\b\f\n\r\t\v\0'"#, #""'\"\\/\b\f\n\r\t\u000b\u0000""#),
        Accepted(#"'\x41\xe9\u00e9\ud83d\ude00\q\0a'"#, #""Aéé😀q\u0000a""#),
        Accepted("'a\\\nb\\\r\nc\\\rd\\\u{2028}e\\\u{2029}f'", #""abcdef""#),
        Accepted("'\u{2028}\u{2029}\t'", "\"\u{2028}\u{2029}\\t\""),
        Accepted("'é世😀'", #""é世😀""#),
        Accepted("[1,-1,+1,0,-0,1.5,1.,.5,-.5,+.5]", "[1,-1,1,0,-0,1.5,1,0.5,-0.5,0.5]"),
        Accepted("[1e3,1E-3,1.e+3,.5e2,0e0]", "[1e3,1e-3,1e3,0.5e2,0e0]"),
        Accepted(
            "[0x0,0xff,0XDEADbeef,-0x10,+0x1,0xFFFFFFFFFFFFFFFF]",
            "[0,255,3735928559,-16,1,18446744073709551615]"),
        Accepted("123456789012345678901234567890", "123456789012345678901234567890"),
        Accepted("\t\u{0B}\u{0C} \u{A0}\u{2028}\u{2029}\u{3000}\r\n1\u{FEFF}", "1"),
    ]

    @Test(arguments: accepted)
    func `JSON5 is taken`(_ one: Accepted) throws {
        let node = try JSON5Node(parsing: Array(one.text.utf8))
        #expect(Self.plain(node) == (try JSONValue(parsing: Array(one.json.utf8))))
    }

    struct Refused: CustomTestStringConvertible {
        var text: String
        var code: JSONError.Code
        var line: Int
        var column: Int
        var message: String

        init(_ text: String, _ code: JSONError.Code, _ line: Int, _ column: Int, _ message: String) {
            self.text = text
            self.code = code
            self.line = line
            self.column = column
            self.message = message
        }

        var testDescription: String { text }
    }

    static let refused = [
        Refused("", .unexpectedEnd, 1, 1, "the file ends, expected a value"),
        Refused("\n// only a comment\n", .unexpectedEnd, 3, 1, "the file ends, expected a value"),
        Refused("{", .unexpectedEnd, 1, 2, "the file ends, expected a key or }"),
        Refused("{a", .unexpectedEnd, 1, 3, "the file ends, expected a colon after the key"),
        Refused("{a:", .unexpectedEnd, 1, 4, "the file ends, expected a value"),
        Refused("{\n  a: 1\n  b: 2\n}", .unexpectedByte, 3, 3, "expected a comma or }"),
        Refused("{a 1}", .unexpectedByte, 1, 4, "expected a colon after the key"),
        Refused("{a:1,,}", .unexpectedByte, 1, 6, "expected a key or }"),
        Refused("{,}", .unexpectedByte, 1, 2, "expected a key or }"),
        Refused("{1:1}", .unexpectedByte, 1, 2, "expected a key or }"),
        Refused("{a-b:1}", .unexpectedByte, 1, 3, "expected a colon after the key"),
        Refused("{a:1]", .unexpectedByte, 1, 5, "expected a comma or }"),
        Refused("[1 2]", .unexpectedByte, 1, 4, "expected a comma or ]"),
        Refused("[,]", .unexpectedByte, 1, 2, "expected a value"),
        Refused("[1", .unexpectedEnd, 1, 3, "the file ends, expected a comma or ]"),
        Refused("[", .unexpectedEnd, 1, 2, "the file ends, expected a value or ]"),
        Refused("]", .unexpectedByte, 1, 1, "expected a value"),
        Refused("{} {}", .trailingBytes, 1, 4, "unexpected text after the value"),
        Refused("{a: unix}", .unexpectedByte, 1, 5, "expected a value; strings need quotes"),
        Refused("True", .unexpectedByte, 1, 1, "expected a value; strings need quotes"),
        Refused(
            "{a: 1,\n b: 2,\n  'a': 3}", .duplicateKey, 3, 3, "the key \"a\" appears twice, first on line 1"),
        Refused("{a: {x: 1, x: 2}}", .duplicateKey, 1, 12, "the key \"x\" appears twice, first on line 1"),
        Refused("[1, /* open", .unexpectedEnd, 1, 5, "this comment is not closed"),
        Refused("/*/", .unexpectedEnd, 1, 1, "this comment is not closed"),
        Refused("1 / 2", .unexpectedByte, 1, 3, "unexpected slash; a comment starts with // or /*"),
        Refused("'abc", .unexpectedEnd, 1, 1, "this string is not closed"),
        Refused("['abc\n']", .controlCharacter, 1, 2, "this string is not closed on its line"),
        Refused("'abc\r'", .controlCharacter, 1, 1, "this string is not closed on its line"),
        Refused("'a\\", .unexpectedEnd, 1, 3, "the file ends inside a string"),
        Refused(#"'\1'"#, .invalidEscape, 1, 2, #"an escape cannot be a digit; write \x and two digits"#),
        Refused(#"'\01'"#, .invalidEscape, 1, 2, #"an escape cannot be a digit; write \x and two digits"#),
        Refused(#"'\xg0'"#, .invalidEscape, 1, 2, "expected 2 hexadecimal digits"),
        Refused(#"'\u12'"#, .invalidEscape, 1, 2, "expected 4 hexadecimal digits"),
        Refused(#"'a\ud800'"#, .loneSurrogate, 1, 3, "half a surrogate pair"),
        Refused(#"'\ud800\u0041'"#, .loneSurrogate, 1, 2, "half a surrogate pair"),
        Refused(#"{a\u002d:1}"#, .invalidEscape, 1, 3, "a key cannot have this character"),
        Refused(#"{\x61:1}"#, .invalidEscape, 1, 2, #"expected \u and four hexadecimal digits"#),
        Refused("010", .invalidNumber, 1, 1, "a number cannot start with 0"),
        Refused("[0x]", .invalidNumber, 1, 2, "invalid number; Infinity and NaN are not allowed"),
        Refused("0x10000000000000000", .invalidNumber, 1, 1, "a hexadecimal number has at most 64 bits"),
        Refused(".", .invalidNumber, 1, 1, "invalid number; Infinity and NaN are not allowed"),
        Refused("+", .invalidNumber, 1, 1, "invalid number; Infinity and NaN are not allowed"),
        Refused("--1", .invalidNumber, 1, 1, "invalid number; Infinity and NaN are not allowed"),
        Refused("1e", .invalidNumber, 1, 1, "invalid number; Infinity and NaN are not allowed"),
        Refused("[12px]", .invalidNumber, 1, 2, "invalid number; Infinity and NaN are not allowed"),
        Refused("Infinity", .invalidNumber, 1, 1, "invalid number; Infinity and NaN are not allowed"),
        Refused("[1,\n -Infinity]", .invalidNumber, 2, 2, "invalid number; Infinity and NaN are not allowed"),
        Refused("NaN", .invalidNumber, 1, 1, "invalid number; Infinity and NaN are not allowed"),
        Refused("{é: x}", .unexpectedByte, 1, 6, "expected a value; strings need quotes"),
        Refused("[\r\n\r\n x]", .unexpectedByte, 3, 2, "expected a value; strings need quotes"),
    ]

    @Test(arguments: refused)
    func `what is no JSON5 is refused with line, column and a reason`(_ one: Refused) {
        let error = #expect(throws: JSONError.self) { try JSON5Node(parsing: Array(one.text.utf8)) }
        #expect(error?.code == one.code)
        #expect(error?.line == one.line)
        #expect(error?.column == one.column)
        #expect(error?.message == one.message)
    }

    @Test func `every node and every key knows its place`() throws {
        let text = "// first\n{\n  \"a\": 1, b: [\n    'x',\r\n    {c: null} ],\n}\n"
        let node = try JSON5Node(parsing: Array(text.utf8))
        #expect([node.line, node.column] == [2, 1])
        guard case .object(let members) = node.kind, members.count == 2 else {
            Issue.record("not an object of two")
            return
        }
        #expect([members[0].keyLine, members[0].keyColumn] == [3, 3])
        #expect([members[0].value.line, members[0].value.column] == [3, 8])
        #expect([members[1].keyLine, members[1].keyColumn] == [3, 11])
        #expect([members[1].value.line, members[1].value.column] == [3, 14])
        guard case .array(let elements) = members[1].value.kind, elements.count == 2 else {
            Issue.record("not an array of two")
            return
        }
        #expect([elements[0].line, elements[0].column] == [4, 5])
        #expect([elements[1].line, elements[1].column] == [5, 5])
        guard case .object(let inner) = elements[1].kind else {
            Issue.record("not an object")
            return
        }
        #expect([inner[0].keyLine, inner[0].keyColumn] == [5, 6])
        #expect([inner[0].value.line, inner[0].value.column] == [5, 9])
        #expect(elements.map(\.typeName) == ["string", "object"])
    }

    @Test func `every node has a type name`() throws {
        let node = try JSON5Node(parsing: Array("[null,true,1,'',[],{}]".utf8))
        guard case .array(let elements) = node.kind else {
            Issue.record("not an array")
            return
        }
        #expect(elements.map(\.typeName) == ["null", "boolean", "number", "string", "array", "object"])
    }

    @Test(arguments: [1, 64, 512])
    func `nesting is taken at the limit and refused one past it`(_ limit: Int) throws {
        func nested(_ depth: Int) -> [UInt8] {
            Array(repeating: 0x5B, count: depth) + Array(repeating: 0x5D, count: depth)
        }
        _ = try JSON5Node(parsing: nested(limit), maximumDepth: limit)
        let error = #expect(throws: JSONError.self) {
            try JSON5Node(parsing: nested(limit + 1), maximumDepth: limit)
        }
        #expect(error?.code == .tooDeep)
        #expect(error?.message == "nested more than \(limit) deep")
    }

    @Test func `ten thousand levels are refused whatever depth is asked for`() {
        for open in ["[", "{a:"] {
            let error = #expect(throws: JSONError.self) {
                try JSON5Node(
                    parsing: Array(String(repeating: open, count: 10_000).utf8), maximumDepth: .max)
            }
            #expect(error?.code == .tooDeep)
        }
    }

    @Test func `a file that is not UTF-8 is refused at its first wrong byte`() {
        let error = #expect(throws: JSONError.self) {
            try JSON5Node(parsing: Array("{\n  a: '".utf8) + [0xFF] + Array("'}".utf8))
        }
        #expect(error?.code == .invalidUTF8)
        #expect(error?.description == "2:7: the file is not valid UTF-8")
    }

    @Test(arguments: JSONConformanceTests.accepted)
    func `all JSON but duplicate keys is JSON5`(_ text: JSONConformanceTests.Accepted) throws {
        if text.name.hasPrefix("duplicate") { return }
        let bytes = Array(text.text.utf8)
        let plain = Self.plain(try JSON5Node(parsing: bytes))
        #expect(plain.typeName == (try JSONValue(parsing: bytes)).typeName)
        if !text.written.utf8.contains(UInt8(ascii: "E")), !text.written.contains("e+") {
            #expect(plain == (try JSONValue(parsing: bytes)))
        }
    }
}
