import Testing
import Wire

@Suite struct MultipartHeaderTests {
    @Test(arguments: [
        ("multipart/form-data; boundary=abc", "abc"),
        ("multipart/form-data;boundary=\"a b:c=d\"", "a b:c=d"),
        ("Multipart/Form-Data ; charset=utf-8 ; BOUNDARY = abc ;", "abc"),
        (
            "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
            "----WebKitFormBoundary7MA4YWxkTrZu0gW"
        ),
        ("multipart/form-data; boundary=a=b", "a=b"), ("multipart/form-data; boundary=*~", "*~"),
        (
            "multipart/form-data; boundary=\(String(repeating: "x", count: 70))",
            String(repeating: "x", count: 70)
        ),
        ("multipart/form-data; boundary=\(String(repeating: "x", count: 71))", nil),
        ("multipart/form-data", nil), ("multipart/form-data; boundary=", nil),
        ("multipart/form-data; boundary=\"\"", nil), ("multipart/form-data; boundary=\"a", nil),
        ("multipart/form-data; boundary=\"a \"", nil), ("multipart/form-data; boundary=a; boundary=b", nil),
        ("multipart/form-data; boundary=\"a\"b", nil), ("multipart/form-data; boundary=é", nil),
        ("multipart/form-data; boundary=\"a\r\nb\"", nil), ("multipart/mixed; boundary=a", nil),
        ("application/json", nil), ("", nil), (";boundary=a", nil), ("multipart/form-data boundary=a", nil),
    ])
    func `the boundary of a content type`(type: String, boundary: String?) {
        #expect(MultipartForm.boundary(inContentType: type) == boundary)
    }

    /// The file that the header lines make, or nil.
    static func file(_ lines: String) throws -> MultipartForm.File {
        let body = Array("--b\r\n\(lines)\r\n\r\n\r\n--b--".utf8)
        let form = try MultipartForm(boundary: "b", count: body.count) { Array(body[$0]) }
        return try #require(form.files.first)
    }

    static func kind(_ lines: String) -> MultipartError.Kind? {
        do {
            let body = Array("--b\r\n\(lines)\r\n\r\n\r\n--b--".utf8)
            _ = try MultipartForm(boundary: "b", count: body.count) { Array(body[$0]) }
            return nil
        } catch { return (error as? MultipartError)?.kind }
    }

    /// As different clients write them, and as those write who want to be somewhere else.
    @Test(arguments: [
        ("filename=\"a.png\"", "a.png"), ("filename=a.png", "a.png"), ("FileName = \"a.png\" ;", "a.png"),
        ("filename=my file.png", "my file.png"), ("filename=\"\"", ""), ("filename=", ""),
        ("filename=\"naïve 🚲.png\"", "naïve 🚲.png"),
        // curl, Go; then browsers and Python.
        ("filename=\"a\\\"b\\\\c\"", "c"), ("filename=\"a\\\"b\"", "a\"b"),
        ("filename=\"a%22b%20c\"", "a\"b%20c"),
        ("filename=\"a;b=c.png\"", "a;b=c.png"),
        ("filename*=UTF-8''na%C3%AFve.txt", "naïve.txt"), ("filename*=utf-8'en'a%20b", "a b"),
        ("filename*=iso-8859-1''na%EFve", "naïve"), ("filename=\"x\"; filename*=UTF-8''%F0%9F%9A%B2", "🚲"),
        ("filename*=UTF-8''%E2%82%AC; filename=x", "€"), ("filename=x; filename*=KOI8-R''%C1", "x"),
        ("filename=x; filename*=UTF-8''%4", "x"), ("filename=x; filename*=y", "x"),
        ("filename=\"/etc/passwd\"", "passwd"), ("filename=\"../../a\"", "a"),
        ("filename=\"C:\\temp\\a.png\"", "a.png"),
        ("filename=\"..\\..\\a\"", "a"), ("filename=\"a/\"", ""), ("filename=\"..\"", ""),
        ("filename=\".\"", ""),
        ("filename=\"a/..\"", ""), ("filename*=UTF-8''..%2Fa", "a"), ("filename*=UTF-8''..%5Ca", "a"),
        ("filename=\".profile\"", ".profile"),
    ])
    func `a file's name`(parameter: String, name: String) throws {
        let file = try Self.file("Content-Disposition: form-data; name=\"f\"; \(parameter)")
        #expect(file.fileName == name)
        #expect(file.name == "f")
    }

    @Test func `a field's name stays as it came`() throws {
        for (written, name) in [
            ("\"image[]\"", "image[]"), ("image[0]", "image[0]"), ("\"a/b\\\\c\"", "a/b\\c"), ("\"ü\"", "ü"),
        ] {
            #expect(try Self.file("Content-Disposition: form-data; name=\(written); filename=x").name == name)
        }
    }

    @Test func `lines come in any order, case and number`() throws {
        let file = try Self.file(
            "X-Other: 1\r\ncontent-TYPE:image/png\r\nContent-Transfer-Encoding: Binary\r\nContent-Length: 7\r\n"
                + "CONTENT-DISPOSITION:form-data;\r\n name=f;\r\n\tfilename=x")
        #expect(file.contentType == "image/png" && file.fileName == "x")
        #expect(try Self.file("Content-Disposition: form-data; name=f; filename=x").contentType == nil)
    }

    @Test(arguments: [
        "X: y", "Content-Disposition: attachment; name=a", "Content-Disposition: form-data",
        "Content-Disposition: form-data; name=", "Content-Disposition: form-data; name=\"\"",
        "Content-Disposition: form-data; name", "Content-Disposition: form-data; name=\"a",
        "Content-Disposition: form-data; name=\"a\"b", "Content-Disposition: form-data; name=a; name=b",
        "Content-Disposition: form-data; name=a; =b", "Content-Disposition form-data; name=a",
        "Content-Disposition : form-data; name=a", ": form-data; name=a",
        " Content-Disposition: form-data; name=a",
        "Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b",
        "Content-Disposition: form-data; name=a\r\nContent-Type: a/b\r\nContent-Type: c/d",
        "Content-Disposition: form-data; name=a; filename=x; filename=y",
        "Content-Disposition: form-data; name=a; filename*=UTF-8''%zz",
        "Content-Disposition: form-data; name=\"a\u{0}\"", "Content-Disposition: form-data; name=\"a\u{7F}\"",
        "Content-Disposition: form-data; name=a; filename=\"a\u{0}.png\"",
        "Content-Disposition: form-data; name=a; filename=\"a\u{1B}[0m\"",
        "Content-Disposition: form-data; name=a; filename*=UTF-8''a%00.png",
        "Content-Disposition: form-data; name=a; filename*=UTF-8''a%0D%0A.png",
        "Content-Disposition: form-data; name=a; filename=\"a\tb\"",
    ])
    func `what is no header of a part is refused`(_ lines: String) {
        #expect(Self.kind(lines) == .malformedPart)
    }

    @Test(arguments: ["base64", "quoted-printable", "", "x-other"])
    func `encodings of mail are refused`(_ encoding: String) {
        let lines = "Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: \(encoding)"
        #expect(Self.kind(lines) == .encodedPart)
    }

    @Test(arguments: ["a.png", "a b.png", "naïve.png", "a\"b\".png", "", "a;b=c.png", "%20.png"])
    func `a framed file comes back`(_ name: String) throws {
        let file = MultipartFile(field: "asset", fileName: name, mediaType: "image/png", boundary: "b0undary")
        let content: [UInt8] = [0, 13, 10, 45, 45, 255]
        let body = file.head + content + file.tail
        let boundary = try #require(MultipartForm.boundary(inContentType: file.contentType))
        let form = try MultipartForm(boundary: boundary, count: body.count) { Array(body[$0]) }
        let expected = MultipartForm.File(
            name: "asset", fileName: name, contentType: "image/png",
            range: file.head.count..<file.head.count + content.count, prefix: content)
        #expect(form.files == [expected] && form.fields.isEmpty)
    }

    @Test func `no name breaks the frame`() throws {
        let file = MultipartFile(
            field: "a\"\r\nX: y", fileName: "\r\n\r\n--b\r\n\\\"\u{0}\u{7F}", mediaType: "a/b\r\nX: y",
            boundary: "b")
        #expect(
            String(decoding: file.head, as: UTF8.self)
                == "--b\r\nContent-Disposition: form-data; name=\"a%22%0D%0AX: y\"; "
                + "filename=\"%0D%0A%0D%0A--b%0D%0A%5C%22%00%7F\"\r\nContent-Type: a/bX: y\r\n\r\n")
        #expect(String(decoding: file.tail, as: UTF8.self) == "\r\n--b--\r\n")
    }
}
