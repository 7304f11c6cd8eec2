import CGI
import GatewayTestSupport
import Testing

@testable import FastCGI

@Suite struct RecordScannerTests {
    @Test(arguments: [0, 1, 5, 40_000])
    func `every beginning of a request needs more, then has parameters, and only the whole is complete`(
        bodyBytes: Int
    ) {
        let head =
            FastCGIClient.begin()
            + FastCGIClient.parameters([("A", "1"), ("LONG", String(repeating: "x", count: 300))])
        let request = head + FastCGIClient.body([UInt8](repeating: 7, count: bodyBytes))
        for length in stride(from: 0, through: request.count, by: bodyBytes > 1000 ? 97 : 1) {
            let result = RecordScanner.scan(Array(request[..<length]).span)
            if length < head.count {
                #expect(result == .needsMore, "\(length)")
            } else if length < request.count {
                #expect(result == .hasParameters, "\(length)")
            }
        }
        #expect(RecordScanner.scan(request.span) == .isComplete(bodyBytes: bodyBytes))
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
    }

    @Test(arguments: [
        Case(testDescription: "HTTP", bytes: Array("GET / HTTP/1.1\r\n\r\n".utf8)),
        Case(testDescription: "version 2", bytes: [2, 1, 0, 1, 0, 8, 0, 0]),
        Case(testDescription: "authorizer", bytes: FastCGIClient.begin(role: 2)),
        Case(testDescription: "parameters first", bytes: FastCGIClient.parameters([("A", "1")])),
        Case(testDescription: "body first", bytes: FastCGIClient.begin() + FastCGIClient.body([1])),
        Case(testDescription: "two beginnings", bytes: FastCGIClient.begin() + FastCGIClient.begin()),
        Case(testDescription: "aborted", bytes: FastCGIClient.begin() + FastCGIClient.record(2, [])),
        Case(testDescription: "short beginning", bytes: FastCGIClient.record(1, [0, 1])),
        Case(
            testDescription: "another request's end of parameters",
            bytes: FastCGIClient.begin() + [1, 4, 0, 2, 0, 0, 0, 0]),
        Case(
            testDescription: "management between",
            bytes: FastCGIClient.begin() + [1, 4, 0, 0, 0, 0, 0, 0]),
        Case(testDescription: "request 0", bytes: [1, 1, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
        Case(
            testDescription: "padded end of parameters",
            bytes: FastCGIClient.begin() + FastCGIClient.record(4, [], padding: 8)),
        Case(testDescription: "management", bytes: FastCGIClient.record(9, [])),
    ])
    func `what is not a responder's request is malformed`(_ example: Case) {
        #expect(RecordScanner.scan(example.bytes.span) == .isMalformed)
    }
}
