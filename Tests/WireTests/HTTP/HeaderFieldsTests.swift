import Testing
import Wire

@Suite struct HeaderFieldsTests {
    @Test func `names are kept in lower case and fields in order`() {
        var fields = HeaderFields([("Content-Type", "text/plain"), ("X-A", "1")])
        fields.add("x-a", "2")
        #expect(fields.map { "\($0.name)=\($0.value)" } == ["content-type=text/plain", "x-a=1", "x-a=2"])
        #expect(fields.count == 3)
        #expect(fields["content-type"] == "text/plain")
        #expect(fields["x-a"] == "1")
        #expect(fields["x-b"] == nil)
    }

    @Test func `only ASCII letters are lowered`() {
        // The Kelvin sign would become a k.
        #expect(HeaderFields([("X-\u{212A}ey", "1")]).map(\.name) == ["x-\u{212A}ey"])
    }

    @Test func `setting replaces all of a name at the place of the first`() {
        var fields = HeaderFields([("a", "1"), ("b", "2"), ("A", "3")])
        fields.set("A", "4")
        fields.set("C", "5")
        #expect(fields == HeaderFields([("a", "4"), ("b", "2"), ("c", "5")]))
        #expect(fields != HeaderFields([("b", "2"), ("a", "4"), ("c", "5")]))
    }

    @Test func `lines are read as they come, and written as they are sent`() {
        let lines = "Content-Type: \t text/plain \t\r\nX-Empty:\r\nno colon\r\n\r\nx: a:b\nlast:\u{e9}"
        let bytes = Array(lines.utf8)
        let fields = HeaderFields(lines: bytes.span)
        #expect(
            fields.map { "\($0.name)=\($0.value)" } == [
                "content-type=text/plain", "x-empty=", "x=a:b", "last=\u{e9}",
            ])
        let written = "content-type: text/plain\r\nx-empty: \r\nx: a:b\r\nlast: \u{e9}\r\n"
        #expect(fields.lines == Array(written.utf8))
        let sent = fields.lines
        let again = HeaderFields(lines: sent.span)
        #expect(again == fields)
        #expect(HeaderFields().lines.isEmpty)
    }

    @Test func `lines of no good are no more than they are`() {
        let lines: [(line: String, fields: [String])] = [
            ("", []), ("\r\n\r\n", []), (":", ["="]), (": x", ["=x"]), ("a\rb: c\rd\r\n", ["a b=c d"]),
            ("a: b\0c", ["a=b c"]), ("a: b\r\n folded: c\r\n", ["a=b", " folded=c"]), ("a:\t\r\n", ["a="]),
        ]
        for (line, wanted) in lines {
            let bytes = Array(line.utf8)
            let fields = HeaderFields(lines: bytes.span)
            #expect(fields.map { "\($0.name)=\($0.value)" } == wanted)
        }
    }

    @Test func `bytes become text when they are asked for`() {
        var fields = HeaderFields()
        let (name, value): ([UInt8], [UInt8]) = (Array("X_Api".utf8), [0x61, 0xFF, 0x0A])
        fields.add(name.span, value.span)
        let (variable, key) = (Array("X_API_KEY".utf8), Array("k_1".utf8))
        fields.add(variable: variable.span, key.span)
        #expect(fields["x_api"] == "a\u{FFFD} " && fields["x-api-key"] == "k_1")
    }

    @Test func `other control characters stay, wherever they stand`() {
        for text in ["a\tb", "\u{1}", "seven b\t", "eight by\t", "eight b\te and more"] {
            #expect(HeaderFields([("n", text)])["n"] == text)
        }
    }

    @Test(arguments: ["a\r\nx: y", "a\nb", "a\rb", "a\0b", "\r\n"])
    func `no value and no name can start another field`(_ text: String) {
        var fields = HeaderFields([("n", text), (text, "v")])
        fields.set("s", text)
        for field in fields {
            #expect(!(field.name + field.value).utf8.contains { $0 == 10 || $0 == 13 || $0 == 0 })
        }
        #expect(fields["n"]?.utf8.count == text.utf8.count)
        let bytes = Array(text.utf8)
        fields.add(variable: bytes.span, bytes.span)
        let lines = fields.lines
        #expect(lines.count { $0 == 10 } == fields.count && lines.count { $0 == 13 } == fields.count)
        #expect(!lines.contains(0))
    }
}
