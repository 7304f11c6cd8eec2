import CGI
import GatewayTestSupport
import Testing

@testable import SCGI

@Suite struct HeaderScannerTests {
    @Test(arguments: [0, 1, 5, 40_000])
    func `every beginning of a request needs more, then has parameters, and only the whole is complete`(
        bodyBytes: Int
    ) {
        let head = SCGIClient.head([("LONG", String(repeating: "x", count: 300))], announcing: bodyBytes)
        let request = head + [UInt8](repeating: 7, count: bodyBytes)
        let slot = SCGISlot(connection: -1)
        for length in stride(from: 0, to: request.count, by: bodyBytes > 1000 ? 97 : 1) {
            let expected = length < head.count ? RequestScan.needsMore : .hasParameters
            #expect(slot.scan(Array(request[..<length]).span) == expected, "\(length)")
        }
        #expect(slot.scan(request.span) == .isComplete(bodyBytes: bodyBytes))
        #expect(slot.scan((request + [0]).span) == .isMalformed)
    }

    @Test func `the specification's example is read as it says`() {
        let request = Array(
            "70:CONTENT_LENGTH\u{0}27\u{0}SCGI\u{0}1\u{0}REQUEST_METHOD\u{0}POST\u{0}REQUEST_URI\u{0}/deepthought\u{0},What is the answer to life?"
                .utf8)
        #expect(
            HeaderScanner.scan(request.span)
                == .isComplete(HeaderScanner.Headers(block: 3..<73, count: 4, bodyBytes: 27)))
        #expect(SCGISlot(connection: -1).scan(request.span) == .isComplete(bodyBytes: 27))
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]

        init(_ testDescription: String, _ bytes: [UInt8]) {
            self.testDescription = testDescription
            self.bytes = bytes
        }

        /// A netstring of names and values, written with a bar for each NUL.
        init(_ testDescription: String, headers: String) {
            let content = headers.utf8.map { $0 == UInt8(ascii: "|") ? 0 : $0 }
            self.init(testDescription, SCGIClient.netstring(content))
        }
    }

    @Test(arguments: [
        Case("HTTP", Array("GET / HTTP/1.1\r\n\r\n".utf8)),
        Case("FastCGI", FastCGIClient.begin()),
        Case("NULs", [UInt8](repeating: 0, count: 40)),
        Case("no length", Array(":CONTENT_LENGTH".utf8)),
        Case("a length that begins with a zero", Array("042:CONTENT_LENGTH".utf8)),
        Case("a length of zero", Array("0:,".utf8)),
        Case("a length with a sign", Array("+42:CONTENT_LENGTH".utf8)),
        Case("a negative length", Array("-42:CONTENT_LENGTH".utf8)),
        Case("a length with a space", Array("42 :CONTENT_LENGTH".utf8)),
        Case("a length without a colon", Array("42CONTENT_LENGTH".utf8)),
        Case("a length over the limit", Array("\(HeaderScanner.maximumBytes + 1):C".utf8)),
        Case("a length of seven digits", Array("1000000:C".utf8)),
        Case("a length that overflows", Array("99999999999999999999999:C".utf8)),
        Case("a length too short for what must be there", Array("23:CONTENT_LENGTH".utf8)),
        Case("another header first", headers: "SCGI|1|CONTENT_LENGTH|0|"),
        Case("no CONTENT_LENGTH", headers: "SCGI|1|REQUEST_METHOD|GET|A|b|"),
        Case("an empty CONTENT_LENGTH", headers: "CONTENT_LENGTH||SCGI|1|A|b|"),
        Case("a CONTENT_LENGTH with a leading zero", headers: "CONTENT_LENGTH|05|SCGI|1|"),
        Case("a CONTENT_LENGTH of two zeros", headers: "CONTENT_LENGTH|00|SCGI|1|"),
        Case("a negative CONTENT_LENGTH", headers: "CONTENT_LENGTH|-5|SCGI|1|"),
        Case("a CONTENT_LENGTH with a plus sign", headers: "CONTENT_LENGTH|+5|SCGI|1|"),
        Case("a CONTENT_LENGTH with a space", headers: "CONTENT_LENGTH| 5|SCGI|1|"),
        Case("a hexadecimal CONTENT_LENGTH", headers: "CONTENT_LENGTH|0x5|SCGI|1|"),
        Case("a CONTENT_LENGTH that overflows", headers: "CONTENT_LENGTH|9223372036854775808|SCGI|1|"),
        Case("a CONTENT_LENGTH with two values", headers: "CONTENT_LENGTH|5, 5|SCGI|1|"),
        Case("CONTENT_LENGTH twice", headers: "CONTENT_LENGTH|5|SCGI|1|CONTENT_LENGTH|5|"),
        Case("CONTENT_LENGTH twice, different", headers: "CONTENT_LENGTH|5|SCGI|1|CONTENT_LENGTH|50|"),
        Case("no SCGI", headers: "CONTENT_LENGTH|0|REQUEST_METHOD|GET|"),
        Case("SCGI 2", headers: "CONTENT_LENGTH|0|SCGI|2|"),
        Case("SCGI 10", headers: "CONTENT_LENGTH|0|SCGI|10|"),
        Case("an empty SCGI", headers: "CONTENT_LENGTH|0|SCGI||A|b|"),
        Case("SCGI twice", headers: "CONTENT_LENGTH|0|SCGI|1|SCGI|1|"),
        Case("a value without an end", headers: "CONTENT_LENGTH|0|SCGI|1|A|b"),
        Case("a name without a value", headers: "CONTENT_LENGTH|0|SCGI|1|A|"),
        Case("a name without an end", headers: "CONTENT_LENGTH|0|SCGI|1|A"),
        Case("an empty name", headers: "CONTENT_LENGTH|0|SCGI|1||b|"),
        Case("a NUL too many", headers: "CONTENT_LENGTH|0|SCGI|1||"),
        Case(
            "no comma",
            SCGIClient.netstring(SCGIClient.headers([("CONTENT_LENGTH", "0"), ("SCGI", "1")])).dropLast() + [
                0
            ]),
        Case("a body that was not announced", SCGIClient.head([], announcing: 0) + [65]),
    ])
    func `what SCGI does not allow is malformed, however it comes`(_ example: Case) {
        let slot = SCGISlot(connection: -1)
        #expect(slot.scan(example.bytes.span) == .isMalformed)
        // And nothing that comes before it makes a request of it.
        for length in 0..<example.bytes.count {
            let result = slot.scan(Array(example.bytes[..<length]).span)
            let isHeadOnly = example.testDescription == "a body that was not announced"
            #expect(result == .needsMore || result == .isMalformed || isHeadOnly, "\(length)")
        }
    }

    @Test func `the largest head is read, and fits into what is looked at`() {
        let fixed = SCGIClient.headers([("CONTENT_LENGTH", "9"), ("SCGI", "1"), ("A", "")]).count
        let value = String(repeating: "x", count: HeaderScanner.maximumBytes - fixed)
        let head = SCGIClient.netstring(
            SCGIClient.headers([("CONTENT_LENGTH", "9"), ("SCGI", "1"), ("A", value)]))
        #expect(head.count == RequestScan.maximumBytes)
        #expect(SCGISlot(connection: -1).scan(head.span) == .hasParameters)
    }

    @Test(arguments: ["0", "1", "9", "10", "999999999999999999"])
    func `a length is read as the number it is`(digits: String) throws {
        let bytes = SCGIClient.netstring(SCGIClient.headers([("CONTENT_LENGTH", digits), ("SCGI", "1")]))
        guard case .isComplete(let headers) = HeaderScanner.scan(bytes.span) else {
            Issue.record("not complete")
            return
        }
        #expect(headers.bodyBytes == Int(digits))
    }
}
