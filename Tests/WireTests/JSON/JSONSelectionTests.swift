import Testing
import Wire

@Suite struct JSONSelectionTests {
    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let text: String
        let kept: String
    }

    static let cases = [
        Case(
            testDescription: "members at every level",
            text: #"{"z":0,"a":{"b":[1,{"c":2}],"x":3},"y":{"a":4}}"#,
            kept: #"{"a":{"b":[1,{"c":2}]}}"#),
        Case(
            testDescription: "duplicates", text: #"{"a":{"b":1},"a":{"b":2}}"#,
            kept: #"{"a":{"b":1},"a":{"b":2}}"#),
        Case(
            testDescription: "elements of arrays", text: #"{"a":[{"b":1,"x":2},{"x":3}]}"#,
            kept: #"{"a":[{"b":1},{}]}"#),
        Case(testDescription: "another type than expected", text: #"{"a":"b"}"#, kept: #"{"a":"b"}"#),
        Case(testDescription: "no object", text: #"["a",1]"#, kept: #"["a",1]"#),
        Case(
            testDescription: "longer and shorter keys", text: #"{"":1,"aa":2,"a":{"bb":3,"":4}}"#,
            kept: #"{"a":{}}"#),
        Case(
            testDescription: "a key with escapes", text: #"{"\u0061":{"x":1},"b":2}"#, kept: #"{"a":{"x":1}}"#
        ),
    ]

    private static let selection: JSONSelection = ["a": ["b": .everything]]

    @Test(arguments: cases)
    func `only what is selected becomes a value`(_ example: Case) throws {
        let value = try JSONValue(parsing: Array(example.text.utf8).span, selecting: Self.selection)
        #expect(String(decoding: value.serialized(), as: UTF8.self) == example.kept)
    }

    @Test(arguments: [
        #"{"x":tru}"#, #"{"x":[1,]}"#, #"{"x" 1}"#, #"{"x":"\ud800"}"#, #"{"x":1,}"#, #"{"a":{"x":01}}"#,
        "{\"\u{1}\":1}", #"{"x":{"y":{"z":{}}}}"#,
    ])
    func `what is left out has to be right nevertheless`(_ text: String) {
        let bytes = Array(text.utf8)
        var selected: JSONError?
        var whole: JSONError?
        do throws(JSONError) {
            _ = try JSONValue(parsing: bytes.span, maximumDepth: 3, selecting: Self.selection)
        } catch {
            selected = error
        }
        do throws(JSONError) { _ = try JSONValue(parsing: bytes.span, maximumDepth: 3) } catch {
            whole = error
        }
        #expect(whole != nil)
        #expect(selected == whole)
    }
}
