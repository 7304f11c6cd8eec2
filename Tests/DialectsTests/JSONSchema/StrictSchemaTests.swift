import Dialects
import Testing
import Wire

struct StrictSchemaTests {
    private static func object(_ properties: String, _ rest: String = "") -> String {
        let keys = (try? json("{\(properties)}"))?.objectValue?.members.map { "\"\($0.key)\"" } ?? []
        return
            #"{"type":"object","properties":{\#(properties)},"required":[\#(keys.joined(separator: ","))],"additionalProperties":false\#(rest)}"#
    }

    @Test(arguments: [
        object(#""a":{"type":["string","null"],"description":"d","pattern":"^a$","format":"email"}"#),
        object(
            #""a":{"type":"number","multipleOf":2,"maximum":1,"exclusiveMaximum":1,"minimum":0,"exclusiveMinimum":0}"#
        ),
        object(
            #""a":{"type":"array","items":{"type":"boolean"},"minItems":1,"maxItems":2},"b":{"enum":["x"]},"c":{"const":1}"#
        ),
        object(
            ##""a":{"anyOf":[{"$ref":"#"},{"$ref":"#/$defs/d"},{"type":"null"}]}"##,
            #","$defs":{"d":\#(object(""))},"title":"t""#),
    ])
    func `what is documented is permitted`(_ text: String) throws {
        _ = try JSONSchema(json(text), strictness: .strict, path: "p")
    }

    static let required =
        "'required' is required to be supplied and to be an array including every key in properties"

    @Test(arguments: [
        (
            #"{"type":"array","items":{}}"#,
            "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"array\"'"
        ),
        ("{}", "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"None\"'"),
        (#"{"anyOf":[{"type":"object"}]}"#, "In context=(), 'anyOf' is not permitted"),
        (object("", #","anyOf":[{"type":"null"}]"#), "In context=(), 'anyOf' is not permitted"),
        (object(#""x":{"type":"string","if":{}}"#), "In context=('properties', 'x'), 'if' is not permitted"),
        (
            object(#""x":{"type":"string","minLength":1}"#),
            "In context=('properties', 'x'), 'minLength' is not permitted"
        ),
        (
            object(#""x":{"type":"array","items":{"oneOf":[]}}"#),
            "In context=('properties', 'x', 'items'), 'oneOf' is not permitted"
        ),
        (
            #"{"type":"object","properties":{}}"#,
            "In context=(), 'additionalProperties' is required to be supplied and to be false"
        ),
        (
            object(#""x":{"type":"object"}"#),
            "In context=('properties', 'x'), 'additionalProperties' is required to be supplied and to be false"
        ),
        (
            #"{"type":"object","properties":{"a":{"type":"null"}},"additionalProperties":false}"#,
            "In context=(), \(required). Missing 'a'"
        ),
        (
            #"{"type":"object","properties":{},"required":["b"],"additionalProperties":false}"#,
            "In context=(), \(required). Extra required key 'b' supplied"
        ),
        (object(#""x":{}"#), "In context=('properties', 'x'), schema must have a 'type' key"),
        (object(#""x":{"type":"array"}"#), "In context=('properties', 'x'), array schema missing items"),
        (
            object(#""x":{"type":"text"}"#),
            "In context=('properties', 'x', 'type'), 'text' is not a known type"
        ),
        (
            object(#""x":{"type":"array","items":{"type":"null"},"minItems":"1"}"#),
            "In context=('properties', 'x', 'minItems'), \"1\" is not of type 'integer'"
        ),
        (object(#""x":"string""#), "In context=('properties', 'x'), \"string\" is not of type 'object'"),
    ])
    func `what is not documented is named with its place`(_ text: String, _ sentence: String) throws {
        let failure = #expect(throws: Failure.self) {
            try JSONSchema(json(text), strictness: .strict, path: "tools[0].function.parameters")
        }
        #expect(failure?.message == "Invalid schema for 'tools[0].function.parameters': \(sentence).")
        #expect(failure?.parameter == "tools[0].function.parameters" && failure?.code == "invalid_schema")
        #expect(failure?.kind == .invalidRequest)
    }

    @Test func `limits hold at the limit and not past it`() throws {
        let nested = { (levels: Int) in
            (1..<levels).reduce(Self.object("")) { inner, _ in Self.object("\"a\":\(inner)") }
        }
        _ = try JSONSchema(json(nested(10)), strictness: .strict, path: "p")
        #expect(throws: Failure.self) { try JSONSchema(json(nested(11)), strictness: .strict, path: "p") }
        let listed = { (count: Int) in
            Self.object("\"a\":{\"enum\":[\((0..<count).map(String.init).joined(separator: ","))]}")
        }
        _ = try JSONSchema(json(listed(1000)), strictness: .strict, path: "p")
        #expect(throws: Failure.self) { try JSONSchema(json(listed(1001)), strictness: .strict, path: "p") }
        let properties = { (count: Int) in
            Self.object((0..<count).map { "\"p\($0)\":{\"type\":\"null\"}" }.joined(separator: ","))
        }
        _ = try JSONSchema(json(properties(5000)), strictness: .strict, path: "p")
        #expect(throws: Failure.self) {
            try JSONSchema(json(properties(5001)), strictness: .strict, path: "p")
        }
        let characters = { (count: Int) in
            Self.object("\"a\":{\"const\":\"\(String(repeating: "x", count: count - 1))\"}")
        }
        _ = try JSONSchema(json(characters(120_000)), strictness: .strict, path: "p")
        #expect(throws: Failure.self) {
            try JSONSchema(json(characters(120_001)), strictness: .strict, path: "p")
        }
    }
}
