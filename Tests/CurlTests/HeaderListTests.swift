import CCurl
import Testing

@testable import Curl

@Suite struct HeaderListTests {
    @Test(arguments: [
        ("a: b\r\nc: d\r\n", ["a: b", "c: d"]),
        ("a: b\nc: d\n", ["a: b", "c: d"]),
        ("a: b\r\nc: d", ["a: b", "c: d"]),
        ("a: b", ["a: b"]),
        ("a: b\r\n\r\nc: d\r\n", ["a: b", "c: d"]),
        ("\r\n", []),
        ("", []),
    ])
    func cutsLines(_ text: String, into expected: [String]) {
        var list = HeaderList()
        list.append(lines: Array(text.utf8).span)
        #expect(lines(of: list) == expected)
    }

    @Test func addsToWhatIsThere() {
        var list = HeaderList()
        list.append("first: 1")
        list.append(lines: Array("second: 2\r\nthird: 3\r\n".utf8).span)
        list.append("fourth: 4")
        #expect(lines(of: list) == ["first: 1", "second: 2", "third: 3", "fourth: 4"])
    }

    private func lines(of list: borrowing HeaderList) -> [String] {
        var lines: [String] = []
        var next = unsafe list.pointer
        while let line = unsafe next {
            unsafe lines.append(String(cString: line.pointee.data))
            unsafe next = line.pointee.next
        }
        return lines
    }
}
