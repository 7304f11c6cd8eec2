import Dialects
import Testing
import Wire

struct OpenAIImageRequestDecoderTests {
    private func decode(_ body: String) throws -> ImageRequest {
        try OpenAIImageRequestDecoder.decode(Array(body.utf8))
    }

    @Test func `all members of a generation are read`() throws {
        let request = try decode(
            #"{"model":"m","prompt":"p","n":2,"size":"1024x1024","quality":"hd","style":"vivid","background":"opaque","#
                + #""output_format":"webp","output_compression":5,"response_format":"b64_json","user":"u","#
                + #""moderation":"low","safety_identifier":"i","stream":false,"partial_images":0,"seed":3,"none":null}"#
        )
        var expected = ImageRequest(.generation)
        expected.model = "m"
        expected.prompt = "p"
        expected.count = 2
        expected.size = "1024x1024"
        expected.quality = "hd"
        expected.style = "vivid"
        expected.background = "opaque"
        expected.outputFormat = "webp"
        expected.outputCompression = 5
        expected.responseFormat = .base64
        expected.ignorable = ["user", "moderation", "safety_identifier"]
        expected.extras = JSONObject([.init(key: "seed", value: 3)])
        #expect(request == expected)
    }

    @Test func `auto is as if nothing was said`() throws {
        let request = try decode(
            #"{"prompt":"p","size":"auto","quality":"auto","background":"auto","style":"auto"}"#)
        var expected = ImageRequest(.generation)
        expected.prompt = "p"
        #expect(request == expected)
    }

    @Test(
        arguments: [
            ("", nil, "invalid_json"), ("[]", nil, "invalid_type"),
            ("{}", "prompt", "missing_required_parameter"),
            (#"{"prompt":""}"#, "prompt", "empty_string"), (#"{"prompt":" \n"}"#, "prompt", "empty_prompt"),
            (#"{"prompt":1}"#, "prompt", "invalid_type"),
            (#"{"prompt":"p","n":0}"#, "n", "integer_below_min_value"),
            (#"{"prompt":"p","n":11}"#, "n", "integer_above_max_value"),
            (#"{"prompt":"p","n":"2"}"#, "n", "invalid_type"),
            (#"{"prompt":"p","quality":"best"}"#, "quality", "invalid_value"),
            (#"{"prompt":"p","background":"blue"}"#, "background", "invalid_value"),
            (#"{"prompt":"p","output_format":"gif"}"#, "output_format", "invalid_value"),
            (#"{"prompt":"p","output_compression":101}"#, "output_compression", "integer_above_max_value"),
            (#"{"prompt":"p","response_format":"png"}"#, "response_format", "invalid_value"),
            (#"{"prompt":"p","size":7}"#, "size", "invalid_type"),
            (#"{"prompt":"p","stream":true}"#, "stream", "unsupported_parameter"),
            (#"{"prompt":"p","partial_images":2}"#, "partial_images", "unsupported_parameter"),
        ] as [(String, String?, String)])
    func `a wrong member is named`(_ body: String, _ parameter: String?, _ code: String) {
        let failure = #expect(throws: Failure.self) { try decode(body) }
        #expect(failure?.parameter == parameter && failure?.code == code)
    }
}

struct OpenAIImageFormTests {
    private static let png: [UInt8] = [
        0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 8, 0, 0,
        0, 8, 8, 2, 0, 0, 0,
    ]

    private func form(
        _ fields: [(String, String)] = [("prompt", "p")], files: [(String, [UInt8])]
    ) -> MultipartForm {
        var form = MultipartForm()
        form.fields = fields.map { .init(name: $0.0, value: $0.1) }
        form.files = files.map {
            .init(name: $0.0, fileName: "a.png", contentType: nil, range: 0..<$0.1.count, prefix: $0.1)
        }
        return form
    }

    @Test func `an edit has pictures and a mask`() throws {
        let request = try OpenAIImageRequestDecoder.decode(
            form(
                [
                    ("model", "m"), ("prompt", "p"), ("n", "2"), ("stream", "false"), ("seed", "3"),
                    ("size", ""),
                ],
                files: [("image[]", Self.png), ("mask", Self.png), ("image[]", Self.png)]), for: .edit)
        var expected = ImageRequest(.edit)
        expected.model = "m"
        expected.prompt = "p"
        expected.count = 2
        expected.pictures = [0, 2]
        expected.mask = 1
        expected.extras = JSONObject([.init(key: "seed", value: "3")])
        #expect(request == expected)
    }

    @Test func `a variation needs no prompt`() throws {
        let request = try OpenAIImageRequestDecoder.decode(
            form([], files: [("image", Self.png)]), for: .variation)
        #expect(request.prompt == nil && request.pictures == [0])
    }

    @Test(
        arguments: [
            ([("prompt", "p")], [], "image", "missing_required_parameter"),
            ([], [("image", png)], "prompt", "missing_required_parameter"),
            ([("prompt", "")], [("image", png)], "prompt", "empty_string"),
            ([("prompt", "p"), ("prompt", "q")], [("image", png)], "prompt", "duplicate_parameter"),
            ([("prompt", "p")], [("image", png), ("image", png)], "image", "duplicate_parameter"),
            (
                [("prompt", "p")], [("image", png), ("mask", png), ("mask", png)], "mask",
                "duplicate_parameter"
            ),
            ([("prompt", "p")], [("image", [])], "image", "empty_file"),
            (
                [("prompt", "p")], [("image", Array("<!DOCTYPE html><p>x".utf8))], "image",
                "invalid_image_format"
            ),
            ([("prompt", "p")], [("image", Array("<svg xmlns=''/>".utf8))], "image", "invalid_image_format"),
            ([("prompt", "p")], [("image", png), ("mask", [1, 2, 3])], "mask", "invalid_image_format"),
            ([("prompt", "p")], [("image", png), ("photo", png)], "photo", "unknown_parameter"),
            ([("prompt", "p"), ("image", "x")], [], "image", "invalid_type"),
            ([("prompt", "p"), ("n", "two")], [("image", png)], "n", "invalid_type"),
            ([("prompt", "p"), ("stream", "true")], [("image", png)], "stream", "unsupported_parameter"),
            (
                [("prompt", "p")], Array(repeating: ("image[]", png), count: 17), "image",
                "array_above_max_length"
            ),
        ] as [([(String, String)], [(String, [UInt8])], String, String)])
    func `a form that is wrong is refused`(
        _ fields: [(String, String)], _ files: [(String, [UInt8])], _ parameter: String, _ code: String
    ) {
        let failure = #expect(throws: Failure.self) {
            try OpenAIImageRequestDecoder.decode(form(fields, files: files), for: .edit)
        }
        #expect(failure?.parameter == parameter && failure?.code == code, "\(failure?.message ?? "")")
    }

    @Test func `a variation is of one picture`() {
        let failure = #expect(throws: Failure.self) {
            try OpenAIImageRequestDecoder.decode(
                form([], files: [("image[]", Self.png), ("image[]", Self.png)]), for: .variation)
        }
        #expect(failure?.code == "array_above_max_length")
    }
}

struct OpenAIImageResultEncoderTests {
    @Test func `addresses and usage`() {
        let body = OpenAIImageResultEncoder.body(
            [.url("https://a/b?c=\"d"), .url("https://a/e")], created: 5,
            usage: Usage(inputTokens: 3, outputTokens: 4))
        #expect(
            text(body)
                == #"{"created":5,"data":[{"url":"https://a/b?c=\"d"},{"url":"https://a/e"}],"usage":{"input_tokens":3,"#
                + #""input_tokens_details":{"image_tokens":0,"text_tokens":3},"output_tokens":4,"total_tokens":7}}"#
        )
    }

    @Test func `bytes in base64`() {
        let body = OpenAIImageResultEncoder.body(
            [.bytes(Array("hello".utf8)), .bytes([0xFF])], created: 5, usage: nil)
        #expect(text(body) == #"{"created":5,"data":[{"b64_json":"aGVsbG8="},{"b64_json":"/w=="}]}"#)
    }
}
