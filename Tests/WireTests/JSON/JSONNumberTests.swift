import Testing
import Wire

@Suite struct JSONNumberTests {
    struct Case: CustomTestStringConvertible {
        var text: String
        var int: Int?
        var double: Double?
        var testDescription: String { text }
    }

    static let cases = [
        Case(text: "0", int: 0, double: 0),
        Case(text: "-0", int: 0, double: -0.0),
        Case(text: "42", int: 42, double: 42),
        Case(text: "-42", int: -42, double: -42),
        Case(text: "9223372036854775807", int: .max, double: 9_223_372_036_854_775_808),
        Case(text: "9223372036854775808", int: nil, double: 9_223_372_036_854_775_808),
        Case(text: "-9223372036854775808", int: .min, double: -9_223_372_036_854_775_808),
        Case(text: "-9223372036854775809", int: nil, double: -9_223_372_036_854_775_808),
        Case(text: "1.0", int: 1, double: 1),
        Case(text: "1e3", int: 1000, double: 1000),
        Case(text: "-1.5e1", int: -15, double: -15),
        Case(text: "1.5", int: nil, double: 1.5),
        Case(text: "0.1", int: nil, double: 0.1),
        Case(text: "9007199254740991.0", int: 9_007_199_254_740_991, double: 9_007_199_254_740_991),
        Case(text: "9007199254740993.0", int: nil, double: 9_007_199_254_740_992),
        Case(text: "1e18", int: nil, double: 1e18),
        Case(text: "1e400", int: nil, double: nil),
        Case(text: "-1e400", int: nil, double: nil),
        Case(text: "1e-400", int: 0, double: 0),
        Case(text: "123456789012345678901234567890", int: nil, double: 1.2345678901234568e29),
    ]

    @Test(arguments: cases)
    func `a number keeps its text and tells its value`(_ number: Case) throws {
        let value = try JSONValue(parsing: Array(number.text.utf8))
        #expect(value.intValue == number.int)
        #expect(value.doubleValue == number.double)
        #expect(String(decoding: value.serialized(), as: UTF8.self) == number.text)
        #expect(JSONNumber(text: number.text)?.text == number.text)
    }

    @Test(arguments: [
        "", "-", "+1", "01", "1.", ".5", "1e", "0x1", "1 ", " 1", "NaN", "1,2", "é", "--1", "1-",
    ])
    func `what is no JSON number is not made into one`(_ text: String) {
        #expect(JSONNumber(text: text) == nil)
    }

    @Test func `numbers are made of Swift's`() {
        #expect(JSONNumber(Int.min).text == "-9223372036854775808")
        #expect(JSONNumber(0.1)?.text == "0.1")
        #expect(JSONNumber(1e300)?.text == "1e+300")
        #expect(JSONNumber(Double.infinity) == nil)
        #expect(JSONNumber(Double.nan) == nil)
    }

    @Test func `numbers are equal when their texts are`() {
        #expect(JSONNumber(text: "1") == JSONNumber(1))
        #expect(JSONNumber(text: "1.0") != JSONNumber(1))
    }
}
