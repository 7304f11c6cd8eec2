import Testing
import Wire

@Suite struct JSONValueTests {
    func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

    @Test func `key order, duplicates and number text survive`() throws {
        let text = #"{"z":1.0,"a":1e2,"z":-0,"m":{"b":0.10,"a":123456789012345678901234567890}}"#
        #expect(String(decoding: try parse(text).serialized(), as: UTF8.self) == text)
    }

    @Test func `the last of duplicate keys wins`() throws {
        #expect(try parse(#"{"a":1,"b":2,"a":3}"#)["a"]?.intValue == 3)
    }

    @Test func `keys are compared by bytes and not by canonical equivalence`() throws {
        let composed = "\u{E9}"
        let decomposed = "e\u{301}"
        let value = try parse(#"{"\#(composed)":1,"\#(decomposed)":2}"#)
        #expect(value[composed]?.intValue == 1)
        #expect(value[decomposed]?.intValue == 2)
        #expect(JSONValue.string(composed) != JSONValue.string(decomposed))
    }

    @Test func `accessors answer nil for other types`() throws {
        let all: [JSONValue] = [.null, true, 1, "s", [], [:]]
        #expect(all.map { $0.isNull } == [true, false, false, false, false, false])
        #expect(all.map { $0.boolValue } == [nil, true, nil, nil, nil, nil])
        #expect(all.map { $0.intValue } == [nil, nil, 1, nil, nil, nil])
        #expect(all.map { $0.doubleValue } == [nil, nil, 1, nil, nil, nil])
        #expect(all.map { $0.stringValue } == [nil, nil, nil, "s", nil, nil])
        #expect(all.map { $0.arrayValue } == [nil, nil, nil, nil, [], nil])
        #expect(all.map { $0.objectValue } == [nil, nil, nil, nil, nil, JSONObject()])
        #expect(all.allSatisfy { $0["a"] == nil })
        #expect(all.map(\.typeName) == ["null", "boolean", "number", "string", "array", "object"])
    }

    @Test func `values of different types differ`() {
        let all: [JSONValue] = [.null, true, false, 1, "1", [], [1], [:], ["a": 1], ["a": 2], ["b": 1]]
        for (index, left) in all.enumerated() {
            for (other, right) in all.enumerated() { #expect((left == right) == (index == other)) }
        }
    }

    @Test(arguments: [1, 2, 7, 256, 512])
    func `nesting is taken at the limit and refused one past it`(_ limit: Int) throws {
        for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
            func nested(_ depth: Int) -> [UInt8] {
                let text = String(repeating: open, count: depth - 1) + (open == "[" ? "[]" : "{}")
                return Array((text + String(repeating: close, count: depth - 1)).utf8)
            }
            _ = try JSONValue(parsing: nested(limit), maximumDepth: limit)
            try JSONScanner.validate(nested(limit).span, maximumDepth: limit)
            let expected = (limit) * open.utf8.count
            let error = #expect(throws: JSONError.self) {
                try JSONValue(parsing: nested(limit + 1), maximumDepth: limit)
            }
            #expect(error?.code == .tooDeep)
            #expect(error?.offset == expected)
            let scannerError = #expect(throws: JSONError.self) {
                try JSONScanner.validate(nested(limit + 1).span, maximumDepth: limit)
            }
            #expect(scannerError == error)
        }
    }

    @Test func `a depth of zero takes scalars only`() throws {
        #expect(try JSONValue(parsing: Array("1".utf8), maximumDepth: 0) == 1)
        #expect(throws: JSONError.self) { try JSONValue(parsing: Array("[]".utf8), maximumDepth: 0) }
    }

    @Test(arguments: ["[", #"{"a":"#, #"[{"a":"#])
    func `ten thousand levels are refused whatever depth is asked for`(_ open: String) {
        let bytes = Array(String(repeating: open, count: 10_000).utf8)
        for depth in [256, 512, 513, 1_000_000, Int.max] {
            let error = #expect(throws: JSONError.self) {
                try JSONValue(parsing: bytes, maximumDepth: depth)
            }
            #expect(error?.code == .tooDeep)
            let scannerError = #expect(throws: JSONError.self) {
                try JSONScanner.validate(bytes.span, maximumDepth: depth)
            }
            #expect(scannerError == error)
        }
    }

    @Test func `an error has line and column`() {
        let cases: [(String, Int, Int)] = [
            ("[1,\n  2,\n  x]", 3, 3), ("[1,\r\n\r\nx]", 3, 1), ("[1,\r\rx]", 3, 1), ("x", 1, 1),
            ("[\"é\", x]", 1, 8), ("[\n", 2, 1),
        ]
        for (text, line, column) in cases {
            let error = #expect(throws: JSONError.self) { try parse(text) }
            #expect(error?.line == line)
            #expect(error?.column == column)
            #expect(error?.description == "\(line):\(column): \(error?.message ?? "")")
        }
    }

    @Test func `every code has its own sentence`() {
        let errors = JSONError.Code.allCases.map { JSONError(code: $0, offset: 0, line: 1, column: 1) }
        #expect(Set(errors.map(\.message)).count == JSONError.Code.allCases.count)
    }

    @Test func `an object sets, replaces and removes members`() {
        var object = JSONObject([
            .init(key: "a", value: 1), .init(key: "b", value: 2), .init(key: "a", value: 3),
            .init(key: "c", value: 4),
        ])
        object["a"] = 5
        #expect(object.members.map(\.key) == ["b", "a", "c"])
        #expect(object["a"] == 5)
        object["d"] = .null
        #expect(object.members.map(\.key) == ["b", "a", "c", "d"])
        object["a"] = nil
        object["x"] = nil
        #expect(object.members.map(\.key) == ["b", "c", "d"])
        #expect(object["a"] == nil)
        #expect(object["d"] == .null)
    }
}
