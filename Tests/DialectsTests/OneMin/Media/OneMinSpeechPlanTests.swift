import Dialects
import Testing
import Wire

struct OneMinSpeechPlanTests {
    private static func request(
        _ input: String = "Hi", _ change: (inout SpeechRequest) -> Void = { _ in }
    ) -> SpeechRequest {
        var request = SpeechRequest()
        request.input = input
        change(&request)
        return request
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let model: String
        let request: SpeechRequest
        let promptObject: String
        let contentType: String
        var ignored: [String] = []
        var testDescription: String { "\(model): \(promptObject)" }
    }

    static let cases = [
        Case(
            model: "tts-1", request: request(),
            promptObject: #"{"text":"Hi","voice":"alloy","response_format":"mp3"}"#, contentType: "audio/mpeg"
        ),
        Case(
            model: "tts-1-hd",
            request: request {
                $0.voice = "Onyx"
                $0.responseFormat = "pcm"
                $0.speed = 1.25
                $0.ignorable = ["instructions"]
                $0.extras["language_type"] = "English"
                $0.extras["bad\r\nname"] = 1
            },
            promptObject: #"{"text":"Hi","voice":"onyx","response_format":"pcm","speed":1.25}"#,
            contentType: "audio/pcm", ignored: ["instructions", "language_type"]),
        Case(
            model: "tts-1", request: request { $0.voice = "marin" },
            promptObject: #"{"text":"Hi","voice":"nova","response_format":"mp3"}"#, contentType: "audio/mpeg"),
        Case(
            model: "elevenlabs-tts",
            request: request {
                $0.voice = "alloy"
                $0.responseFormat = "opus"
                $0.speed = 2
                $0.extras["model_id"] = "eleven_v3"
                $0.extras["voice_settings"] = ["stability": 1]
                $0.extras["optimize_streaming_latency"] = 2
            },
            promptObject: #"""
                {"text":"Hi","voice_id":"SAz9YHcvj6GT2YYXdXww","output_format":"opus_48000_128",\#
                "model_id":"eleven_v3","voice_settings":{"stability":1},"optimize_streaming_latency":2}
                """#,
            contentType: "audio/ogg", ignored: ["speed"]),
        Case(
            model: "elevenlabs-tts", request: request { $0.voice = "AbCdEfGhIj0123456789" },
            promptObject:
                #"{"text":"Hi","voice_id":"AbCdEfGhIj0123456789","output_format":"mp3_44100_128"}"#,
            contentType: "audio/mpeg"),
        Case(
            model: "elevenlabs-tts", request: request { $0.voice = "rachel" },
            promptObject:
                #"{"text":"Hi","voice_id":"21m00Tcm4TlvDq8ikWAM","output_format":"mp3_44100_128"}"#,
            contentType: "audio/mpeg"),
        Case(
            model: "qwen3-tts-flash",
            request: request {
                $0.voice = "LI"
                $0.speed = 1
                $0.extras["language_type"] = "Chinese"
            },
            promptObject: #"{"text":"Hi","voice":"li","language_type":"Chinese"}"#, contentType: "audio/wav"),
        Case(
            model: "qwen3-tts-flash", request: request { $0.responseFormat = "wav" },
            promptObject: #"{"text":"Hi","voice":"Cherry"}"#, contentType: "audio/wav"),
        Case(
            model: "google-tts", request: request { $0.responseFormat = "mp3" },
            promptObject: #"{"text":"Hi"}"#,
            contentType: "application/octet-stream", ignored: ["response_format"]),
        Case(
            model: "google-tts",
            request: request {
                $0.voice = "en-US-Neural2-A"
                $0.extras["languageCode"] = "en-US"
            },
            promptObject: #"{"text":"Hi","voice":"en-US-Neural2-A","languageCode":"en-US"}"#,
            contentType: "application/octet-stream"),
        Case(
            model: "brand-new-tts",
            request: request {
                $0.voice = "x"
                $0.responseFormat = "wav"
                $0.speed = 2
                $0.extras["text"] = "other"
                $0.extras["pitch"] = 1
            },
            promptObject: #"{"text":"Hi","voice":"x","response_format":"wav","speed":2.0,"pitch":1}"#,
            contentType: "audio/wav"),
    ]

    @Test(arguments: cases) func `each model gets its own members`(_ test: Case) throws {
        let plan = try OneMinSpeechPlan(test.request, model: test.model)
        let body =
            "{\"type\":\"TEXT_TO_SPEECH\",\"model\":\"\(test.model)\",\"promptObject\":\(test.promptObject)}"
        #expect(text(plan.body) == body)
        #expect(plan.contentType == test.contentType)
        #expect(plan.ignored == test.ignored)
    }

    @Test(arguments: ["tts-1", "elevenlabs-tts", "qwen3-tts-flash"])
    func `every name of OpenAI stands for a voice`(_ model: String) throws {
        let names = [
            "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage",
            "shimmer", "verse",
        ]
        for name in names {
            _ = try OneMinSpeechPlan(Self.request { $0.voice = name }, model: model)
        }
    }

    struct Refusal: CustomTestStringConvertible, Sendable {
        let model: String
        let request: SpeechRequest
        let parameter: String
        let words: [String]
        var testDescription: String { "\(model) \(parameter)" }
    }

    static let refusals = [
        Refusal(
            model: "tts-1", request: request { $0.voice = "Cherry" }, parameter: "voice",
            words: ["'alloy'", "'shimmer'", "'marin'", "tts-1"]),
        Refusal(
            model: "qwen3-tts-flash", request: request { $0.voice = "AbCdEfGhIj0123456789" },
            parameter: "voice",
            words: ["'Cherry'", "'Kiki'"]),
        Refusal(
            model: "elevenlabs-tts", request: request { $0.voice = "AbCdEfGhIj012345678-" },
            parameter: "voice",
            words: ["'Rachel'", "voice id"]),
        Refusal(
            model: "elevenlabs-tts", request: request { $0.responseFormat = "flac" },
            parameter: "response_format", words: ["'mp3', 'opus', 'pcm'", "'flac'"]),
        Refusal(
            model: "qwen3-tts-flash", request: request { $0.responseFormat = "mp3" },
            parameter: "response_format", words: ["'wav'"]),
        Refusal(
            model: "tts-1", request: request(String(repeating: "é", count: 4097)), parameter: "input",
            words: ["4097", "4096"]),
        Refusal(
            model: "elevenlabs-tts", request: request { $0.extras["optimize_streaming_latency"] = 5 },
            parameter: "optimize_streaming_latency", words: ["maximum of 4"]),
        Refusal(
            model: "elevenlabs-tts", request: request { $0.extras["voice_settings"] = "x" },
            parameter: "voice_settings", words: ["an object"]),
    ]

    @Test(arguments: refusals) func `what the model lacks is refused with what it has`(_ test: Refusal) {
        let failure = #expect(throws: Failure.self) {
            try OneMinSpeechPlan(test.request, model: test.model)
        }
        #expect(failure?.answer.status == 400 && failure?.parameter == test.parameter)
        for words in test.words { #expect(failure?.message.contains(words) == true) }
    }

    @Test func `the longest text is taken`() throws {
        _ = try OneMinSpeechPlan(Self.request(String(repeating: "é", count: 4096)), model: "tts-1")
    }

    @Test func `the table has every model and no broken cell`() {
        let lines = OneMinSpeechPlan.table.split(separator: "\n")
        #expect(lines.count == 6)
        for line in lines { #expect(line.split(separator: "|").count == 7) }
    }
}
