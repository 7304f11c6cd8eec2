import Testing

@testable import Curl

@Suite struct AnswerHeadTests {
    private func take(_ lines: [String]) -> (head: AnswerHead, steps: [AnswerHead.Step]) {
        var head = AnswerHead()
        let steps = lines.map { line in
            let bytes = Array(line.utf8)
            return head.take(bytes.span)
        }
        return (head, steps)
    }

    @Test func `the lines between the first and the last are kept as they came`() {
        let (head, steps) = take([
            "HTTP/1.1 200 OK\r\n", "Content-Type: \t text/plain \t\r\n", "X-Empty:\r\n", "x: a:b\n", "\r\n",
        ])
        #expect(head.status == 200)
        let lines = "Content-Type: \t text/plain \t\r\nX-Empty:\r\nx: a:b\n"
        #expect(head.lines == Array(lines.utf8))
        #expect(steps == [.incomplete, .incomplete, .incomplete, .incomplete, .complete])
    }

    @Test func `an interim answer is followed by another`() {
        let (head, steps) = take(["HTTP/1.1 103 Hints\r\n", "a: b\r\n", "\r\n", "HTTP/2 404\r\n", "\r\n"])
        #expect(head.status == 404)
        #expect(head.lines.isEmpty)
        #expect(steps == [.incomplete, .incomplete, .incomplete, .incomplete, .complete])
    }

    @Test(arguments: [
        "HTTP/1.1\r\n", "HTTP/1.1 \r\n", "HTTP/1.1 2x0 OK\r\n", "HTTP/1.1 20\r\n",
    ])
    func `a first line without a status is nothing`(_ line: String) {
        let (head, steps) = take([line])
        #expect(head.status == 0)
        #expect(head.lines.isEmpty)
        #expect(steps == [.incomplete])
    }

    @Test func `a head at the limit is taken, and one past it is not`() {
        let field = "a: " + String(repeating: "b", count: AnswerHead.maximumBytes - 3)
        #expect(take([field]).steps == [.incomplete])
        #expect(take([field + "b"]).steps == [.tooLarge])
    }
}
