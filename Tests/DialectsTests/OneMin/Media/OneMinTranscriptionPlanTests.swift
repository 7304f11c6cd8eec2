import Dialects
import Testing
import Wire

struct OneMinTranscriptionPlanTests {
    private static func request(
        _ purpose: TranscriptionRequest.Purpose = .transcription,
        _ change: (inout TranscriptionRequest) -> Void = { _ in }
    ) -> TranscriptionRequest {
        var request = TranscriptionRequest(purpose)
        change(&request)
        return request
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let model: String
        let request: TranscriptionRequest
        let promptObject: String
        var ignored: [String] = []
        var testDescription: String { "\(model) \(promptObject)" }
    }

    static let cases = [
        Case(
            model: "whisper-1", request: request(),
            promptObject: #"{"audioUrl":"audios/a.mp3","response_format":"json"}"#),
        Case(
            model: "whisper-1",
            request: request {
                $0.language = "pt-BR"
                $0.prompt = "p"
                $0.temperature = 0.5
                $0.responseFormat = .verboseJSON
                $0.granularities = ["segment"]
                $0.ignorable = ["include"]
                $0.extras["x"] = "1"
            },
            promptObject: #"""
                {"audioUrl":"audios/a.mp3","language":"pt","prompt":"p","temperature":0.5,\#
                "response_format":"verbose_json"}
                """#, ignored: ["include", "x"]),
        Case(
            model: "gpt-4o-transcribe",
            request: request {
                $0.language = "en"
                $0.prompt = "p"
                $0.temperature = 0
            },
            promptObject: #"{"audioUrl":"audios/a.mp3","response_format":"text"}"#,
            ignored: ["language", "prompt"]),
        Case(
            model: "latest_long", request: request(),
            promptObject: #"{"audioUrl":"audios/a.mp3","language":"en-US"}"#),
        Case(
            model: "phone_call", request: request { $0.language = "DE" },
            promptObject: #"{"audioUrl":"audios/a.mp3","language":"de-DE"}"#),
        Case(
            model: "telephony", request: request { $0.language = "fr-CA" },
            promptObject: #"{"audioUrl":"audios/a.mp3","language":"fr-CA"}"#),
        Case(
            model: "elevenlabs-speech-to-text", request: request { $0.temperature = 1 },
            promptObject: #"{"audioUrl":"audios/a.mp3"}"#, ignored: ["temperature"]),
        Case(
            model: "qwen3-asr-flash",
            request: request {
                $0.format = .amr
                $0.language = "yue"
                $0.extras["enable_itn"] = "true"
            },
            promptObject: #"{"audioUrl":"audios/a.mp3","language":"yue","enable_itn":true}"#),
        Case(
            model: "whisper-1",
            request: request(.translation) {
                $0.language = "de"
                $0.responseFormat = .srt
            },
            promptObject: #"{"audioUrl":"audios/a.mp3","response_format":"srt"}"#, ignored: ["language"]),
        Case(
            model: "gemini-2.5-flash", request: request(.translation),
            promptObject:
                #"{"audioUrl":"audios/a.mp3","originalLanguage":"auto","targetLanguage":"English"}"#),
        Case(
            model: "gemini-9-pro",
            request: request(.translation) {
                $0.language = "de"
                $0.extras["targetLanguage"] = "French"
                $0.extras["tone"] = "formal"
            },
            promptObject: #"""
                {"audioUrl":"audios/a.mp3","originalLanguage":"de","targetLanguage":"French","tone":"formal"}
                """#),
        Case(
            model: "brand-new",
            request: request {
                $0.format = .aac
                $0.language = "de"
                $0.responseFormat = .text
                $0.extras["audioUrl"] = "other/file"
                $0.extras["enable_itn"] = "true"
            },
            promptObject: #"{"audioUrl":"audios/a.mp3","language":"de","enable_itn":"true"}"#),
    ]

    @Test(arguments: cases) func `each model gets its own members`(_ test: Case) throws {
        let plan = try OneMinTranscriptionPlan(test.request, model: test.model, byteCount: 1)
        let type = test.request.purpose == .transcription ? "SPEECH_TO_TEXT" : "AUDIO_TRANSLATOR"
        let body = "{\"type\":\"\(type)\",\"model\":\"\(test.model)\",\"promptObject\":\(test.promptObject)}"
        #expect(text(plan.body(audio: "audios/a.mp3")) == body)
        #expect(plan.ignored == test.ignored)
    }

    struct Refusal: CustomTestStringConvertible, Sendable {
        let model: String
        let request: TranscriptionRequest
        var byteCount = 1
        let parameter: String
        var status = 400
        let words: [String]
        var testDescription: String { "\(model) \(words)" }
    }

    static let refusals = [
        Refusal(
            model: "whisper-1", request: request { $0.format = .amr }, parameter: "file",
            words: ["does not take amr", "flac, m4a, mp3, mp4, ogg, opus, wav, webm"]),
        Refusal(
            model: "whisper-1", request: request(), byteCount: (25 << 20) + 1, parameter: "file", status: 413,
            words: ["26214401", "26214400 (25 MiB)"]),
        Refusal(
            model: "qwen3-asr-flash", request: request(), byteCount: (10 << 20) + 1, parameter: "file",
            status: 413, words: ["10485760"]),
        Refusal(
            model: "brand-new", request: request(), byteCount: (50 << 20) + 1, parameter: "file", status: 413,
            words: ["50 MiB"]),
        Refusal(
            model: "latest_long", request: request { $0.responseFormat = .srt }, parameter: "response_format",
            words: ["'srt'", "'json', 'text'", "had of whisper-1."]),
        Refusal(
            model: "gpt-4o-transcribe-diarize", request: request { $0.responseFormat = .diarizedJSON },
            parameter: "response_format", words: ["'diarized_json'", "No model"]),
        Refusal(
            model: "gemini-2.5-pro", request: request(.translation) { $0.responseFormat = .verboseJSON },
            parameter: "response_format", words: ["whisper-1"]),
        Refusal(
            model: "brand-new", request: request { $0.responseFormat = .vtt }, parameter: "response_format",
            words: ["whisper-1"]),
        Refusal(
            model: "whisper-1",
            request: request {
                $0.responseFormat = .verboseJSON
                $0.granularities = ["word"]
            }, parameter: "timestamp_granularities", words: ["segments only"]),
        Refusal(
            model: "latest_long", request: request { $0.language = "tlh" }, parameter: "language",
            words: ["'tlh'", "en-US"]),
        Refusal(
            model: "qwen3-asr-flash", request: request { $0.extras["enable_itn"] = "maybe" },
            parameter: "enable_itn", words: ["a boolean"]),
    ]

    @Test(arguments: refusals) func `what the model lacks is refused with what it has`(_ test: Refusal) {
        let failure = #expect(throws: Failure.self) {
            try OneMinTranscriptionPlan(test.request, model: test.model, byteCount: test.byteCount)
        }
        #expect(failure?.answer.status == test.status && failure?.parameter == test.parameter)
        for words in test.words { #expect(failure?.message.contains(words) == true) }
    }

    @Test func `the longest sound is taken`() throws {
        _ = try OneMinTranscriptionPlan(Self.request(), model: "whisper-1", byteCount: 25 << 20)
    }

    @Test func `the table has every row and no broken cell`() {
        let lines = OneMinTranscriptionPlan.table.split(separator: "\n")
        #expect(lines.count == 9)
        for line in lines { #expect(line.split(separator: "|").count == 7) }
    }
}

struct OneMinTranscriptionAnswerTests {
    typealias Format = TranscriptionRequest.ResponseFormat

    private static func answer(_ words: String, _ format: Format?) throws(Failure) -> (String, String) {
        var request = TranscriptionRequest(.transcription)
        request.responseFormat = format
        let plan = try OneMinTranscriptionPlan(request, model: "whisper-1", byteCount: 1)
        let answer = try plan.answer(words)
        return (text(answer.body), answer.contentType)
    }

    private static let verbose =
        #"{"task":"transcribe","language":"english","duration":1.50,"text":"Hi.","segments":[{"id":0,"start":0.0}]}"#
    private static let srt = "1\n00:00:00,000 --> 00:00:01,500\nHi.\n"

    @Test(
        arguments: [
            ("Hi \"you\".", nil, #"{"text":"Hi \"you\"."}"#, "application/json"),
            (#"{"text":"Hi."}"#, .json, #"{"text":"Hi."}"#, "application/json"),
            (verbose, .json, #"{"text":"Hi."}"#, "application/json"),
            ("", .json, #"{"text":""}"#, "application/json"),
            (#"{"words":1}"#, .json, #"{"text":"{\"words\":1}"}"#, "application/json"),
            ("{Hi.}", .text, "{Hi.}", "text/plain; charset=utf-8"),
            (verbose, .text, "Hi.", "text/plain; charset=utf-8"),
            (verbose, .verboseJSON, verbose, "application/json"),
            (srt, .srt, srt, "text/plain; charset=utf-8"), ("", .srt, "", "text/plain; charset=utf-8"),
            (
                "WEBVTT\n\n00:00.000 --> 00:01.000\nHi.", .vtt, "WEBVTT\n\n00:00.000 --> 00:01.000\nHi.",
                "text/plain; charset=utf-8"
            ),
        ] as [(String, Format?, String, String)])
    func `an answer has the form that was asked for`(
        _ words: String, _ format: Format?, _ body: String, _ contentType: String
    ) throws {
        let answer = try Self.answer(words, format)
        #expect(answer.0 == body && answer.1 == contentType)
    }

    @Test(
        arguments: [
            ("Hi.", .srt), ("Hi --> you.", .srt), (srt, .vtt), ("Hi.", .vtt), ("", .vtt),
            ("Hi.", .verboseJSON),
            (#"{"text":"Hi."}"#, .verboseJSON), (#"{"text":"Hi.","segments":null}"#, .verboseJSON),
        ] as [(String, Format)])
    func `times are not made up`(_ words: String, _ format: Format) {
        let failure = #expect(throws: Failure.self) { try Self.answer(words, format) }
        #expect(failure?.answer.status == 400 && failure?.parameter == "response_format")
        #expect(failure?.message.contains("'\(format.rawValue)'") == true)
    }
}
