import Dialects
import Testing
import Wire

struct TranscriptionRequestTests {
    private static let flac = Array("fLaC\0\0\0\u{22}".utf8)

    /// A form as clients send it.
    private static func form(
        _ fields: [(String, String)] = [], files: [(name: String, bytes: [UInt8])] = [("file", flac)]
    ) -> [UInt8] {
        var body: [UInt8] = []
        for (name, value) in fields {
            body += "--b\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8
        }
        for (name, bytes) in files {
            body += "--b\r\nContent-Disposition: form-data; name=\"\(name)\"; filename=\"a.mp3\"\r\n".utf8
            body += "Content-Type: audio/mpeg\r\n\r\n".utf8
            body += bytes + Array("\r\n".utf8)
        }
        return body + Array("--b--\r\n".utf8)
    }

    private static func decode(
        _ body: [UInt8], for purpose: TranscriptionRequest.Purpose = .transcription
    ) throws -> TranscriptionRequest {
        let form = try MultipartForm(boundary: "b", count: body.count) { range in Array(body[range]) }
        return try TranscriptionRequest.decode(form, for: purpose)
    }

    @Test func `all fields`() throws {
        let form = Self.form([
            ("model", "whisper-1"), ("language", "en"), ("prompt", "Fastrelay"),
            ("response_format", "verbose_json"),
            ("temperature", "0.2"), ("timestamp_granularities[]", "segment"),
            ("timestamp_granularities[]", "word"), ("timestamp_granularities[]", "word"), ("stream", "false"),
            ("include[]", "logprobs"), ("chunking_strategy[type]", "server_vad"),
            ("chunking_strategy[threshold]", "0.5"), ("enable_itn", "true"), ("empty", ""),
        ])
        let request = try Self.decode(form)
        var expected = TranscriptionRequest(.transcription)
        expected.model = "whisper-1"
        expected.format = .flac
        expected.language = "en"
        expected.prompt = "Fastrelay"
        expected.responseFormat = .verboseJSON
        expected.temperature = 0.2
        expected.granularities = ["segment", "word"]
        expected.ignorable = ["include", "chunking_strategy"]
        expected.extras["enable_itn"] = "true"
        #expect(request == expected)
    }

    @Test func `a file alone`() throws {
        let request = try Self.decode(Self.form([("model", ""), ("language", "")]), for: .translation)
        var expected = TranscriptionRequest(.translation)
        expected.format = .flac
        #expect(request == expected)
    }

    struct Refusal: CustomTestStringConvertible, Sendable {
        let name: String
        let form: [UInt8]
        let parameter: String
        let code: String
        var purpose = TranscriptionRequest.Purpose.transcription
        var testDescription: String { name }
    }

    static let refusals = [
        Refusal(
            name: "no file", form: form(files: []), parameter: "file", code: "missing_required_parameter"),
        Refusal(
            name: "a file under another name", form: form(files: [("audio", flac)]), parameter: "file",
            code: "missing_required_parameter"),
        Refusal(
            name: "a text for a file", form: form([("file", "x")], files: []), parameter: "file",
            code: "invalid_type"),
        Refusal(
            name: "nothing", form: Array("--b--\r\n".utf8), parameter: "file",
            code: "missing_required_parameter"),
        Refusal(
            name: "two files", form: form(files: [("file", flac), ("file", flac)]), parameter: "file",
            code: "duplicate_parameter"),
        Refusal(
            name: "a second file", form: form(files: [("file", flac), ("other", flac)]), parameter: "file",
            code: "duplicate_parameter"),
        Refusal(
            name: "an empty file", form: form(files: [("file", [])]), parameter: "file", code: "empty_file"),
        Refusal(
            name: "a web page", form: form(files: [("file", Array("<!doctype html><p>".utf8))]),
            parameter: "file",
            code: "invalid_file_format"),
        Refusal(
            name: "a picture", form: form(files: [("file", Array("GIF89a\u{1}\0\u{1}\0".utf8))]),
            parameter: "file", code: "invalid_file_format"),
        Refusal(
            name: "a field twice", form: form([("model", "a"), ("model", "b")]), parameter: "model",
            code: "duplicate_parameter"),
        Refusal(
            name: "another format", form: form([("response_format", "xml")]), parameter: "response_format",
            code: "invalid_value"),
        Refusal(
            name: "speakers of a translation", form: form([("response_format", "diarized_json")]),
            parameter: "response_format", code: "invalid_value", purpose: .translation),
        Refusal(
            name: "a stream", form: form([("stream", "true")]), parameter: "stream",
            code: "unsupported_parameter"),
        Refusal(
            name: "too hot", form: form([("temperature", "1.5")]), parameter: "temperature",
            code: "decimal_above_max_value"),
        Refusal(
            name: "no number", form: form([("temperature", "warm")]), parameter: "temperature",
            code: "invalid_type"),
        Refusal(
            name: "no language", form: form([("language", "en_US\r\n")]), parameter: "language",
            code: "invalid_value"),
        Refusal(
            name: "times without a place for them", form: form([("timestamp_granularities[]", "segment")]),
            parameter: "timestamp_granularities", code: "invalid_value"),
        Refusal(
            name: "other times",
            form: form([("timestamp_granularities[]", "letter"), ("response_format", "verbose_json")]),
            parameter: "timestamp_granularities", code: "invalid_value"),
    ]

    @Test(arguments: refusals) func `what is wrong is named`(_ test: Refusal) {
        let failure = #expect(throws: Failure.self) {
            try Self.decode(test.form, for: test.purpose)
        }
        #expect(failure?.parameter == test.parameter && failure?.openAICode == test.code)
        #expect(failure?.answer.status == 400)
    }
}
