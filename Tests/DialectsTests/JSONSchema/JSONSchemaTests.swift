import Dialects
import Testing
import Wire

/// The value of a JSON text.
func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

struct JSONSchemaTests {
    private func schema(_ text: String, _ strictness: JSONSchema.Strictness = .lenient) throws -> JSONSchema {
        try JSONSchema(json(text), strictness: strictness, path: "p")
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let schema: String
        let fitting: [String]
        let other: [(value: String, complaint: String)]
        var testDescription: String { schema }
        init(_ schema: String, fits: String..., not: KeyValuePairs<String, String> = [:]) {
            (self.schema, fitting, other) = (schema, fits, not.map { ($0.key, $0.value) })
        }
    }

    static let scalars = [
        Case(#"{"type":"string"}"#, fits: #""a""#, not: ["1": "$: expected a string, but got a number"]),
        Case(
            #"{"type":"integer"}"#, fits: "1", "1.0", "-1e3", "123456789012345678901234567890",
            not: [
                "1.5": "$: expected an integer, but got 1.5",
                "true": "$: expected an integer, but got a boolean",
            ]),
        Case(
            #"{"type":["string","null"]}"#, fits: "null",
            not: ["[]": "$: expected a string or null, but got an array"]),
        Case(
            #"{"type":"string","nullable":true,"enum":["a"]}"#, fits: "null",
            not: ["{}": "$: expected a string, but got an object"]),
        Case(
            #"{"enum":["a",1,{"x":1,"y":[2]}]}"#, fits: #""a""#, "1.0", #"{"y":[2.0],"x":1}"#,
            not: [#""b""#: #"$: expected one of "a", 1, an object, but got "b""#]),
        Case(#"{"const":"a"}"#, not: [#""A""#: #"$: expected "a", but got "A""#]),
        Case(
            #"{"minimum":1,"exclusiveMaximum":3}"#, fits: "1", "2.9", #""x""#,
            not: [
                "0.5": "$: expected at least 1, but got 0.5", "3": "$: expected less than 3, but got 3",
                "1e999": "$: expected less than 3, but got 1e999",
            ]),
        Case(
            #"{"minimum":1,"exclusiveMinimum":true}"#, fits: "2",
            not: ["1": "$: expected more than 1, but got 1"]),
        Case(
            #"{"multipleOf":0.1}"#, fits: "0.3", "-7", "1e300",
            not: ["0.25": "$: expected a multiple of 0.1, but got 0.25"]),
        Case(
            #"{"minLength":2,"maxLength":2}"#, fits: #""👍é""#,
            not: [#""a""#: "$: expected at least 2 characters, but got 1"]),
        Case(
            #"{"format":"date"}"#, fits: #""2024-02-29""#, "1",
            not: [#""2023-02-29""#: #"$: expected the format date, but got "2023-02-29""#]),
        Case("false", not: ["1": "$: nothing is allowed here"]), Case("true", fits: "1"),
        Case("{}", fits: "1"),
        Case(#"{"type":"text","minLength":"x","properties":[],"foo":1}"#, fits: "1"),
    ]

    static let containers = [
        Case(
            #"{"type":"object","properties":{"a":{"type":"array","items":{"properties":{"p":{"type":"number"}}}}},"required":["a"],"additionalProperties":false}"#,
            fits: #"{"a":[]}"#,
            not: [
                #"{"a":[{},{"p":"x"}]}"#: "$.a[1].p: expected a number, but got a string",
                "{}": #"$: the property "a" is missing"#,
                #"{"a":[],"b c":1}"#: #"$: the property "b c" is not allowed"#,
            ]),
        Case(
            #"{"additionalProperties":{"type":"null"}}"#,
            not: [#"{"b c":1}"#: #"$["b c"]: expected null, but got a number"#]),
        Case(#"{"patternProperties":{"^x":{}},"additionalProperties":false}"#, fits: #"{"xy":1}"#),
        Case(
            #"{"minProperties":1,"maxProperties":1}"#,
            not: [
                "{}": "$: expected at least 1 property, but got 0",
                #"{"a":1,"b":1}"#: "$: expected at most 1 property, but got 2",
            ]),
        Case(
            #"{"propertyNames":{"maxLength":1}}"#,
            not: [#"{"ab":1}"#: #"$: the property name "ab": expected at most 1 character, but got 2"#]),
        Case(
            #"{"dependentRequired":{"a":["b"]},"dependentSchemas":{"c":{"required":["d"]}},"dependencies":{"e":["f"]}}"#,
            fits: "{}",
            not: [
                #"{"a":1}"#: #"$: the property "b" is missing"#,
                #"{"c":1}"#: #"$: the property "d" is missing"#,
                #"{"e":1}"#: #"$: the property "f" is missing"#,
            ]),
        Case(
            #"{"prefixItems":[{"type":"string"}],"items":{"type":"number"}}"#, fits: #"["a",1]"#,
            not: [
                "[1]": "$[0]: expected a string, but got a number",
                #"["a","b"]"#: "$[1]: expected a number, but got a string",
            ]),
        Case(
            #"{"items":[{"type":"string"}],"additionalItems":false}"#, fits: #"["a"]"#,
            not: [#"["a",1]"#: "$[1]: nothing is allowed here"]),
        Case(#"{"minItems":2,"maxItems":2}"#, not: ["[1]": "$: expected at least 2 items, but got 1"]),
        Case(
            #"{"uniqueItems":true}"#, fits: "[1,2]",
            not: ["[1,2,1.0]": "$[2]: the same as item 0, but items must differ"]),
        Case(
            #"{"contains":{"type":"string"}}"#, fits: #"[1,"a"]"#,
            not: ["[1]": "$: expected at least 1 matching item, but got 0"]),
    ]

    static let combinations = [
        Case(
            #"{"anyOf":[{"type":"string"},{"type":"null"}]}"#, fits: "null", #""a""#,
            not: ["1": "$: expected a string, but got a number; or: expected null, but got a number"]),
        Case(
            #"{"oneOf":[{"properties":{"t":{"const":"a"},"x":{"type":"number"}}},{"properties":{"t":{"const":"b"},"y":{"type":"number"}}}]}"#,
            fits: #"{"t":"a","x":1}"#,
            not: [
                #"{"t":"b","y":"q","x":1}"#: #"$.t: expected "a", but got "b""#,
                "{}": "$: fits 2 forms of which exactly one is allowed",
            ]),
        Case(
            #"{"anyOf":[{"properties":{"t":{"const":"a"}}},{"properties":{"t":{"const":"b"},"y":{"minimum":1}}}]}"#,
            not: [#"{"t":"b","y":0}"#: "$.y: expected at least 1, but got 0"]),
        Case(
            #"{"allOf":[{"minimum":1},{"maximum":2}]}"#, fits: "1",
            not: ["3": "$: expected at most 2, but got 3"]),
        Case(#"{"not":{"type":"null"}}"#, fits: "1", not: ["null": "$: this value is excluded"]),
        Case(
            #"{"if":{"properties":{"a":{"const":1}}},"then":{"required":["b"]},"else":{"required":["c"]}}"#,
            fits: #"{"a":1,"b":1}"#, #"{"a":2,"c":1}"#, not: [#"{"a":1}"#: #"$: the property "b" is missing"#]
        ),
        Case(
            ##"{"$ref":"#/$defs/a~1b%25","$defs":{"a/b%":{"type":"object","properties":{"next":{"$ref":"#"},"v":{"$ref":"#here"}}},"x":{"$anchor":"here","type":"number"}}}"##,
            fits: #"{"next":{"next":{"v":1}}}"#,
            not: [#"{"next":{"next":{"v":"x"}}}"#: "$.next.next.v: expected a number, but got a string"]),
    ]

    @Test(arguments: scalars + containers + combinations)
    func `values are held against the schema`(_ test: Case) throws {
        let schema = try schema(test.schema)
        for value in test.fitting { #expect(schema.complaint(about: try json(value)) == nil, "\(value)") }
        for (value, complaint) in test.other {
            #expect(schema.complaint(about: try json(value)) == complaint)
        }
    }

    @Test func `long values are cut in complaints`() throws {
        let long = String(repeating: "x", count: 1000)
        for text in [
            #"{"enum":["a","b"]}"#, #"{"const":"\#(long)"}"#, #"{"format":"uuid"}"#,
            #"{"required":["\#(long)"]}"#,
        ] {
            let values: [JSONValue] = [.string(long + "y"), .object(JSONObject())]
            let complaints = try values.compactMap { try schema(text).complaint(about: $0) }
            #expect(!complaints.isEmpty && complaints.allSatisfy { $0.count < 250 }, "\(complaints)")
        }
        let many = try schema("{\"enum\":[\((0..<1000).map { "\"value\($0)\"" }.joined(separator: ","))]}")
        #expect(try #require(many.complaint(about: 1)).count < 500)
        let nested = try json(String(repeating: "[", count: 200) + String(repeating: "]", count: 200))
        let deep = try schema(##"{"type":"array","items":{"$ref":"#"},"minItems":1}"##)
        #expect(try #require(deep.complaint(about: nested)).count < 200)
    }

    @Test func `too much work counts as fitting`() throws {
        var text = #"{"type":"null"}"#
        for _ in 0..<14 { text = #"{"anyOf":[\#(text),\#(text)]}"# }
        #expect(throws: Failure.self) { try schema(text) }
        let levels = (0..<40).map { level in
            let next = ##"{"$ref":"#/$defs/l\##(level + 1)"}"##
            return "\"l\(level)\":{\"anyOf\":[\(next),\(next)]}"
        }
        let wide = try schema(
            ##"{"$ref":"#/$defs/l0","$defs":{\##(levels.joined(separator: ",")),"l40":{"type":"null"}}}"##)
        #expect(wide.complaint(about: 1) == nil)
        #expect(wide.coerced("1") == nil)
    }

    @Test(arguments: [
        ("1", "schema must be an object, got number"),
        (##"{"$ref":"#"}"##, "schema refers to itself without an end"),
        (
            ##"{"anyOf":[{"type":"null"},{"allOf":[{"$ref":"#/anyOf/1"}]}]}"##,
            "schema refers to itself without an end"
        ),
        (
            ##"{"properties":{"a":{"$ref":"#/x"}}}"##,
            "In context=('properties', 'a'), reference to component '#/x' which was not found in the schema"
        ),
        (
            #"{"items":{"$ref":"https://example.com/a"}}"#,
            "In context=('items',), reference to component 'https://example.com/a' which was not found in the schema"
        ),
        (
            ##"{"$ref":"#nowhere"}"##,
            "In context=(), reference to component '#nowhere' which was not found in the schema"
        ),
    ])
    func `schemas that cannot be used are refused`(_ text: String, _ sentence: String) throws {
        let failure = #expect(throws: Failure.self) { try schema(text) }
        #expect(
            failure
                == Failure(
                    .invalidRequest, "Invalid schema for 'p': \(sentence).", parameter: "p",
                    code: "invalid_schema"))
    }

    @Test func `sizes are limited`() throws {
        let deep = { String(repeating: #"{"items":"#, count: $0) + "{}" + String(repeating: "}", count: $0) }
        _ = try schema(deep(127))
        #expect(throws: Failure.self) { try schema(deep(128)) }
        let long = { #"{"description":"\#(String(repeating: "x", count: $0 - 18))"}"# }
        _ = try schema(long(JSONSchema.maximumBytes))
        #expect(throws: Failure.self) { try schema(long(JSONSchema.maximumBytes + 1)) }
    }
}
