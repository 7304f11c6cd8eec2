import Dialects
import Testing
import Wire

struct SchemaCoercionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let schema: String
        let value: String
        let result: String?
        var testDescription: String { "\(schema) \(value)" }
        init(_ schema: String, _ value: String, _ result: String?) {
            (self.schema, self.value, self.result) = (schema, value, result)
        }
    }

    private static let file =
        #"{"type":"object","properties":{"path":{"type":"string"},"limit":{"type":"integer"},"tags":{"type":"array","items":{"type":"string"}}},"required":["path"]}"#

    @Test(arguments: [
        Case(#"{"type":"number"}"#, #""5""#, "5"), Case(#"{"type":"integer"}"#, #""5.5""#, nil),
        Case(#"{"type":"integer"}"#, #""five""#, nil), Case(#"{"type":["number","string"]}"#, #""5""#, nil),
        Case(#"{"type":"boolean"}"#, #""true""#, "true"), Case(#"{"type":"boolean"}"#, #""False""#, "false"),
        Case(#"{"type":"boolean"}"#, #""yes""#, nil), Case(#"{"type":"boolean"}"#, "1", nil),
        Case(#"{"type":["number","null"]}"#, #""null""#, "null"),
        Case(#"{"type":"string"}"#, "0.10", #""0.10""#),
        Case(#"{"type":"string"}"#, "true", #""true""#), Case(#"{"type":"string"}"#, "null", nil),
        Case(#"{"type":"string"}"#, "{}", nil), Case(#"{"type":"string","maxLength":1}"#, "12", nil),
        Case(#"{"type":"array","items":{"type":"string"}}"#, #""a""#, #"["a"]"#),
        Case(#"{"type":"array","items":{"type":"number"}}"#, #""5""#, "[5]"),
        Case(#"{"type":"array","items":{"type":"number"}}"#, #""[1,2]""#, "[1,2]"),
        Case(#"{"type":"array","items":{"type":"number"}}"#, #""x""#, nil),
        Case(#"{"type":"array"}"#, "null", nil),
        Case(#"{"type":"array","items":{"type":"number"}}"#, #"[1,"2"]"#, "[1,2]"),
        Case(#"{"enum":["celsius","kelvin"]}"#, #""Celsius""#, #""celsius""#),
        Case(#"{"enum":["a","A"]}"#, #""á""#, nil),
        Case(#"{"anyOf":[{"type":"integer"},{"type":"null"}]}"#, #""5""#, "5"),
        Case(#"{"anyOf":[{"type":"number"},{"type":"array","items":{"type":"number"}}]}"#, #""5""#, nil),
        Case(file, #"{"path":"a"}"#, nil),
        Case(file, #"{"path":7,"limit":"3","tags":"x"}"#, #"{"path":"7","limit":3,"tags":["x"]}"#),
        Case(file, #"{"path":"a","limit":null,"other":null}"#, #"{"path":"a","other":null}"#),
        Case(file, #"{"path":null}"#, nil),
        Case(file, #"{"parameters":{"path":"a"}}"#, #"{"path":"a"}"#),
        Case(file, #"{"arguments":"{\"path\":\"a\",\"limit\":\"1\"}"}"#, #"{"path":"a","limit":1}"#),
        Case(file, #"{"wrapper":{"path":"a"}}"#, nil), Case(file, #""{\"path\":\"a\"}""#, #"{"path":"a"}"#),
        Case(file, "{}", nil),
        Case(
            ##"{"properties":{"next":{"$ref":"#"},"n":{"type":"number"}}}"##, #"{"next":{"next":{"n":"1"}}}"#,
            #"{"next":{"next":{"n":1}}}"#),
    ])
    func `what the schema shows to be meant is put right`(_ test: Case) throws {
        let schema = try JSONSchema(json(test.schema), strictness: .lenient, path: "p")
        let result = try schema.coerced(json(test.value))
        #expect(result == (try test.result.map { try json($0) }))
        if let result { #expect(schema.complaint(about: result) == nil) }
    }

    @Test(arguments: [
        (
            "date-time", ["2024-01-31T23:59:60.5Z", "2024-01-31t00:00:00+01:30"],
            ["2024-01-31", "2024-01-31T24:00:00Z", "2024-01-31T00:00:00", "2024-01-31T00:00:00.Z"]
        ),
        ("time", ["10:00:00Z"], ["10:00Z", "10:00:00+1:00"]),
        ("date", ["2000-02-29"], ["1900-02-29", "2024-13-01", "24-01-01", "2024-1-01"]),
        ("email", ["a.b+c@example.com"], ["a", "@b", "a@", "a b@c", "a@-b"]),
        (
            "uuid", ["123E4567-e89b-12d3-a456-426614174000"],
            ["123e4567e89b12d3a456426614174000", "123e4567-e89b-12d3-a456-42661417400g"]
        ),
        ("ipv4", ["127.0.0.1"], ["256.0.0.1", "1.2.3", "01.2.3.4", "1.2.3.4.5"]),
        ("hostname", ["a-1.example"], ["-a", "a..b", "a_b", ""]), ("uri", ["whatever"], []),
    ])
    func `formats`(_ format: String, _ right: [String], _ wrong: [String]) throws {
        let schema = try JSONSchema(["format": .string(format)], strictness: .lenient, path: "p")
        for text in right { #expect(schema.complaint(about: .string(text)) == nil, "\(text)") }
        for text in wrong { #expect(schema.complaint(about: .string(text)) != nil, "\(text)") }
    }
}
