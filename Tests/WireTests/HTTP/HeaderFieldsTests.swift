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
    }
}
