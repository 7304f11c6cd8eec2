import Testing

@testable import Wire

@Suite struct HeaderLinesTests {
    static func text(_ fill: (inout HeaderLines) -> Void) -> String {
        var lines = HeaderLines()
        fill(&lines)
        return String(decoding: lines.bytes, as: UTF8.self)
    }

    @Test func `fields are lines in the order in which they came`() {
        let text = Self.text { lines in
            lines.add("content-type", "application/json")
            lines.add("content-length", 120)
            lines.add("x-empty", "")
            lines.add("x-negative", -7)
        }
        #expect(
            text
                == "content-type: application/json\r\ncontent-length: 120\r\nx-empty: \r\nx-negative: -7\r\n")
    }

    @Test func `fields can be written out`() {
        let text = Self.text { lines in
            lines.add(room: 20) { room in
                room.append(literal: "x-a: \"n\";q=")
                room.appendDigits(of: 0)
                room.append(literal: "\r\n")
            }
            lines.add("x-b", Int.max)
        }
        #expect(text == "x-a: \"n\";q=0\r\nx-b: 9223372036854775807\r\n")
    }

    @Test func `others go behind`() {
        var others = HeaderLines()
        others.add("x-b", "2")
        #expect(
            Self.text {
                $0.add("x-a", "1"); $0.add(others); $0.add(HeaderLines())
            } == "x-a: 1\r\nx-b: 2\r\n")
    }

    /// At every place, for the search looks at eight bytes at a time.
    @Test func `no value ends its line`() {
        for control in (0..<32).map({ UInt8($0) }) + [127] where control != 9 {
            for place in 0..<20 {
                var value = [UInt8](repeating: UInt8(ascii: "a"), count: 20)
                value[place] = control
                var shown = value
                shown[place] = UInt8(ascii: " ")
                let text = Self.text { $0.add("x", String(decoding: value, as: UTF8.self)) }
                #expect(text == "x: \(String(decoding: shown, as: UTF8.self))\r\n")
            }
        }
        #expect(Self.text { $0.add("x", "a\r\nset-cookie: b\tc") } == "x: a  set-cookie: b\tc\r\n")
    }
}
