import Dialects
import Testing
import Wire

struct RetryAfterTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let fields: [(String, String)]
        let seconds: Int?
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "absent", fields: [], seconds: nil),
        Case(name: "seconds", fields: [("Retry-After", "30")], seconds: 30),
        Case(name: "blanks", fields: [("Retry-After", " 7 ")], seconds: 7),
        Case(name: "a fraction", fields: [("Retry-After", "0.2")], seconds: 1),
        Case(name: "zero", fields: [("Retry-After", "0")], seconds: 0),
        Case(name: "negative", fields: [("Retry-After", "-1")], seconds: nil),
        Case(name: "huge", fields: [("Retry-After", "99999999999999999999999")], seconds: 86_400),
        Case(name: "not a number", fields: [("Retry-After", "nan")], seconds: nil),
        Case(name: "infinite", fields: [("Retry-After", "inf")], seconds: nil),
        Case(name: "words", fields: [("Retry-After", "soon")], seconds: nil),
        Case(
            name: "a date",
            fields: [
                ("Date", "Wed, 21 Oct 2015 07:28:00 GMT"), ("Retry-After", "Wed, 21 Oct 2015 07:29:05 GMT"),
            ], seconds: 65),
        Case(
            name: "a date over a leap day",
            fields: [
                ("Date", "Sat, 28 Feb 2032 23:59:59 GMT"), ("Retry-After", "Sun, 29 Feb 2032 00:00:01 GMT"),
            ], seconds: 2),
        Case(
            name: "a date long gone",
            fields: [
                ("Date", "Wed, 21 Oct 2015 07:28:00 GMT"), ("Retry-After", "Thu, 01 Jan 1970 00:00:00 GMT"),
            ], seconds: 0),
        Case(
            name: "a date without a clock", fields: [("Retry-After", "Wed, 21 Oct 2015 07:29:05 GMT")],
            seconds: nil),
        Case(
            name: "a date that is none",
            fields: [
                ("Date", "Wed, 21 Oct 2015 07:28:00 GMT"), ("Retry-After", "Wed, 41 Oct 2015 07:28:00 GMT"),
            ],
            seconds: nil),
    ]

    @Test(arguments: cases) func `the time to wait is read`(_ test: Case) {
        #expect(RetryAfter.seconds(HeaderFields(test.fields)) == test.seconds)
    }
}
