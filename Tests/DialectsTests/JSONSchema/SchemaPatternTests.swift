import Dialects
import Testing
import Wire

struct SchemaPatternTests {
    private func fits(_ pattern: String, _ text: String) throws -> Bool {
        let schema = try JSONSchema(["pattern": .string(pattern)], strictness: .lenient, path: "p")
        return schema.complaint(about: .string(text)) == nil
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let pattern: String
        let found: [String]
        let missing: [String]
        var testDescription: String { pattern }
        init(_ pattern: String, _ found: [String], not missing: [String]) {
            (self.pattern, self.found, self.missing) = (pattern, found, missing)
        }
    }

    @Test(arguments: [
        Case("b", ["abc"], not: ["", "ac"]), Case("^b", ["bc"], not: ["ab"]),
        Case("b$", ["ab"], not: ["bc", "b\n"]),
        Case("^a.c$", ["abc", "a👍c"], not: ["a\nc", "ac"]),
        Case("^(a|bc|)$", ["a", "bc", ""], not: ["b", "abc"]),
        Case("^[a-c_\\-x]+$", ["abc_-x"], not: ["d", ""]), Case("^[^a-c]$", ["d", "\n"], not: ["a", ""]),
        Case("^[\\d.-]+$", ["1.2-3"], not: ["a"]), Case("^\\d{2,3}$", ["12", "123"], not: ["1", "1234"]),
        Case("^a{2}$", ["aa"], not: ["a", "aaa"]), Case("^a{2,}$", ["aa", "aaaa"], not: ["a"]),
        Case("^a{0}$", [""], not: ["a"]),
        Case("^(?:ab)*?c?$", ["", "ababc"], not: ["aba"]),
        Case("^\\w\\W\\s\\S\\D$", ["a- b-"], not: ["a- b1", "aa bb"]),
        Case("^[\\W]$", ["-", "é"], not: ["a"]), Case("^\\x41\\u0042\\t\\.$", ["AB\t."], not: ["AB\tx"]),
        Case("^(a*)*$", ["", "aaa"], not: ["b"]), Case("^(a|a)+$", ["aaa"], not: ["aab"]),
        Case("a^", [], not: ["a", ""]),
        Case("^[]$", [], not: ["", "a"]), Case("^[^]$", ["a"], not: [""]),
        Case("(^a|b$)", ["ax", "xb"], not: ["xa", "bx"]),
    ])
    func `patterns are found where they are`(_ test: Case) throws {
        for text in test.found { #expect(try fits(test.pattern, text), "\(text)") }
        for text in test.missing { #expect(try !fits(test.pattern, text), "\(text)") }
    }

    @Test(arguments: [
        "(a", "a)", "[a", "*", "a**", "a{2,1}", "a{", "{", "\\", "(a)\\1", "(?=a)", "(?!a)", "(?<=a)", "\\bx",
        "\\p{L}",
        "[b-a]", "[\\d-z]", "a{1001}", "(a{50}){50}", "((){1000}){1000}", "\\u12",
        String(repeating: "(", count: 40),
    ])
    func `what is not known is no constraint`(_ pattern: String) throws {
        #expect(try fits(pattern, "anything"))
    }

    @Test func `no pattern takes long`() throws {
        #expect(try !fits("^(a+)+$", String(repeating: "a", count: 5_000) + "b"))
        // More than the work that is allowed.
        #expect(try fits("([ab]?){500}c$", String(repeating: "a", count: 100_000)))
    }

    @Test func `members by the pattern of their keys`() throws {
        let schema = try JSONSchema(
            json(
                #"{"patternProperties":{"^n":{"type":"number"}},"properties":{"a":{}},"additionalProperties":false}"#
            ),
            strictness: .lenient, path: "p")
        #expect(schema.complaint(about: ["n1": 1, "a": "x"]) == nil)
        #expect(schema.complaint(about: ["n1": "x"]) == "$.n1: expected a number, but got a string")
        #expect(schema.complaint(about: ["b": 1]) == #"$: the property "b" is not allowed"#)
        let unknown = try JSONSchema(
            json(#"{"patternProperties":{"(?=x)":{}},"additionalProperties":false}"#), strictness: .lenient,
            path: "p")
        #expect(unknown.complaint(about: ["b": 1]) == nil)
        let text = try JSONSchema(json(#"{"pattern":"^a$"}"#), strictness: .lenient, path: "p")
        #expect(text.complaint(about: "b") == #"$: expected a match of the pattern "^a$", but got "b""#)
    }
}
