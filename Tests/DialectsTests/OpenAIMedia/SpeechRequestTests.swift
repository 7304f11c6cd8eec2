import Dialects
import Testing
import Wire

struct SpeechRequestTests {
    private static func decode(_ body: String) throws(Failure) -> SpeechRequest {
        try SpeechRequest.decode(Array(body.utf8))
    }

    @Test func `all members`() throws {
        let request = try Self.decode(
            #"""
            {"model":"tts-1","input":"Hello","voice":"nova","response_format":"flac","speed":1.5,
             "instructions":"Whisper","stream_format":"audio","language_type":"English","model_id":null}
            """#)
        var expected = SpeechRequest()
        expected.model = "tts-1"
        expected.input = "Hello"
        expected.voice = "nova"
        expected.responseFormat = "flac"
        expected.speed = 1.5
        expected.ignorable = ["instructions"]
        expected.extras["language_type"] = "English"
        #expect(request == expected)
    }

    @Test func `only the text is needed, and of duplicates the last counts`() throws {
        let request = try Self.decode(#"{"input":"a","voice":null,"input":"b","instructions":""}"#)
        var expected = SpeechRequest()
        expected.input = "b"
        #expect(request == expected)
    }

    @Test func `a custom voice is an object`() throws {
        #expect(try Self.decode(#"{"input":"a","voice":{"id":"x"}}"#).voice == "x")
    }

    @Test(
        arguments: [
            ("", nil, "invalid_json"), ("[]", nil, "invalid_type"), ("{", nil, "invalid_json"),
            ("{}", "input", "missing_required_parameter"),
            (#"{"input":null}"#, "input", "missing_required_parameter"),
            (#"{"input":""}"#, "input", "empty_string"), (#"{"input":" \n"}"#, "input", "empty_string"),
            (#"{"input":["a"]}"#, "input", "invalid_type"),
            (#"{"input":"a","voice":7}"#, "voice", "invalid_type"),
            (#"{"input":"a","voice":{}}"#, "voice.id", "missing_required_parameter"),
            (#"{"input":"a","response_format":"ogg"}"#, "response_format", "invalid_value"),
            (#"{"input":"a","speed":0.2}"#, "speed", "decimal_below_min_value"),
            (#"{"input":"a","speed":4.1}"#, "speed", "decimal_above_max_value"),
            (#"{"input":"a","speed":"1"}"#, "speed", "invalid_type"),
            (#"{"input":"a","stream_format":"sse"}"#, "stream_format", "unsupported_value"),
            (#"{"input":"a","stream_format":"x"}"#, "stream_format", "invalid_value"),
        ] as [(String, String?, String)])
    func `what is wrong is named`(_ body: String, _ parameter: String?, _ code: String) {
        let failure = #expect(throws: Failure.self) { try Self.decode(body) }
        #expect(failure?.parameter == parameter && failure?.openAICode == code)
        #expect(failure?.answer.status == 400)
    }
}
