import Testing
import Wire

@Suite struct MultipartFormTests {
    static let pieces = [1, 2, 3, 7, 1 << 16]

    /// Reads a text as a form in pieces of a size.
    static func form(
        _ body: [UInt8], boundary: String = "b", piece: Int = 1 << 16,
        limits: MultipartForm.Limits = .init()
    ) throws -> MultipartForm {
        var limits = limits
        limits.pieceBytes = piece
        return try MultipartForm(boundary: boundary, count: body.count, limits: limits) { range in
            #expect(range.count <= piece)
            return Array(body[range])
        }
    }

    static func error(
        _ body: String, boundary: String = "b", piece: Int = 1 << 16, limits: MultipartForm.Limits = .init()
    ) -> MultipartError.Kind? {
        do {
            _ = try form(Array(body.utf8), boundary: boundary, piece: piece, limits: limits)
            return nil
        } catch let error as MultipartError {
            #expect((0...body.utf8.count).contains(error.offset))
            #expect(error.message.hasSuffix("."))
            return error.kind
        } catch {
            Issue.record(error)
            return nil
        }
    }

    /// A part of a form with the boundary `b`.
    static func part(_ header: String, _ content: String = "1") -> String {
        "--b\r\n\(header)\r\n\r\n\(content)\r\n"
    }

    /// As the Python and JavaScript clients of OpenAI send it.
    static let transcription =
        "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n"
        + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b.mp3\"\r\n"
        + "Content-Type: audio/mpeg\r\n\r\nID3\r\n--bytes\r\n-\r\n--b\r\n"
        + "Content-Disposition: form-data; name=\"language\"\r\n\r\n\r\n--b--\r\n"

    @Test(arguments: pieces) func `fields and files are told apart`(_ piece: Int) throws {
        let body = Array(Self.transcription.utf8)
        let form = try Self.form(body, piece: piece)
        #expect(
            form.fields == [.init(name: "model", value: "whisper-1"), .init(name: "language", value: "")])
        let file = try #require(form.files.first)
        #expect(form.files.count == 1)
        #expect(file.name == "file" && file.fileName == "a b.mp3" && file.contentType == "audio/mpeg")
        #expect(file.prefix == Array("ID3\r\n--bytes\r\n-".utf8))
        #expect(Array(body[file.range]) == file.prefix)
    }

    /// The file's bytes are the boundary itself, with one byte wrong, one too few, or one too many.
    @Test func `what only looks like a boundary is content`() throws {
        let boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
        let line = "\r\n--\(boundary)"
        let contents = [
            "", "\r", "\n", "\r\n", "\r\n\r\n", "-", "--", "\r\n-", "\r\n--", line + "x", line + "-",
            line + "-x",
            line + "\r", line + "\rx", String(line.dropLast()), "\r" + line.dropFirst(), line + " x",
            "--\(boundary)x\r\n", line + "x" + line + "-y",
            "\r\n\r\n--" + boundary.dropLast(),
            line + String(repeating: " ", count: 300) + "x",
        ]
        for content in contents {
            let text =
                "--\(boundary)\r\nContent-Disposition: form-data; name=\"f\"; filename=\"n\"\r\n\r\n"
                + content + line + "--\r\n"
            let body = Array(text.utf8)
            for piece in 1...body.count {
                let form = try Self.form(body, boundary: boundary, piece: piece)
                let file = try #require(form.files.first)
                #expect(form.files.count == 1 && form.fields.isEmpty)
                #expect(String(decoding: body[file.range], as: UTF8.self) == content)
                #expect(String(decoding: file.prefix, as: UTF8.self) == content)
            }
        }
    }

    @Test(arguments: pieces) func `what stands before and behind is skipped`(_ piece: Int) throws {
        let text =
            "This is a form.\r\n--bx\r\n--b \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b--garbage\r\n"
            + Self.part("Content-Disposition: form-data; name=late")
        #expect(try Self.form(Array(text.utf8), piece: piece).fields == [.init(name: "a", value: "1")])
        #expect(try Self.form(Array("--b--".utf8), piece: piece) == MultipartForm())
    }

    /// The end of the empty line is then that before the boundary: https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1
    @Test(arguments: pieces) func `a part without content needs one line end less`(_ piece: Int) throws {
        let text =
            "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n--b\r\n"
            + "Content-Disposition: form-data; name=f; filename=\"\"\r\n\r\n--b--\r\n"
        let form = try Self.form(Array(text.utf8), piece: piece)
        #expect(form.fields == [.init(name: "a", value: "")])
        #expect(form.files.map(\.range.count) == [0])
        #expect(form.files.map(\.fileName) == [""])
        #expect(form.files.first.map { $0.range.upperBound <= text.utf8.count } == true)
    }

    @Test(arguments: pieces) func `a file's beginning is kept, and its place`(_ piece: Int) throws {
        var limits = MultipartForm.Limits()
        limits.prefixBytes = 10
        let content = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let body =
            Array("--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n".utf8) + content
            + Array("\r\n--b--".utf8)
        let file = try #require(try Self.form(body, piece: piece, limits: limits).files.first)
        #expect(file.prefix == Array(content.prefix(10)))
        #expect(Array(body[file.range]) == content)
    }

    @Test(arguments: pieces) func `wrong forms are refused`(_ piece: Int) {
        let disposition = "Content-Disposition: form-data; name=a"
        let cases: [(String, MultipartError.Kind)] = [
            ("", .noBoundary), ("x", .noBoundary), ("--c\r\n", .noBoundary), ("x--b\r\n", .noBoundary),
            ("\n--b\n\n--b--", .noBoundary), ("--b", .incomplete), ("--b\r\n", .incomplete),
            ("--b-", .incomplete), ("--b\n\(disposition)\n\n1\n--b--\n", .malformedPart),
            (Self.part(disposition), .incomplete), (Self.part(disposition) + "--b", .incomplete),
            (Self.part(disposition) + "--b-", .incomplete), (Self.part(disposition) + "--b\r\n", .incomplete),
            (Self.part(disposition) + "--c--", .incomplete),
            ("--b\r\n\(disposition)\r\n", .incomplete),
            ("--b\r\n\(disposition)\n\n1\r\n--b--", .malformedPart),
            ("--b\r\n\(disposition)\nX: y\r\n\r\n1\r\n--b--", .malformedPart),
            ("--b\r\n\(disposition)\rX: y\r\n\r\n1\r\n--b--", .malformedPart),
            ("--b\r\n\r\n1\r\n--b--", .malformedPart), ("--b\r\n--b--\r\n\r\n", .malformedPart),
            ("--b\r\n\(disposition)\r\n\r\n1\n--b--", .incomplete),
        ]
        for (body, kind) in cases {
            #expect(Self.error(body, piece: piece) == kind, "\(body.debugDescription)")
        }
    }

    @Test func `a body that was cut off anywhere is refused`() {
        let body = Self.transcription.dropLast(4)
        for count in 0..<body.utf8.count {
            let kind = Self.error(String(decoding: body.utf8.prefix(count), as: UTF8.self))
            #expect(kind == (count < 3 ? .noBoundary : .incomplete))
        }
    }

    @Test(arguments: pieces) func `every limit is one`(_ piece: Int) throws {
        func header(_ name: String, file: String? = nil) -> String {
            "Content-Disposition: form-data; name=\"\(name)\"" + (file.map { "; filename=\"\($0)\"" } ?? "")
        }
        var limits = MultipartForm.Limits()
        limits.parts = 3
        limits.headerBytes = 80
        limits.nameBytes = 8
        limits.fileNameBytes = 9
        limits.fieldBytes = 10
        limits.allFieldBytes = 15
        func check(_ parts: String, _ kind: MultipartError.Kind?) {
            #expect(
                Self.error(parts + "--b--", piece: piece, limits: limits) == kind, "\(parts.debugDescription)"
            )
        }
        func long(_ count: Int) -> String { String(repeating: "x", count: count) }
        let three = String(repeating: Self.part(header("a")), count: 3)
        check(three, nil)
        check(three + Self.part(header("a")), .tooManyParts(limit: 3))
        check(Self.part(header(long(8))), nil)
        check(Self.part(header(long(9))), .nameTooLong(limit: 8))
        check(Self.part(header("a", file: long(9)), long(100)), nil)
        check(Self.part(header("a", file: long(10))), .nameTooLong(limit: 9))
        check(Self.part(header("a") + "\r\n" + "X:" + long(80 - 40 - 4)), nil)
        check(Self.part(header("a") + "\r\n" + "X:" + long(80 - 40 - 3)), .headerTooLong(limit: 80))
        check(Self.part(header("a"), long(10)), nil)
        check(Self.part(header("a"), long(11)), .fieldTooLong(name: "a", limit: 10))
        check(Self.part(header("a"), long(10)) + Self.part(header("a"), long(5)), nil)
        check(Self.part(header("a"), long(10)) + Self.part(header("a"), long(6)), .fieldsTooLong(limit: 15))
        check(Self.part(header("a"), long(10)) + Self.part(header("a"), long(20)), .fieldsTooLong(limit: 15))
    }

    @Test func `what is not UTF-8 is refused, but in a file`() throws {
        func body(_ header: [UInt8], _ content: [UInt8]) -> [UInt8] {
            Array("--b\r\nContent-Disposition: form-data; name=".utf8) + header + Array("\r\n\r\n".utf8)
                + content
                + Array("\r\n--b--".utf8)
        }
        func isText(_ header: [UInt8], _ content: [UInt8]) -> Bool {
            do {
                _ = try Self.form(body(header, content))
                return true
            } catch let error as MultipartError {
                if case .notText = error.kind { return false }
            } catch {}
            return true
        }
        let a = Array("a".utf8)
        let file = Array("a; filename=x".utf8)
        #expect(isText(a, Array("naïve 🚲".utf8)))
        #expect(!isText(a, [0xE9]))
        #expect(!isText(a, [0xED, 0xA0, 0x80]))
        #expect(!isText([0xE9], a))
        #expect(!isText(file + [0xE9], a))
        #expect(isText(file, [0xE9, 0, 0xFF]))
    }

    @Test func `a source that fails or is short ends it`() {
        struct Broken: Error {}
        #expect(throws: Broken.self) {
            try MultipartForm(boundary: "b", count: 9) { _ throws(Broken) in throw Broken() }
        }
        #expect(throws: MultipartError(.noBoundary, offset: 0)) {
            try MultipartForm(boundary: "b", count: 9) { _ in [] }
        }
    }

    @Test func `what stands behind the end is not read`() throws {
        var last = 0
        let body = Array("--b--\r\n".utf8) + [UInt8](repeating: 0, count: 1000)
        var limits = MultipartForm.Limits()
        limits.pieceBytes = 10
        _ = try MultipartForm(boundary: "b", count: body.count, limits: limits) { range in
            last = range.upperBound
            return Array(body[range])
        }
        #expect(last == 10)
    }
}
