import Testing

@testable import Dialects
@testable import Wire

@Suite struct FileUploadRequestTests {
    static func file(_ name: String = "file", _ count: Int = 5) -> MultipartForm.File {
        MultipartForm.File(
            name: name, fileName: "a.txt", contentType: nil, range: 10..<(10 + count), prefix: [])
    }

    static func form(
        _ fields: [(String, String)] = [("purpose", "user_data")], files: [MultipartForm.File] = [file()]
    ) -> MultipartForm {
        var form = MultipartForm()
        form.fields = fields.map { MultipartForm.Field(name: $0, value: $1) }
        form.files = files
        return form
    }

    @Test(arguments: ["assistants", "batch", "fine-tune", "vision", "user_data", "evals"])
    func `every documented purpose is taken`(purpose: String) throws {
        let request = try FileUploadRequest.decode(openAI: Self.form([("purpose", purpose)]))
        #expect(request.purpose == purpose && request.file == Self.file())
        // Of these alone files expire by themselves.
        #expect(request.lifetime == (purpose == "batch" ? 2_592_000 : nil))
    }

    @Test func `a lifetime has an anchor and bounds`() throws {
        func lifetime(_ seconds: String?, _ anchor: String? = "created_at") throws -> Int? {
            var fields = [("purpose", "vision")]
            if let anchor { fields.append(("expires_after[anchor]", anchor)) }
            if let seconds { fields.append(("expires_after[seconds]", seconds)) }
            return try FileUploadRequest.decode(openAI: Self.form(fields)).lifetime
        }
        #expect(try lifetime("3600") == 3600)
        #expect(try lifetime("2592000") == 2_592_000)
        for wrong in ["3599", "2592001", "-1", "1h", "", "1e99", "3600.5", nil] {
            let error = #expect(throws: Failure.self) { try lifetime(wrong) }
            #expect(error?.kind == .invalidRequest && error?.parameter == "expires_after[seconds]")
        }
        for wrong in ["last_active_at", "", nil] {
            let error = #expect(throws: Failure.self) { try lifetime("3600", wrong) }
            #expect(error?.parameter == "expires_after[anchor]")
        }
    }

    @Test(arguments: [
        (form([]), "purpose", "missing_required_parameter"),
        (form([("purpose", "everything")]), "purpose", "invalid_value"),
        (form([("purpose", "evals"), ("purpose", "evals")]), "purpose", "duplicate_parameter"),
        (form(files: []), "file", "missing_required_parameter"),
        (form([("file", "text"), ("purpose", "evals")], files: []), "file", "invalid_type"),
        (form(files: [file(), file()]), "file", "duplicate_parameter"),
        (form(files: [file("file", 0)]), "file", "empty_file"),
        (form(files: [file("image")]), "file", "missing_required_parameter"),
    ])
    func `what is wrong is named`(form: MultipartForm, parameter: String, code: String) {
        let error = #expect(throws: Failure.self) { try FileUploadRequest.decode(openAI: form) }
        #expect(error?.kind == .invalidRequest && error?.parameter == parameter && error?.code == code)
    }

    @Test func `the complaint about a purpose lists what there is`() {
        let error = #expect(throws: Failure.self) {
            try FileUploadRequest.decode(openAI: Self.form([("purpose", "everything")]))
        }
        #expect(error?.message.contains("'user_data'") == true)
    }

    @Test func `Anthropic's form has a file and perhaps a lifetime`() throws {
        let plain = try FileUploadRequest.decode(anthropic: Self.form([]))
        #expect(plain.purpose == "user_data" && plain.lifetime == nil && plain.ignored == [])
        let timed = try FileUploadRequest.decode(anthropic: Self.form([("expires_in_seconds", "3600")]))
        #expect(timed.lifetime == 3600)
        for wrong in ["soon", "3599", "7776001"] {
            #expect(throws: Failure.self) {
                try FileUploadRequest.decode(anthropic: Self.form([("expires_in_seconds", wrong)]))
            }
        }
        #expect(throws: Failure.self) { try FileUploadRequest.decode(anthropic: Self.form(files: [])) }
    }

    @Test func `fields that mean nothing are named`() throws {
        let form = Self.form(
            [("purpose", "vision"), ("colour", "red")], files: [Self.file(), Self.file("x")])
        #expect(try FileUploadRequest.decode(openAI: form).ignored == ["colour", "x"])
        #expect(try FileUploadRequest.decode(anthropic: form).ignored == ["purpose", "colour", "x"])
    }
}
