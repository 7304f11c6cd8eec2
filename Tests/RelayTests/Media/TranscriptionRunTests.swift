import Relay
import TestSupport
import Testing
import Wire

@Suite struct TranscriptionRunTests {
    private static let sound = Array("RIFF".utf8) + [36, 0, 0, 0] + Array("WAVEfmt ".utf8) + [16, 0, 0, 0]

    private func post(
        _ harness: Harness, _ fields: [(String, String)] = [], model: String = "whisper-1",
        bytes: [UInt8] = sound, route: String = "transcriptions"
    ) async -> RecordingClient {
        await harness.respond(
            to: MediaUpstream.form(
                "/v1/audio/\(route)", [("model", model)] + fields, file: ("file", "a.bin", bytes)))
    }

    /// A model that says this.
    private func saying(_ text: String) -> MediaUpstream {
        MediaUpstream(features: { _ in MediaUpstream.record([text]) })
    }

    @Test(arguments: [("transcriptions", "SPEECH_TO_TEXT"), ("translations", "AUDIO_TRANSLATOR")])
    func `a sound is uploaded and written down`(_ route: String, _ feature: String) async throws {
        let harness = saying("Hello there.").harness()
        let client = await post(harness, route: route)
        #expect(client.status == 200)
        #expect(client.json == ["text": "Hello there."])
        let upload = try #require(harness.chats.first?.request)
        #expect(upload.further.first?.count == Self.sound.count)
        let call = try JSONValue(parsing: try #require(harness.chats.last?.request.body))
        #expect(call["type"]?.stringValue == feature)
        #expect(call["promptObject"]?["audioUrl"] == "images/1.png")
        #expect(harness.log.records.last?.upstreamCalls == 2)
    }

    @Test func `plain text is plain text`() async {
        let client = await post(saying("Hello there.").harness(), [("response_format", "text")])
        #expect(client.text == "Hello there.")
        #expect(client.header("content-type") == "text/plain; charset=utf-8")
    }

    @Test func `silence is an empty text`() async {
        #expect(await post(saying("").harness()).json == ["text": ""])
    }

    @Test(arguments: [
        ([("response_format", "srt")], "gpt-4o-transcribe", sound, "response_format"),
        ([("stream", "true")], "whisper-1", sound, "stream"),
        ([("temperature", "2")], "whisper-1", sound, "temperature"),
        ([], "whisper-1", MediaUpstream.png, "file"),
        ([], "whisper-1", [], "file"),
    ])
    func `what is wrong is told before anything is uploaded`(
        _ fields: [(String, String)], _ model: String, _ bytes: [UInt8], _ parameter: String
    ) async {
        let upstream = saying("Hello.")
        let client = await post(upstream.harness(), fields, model: model, bytes: bytes)
        #expect(client.status == 400)
        #expect(client.json["error"]?["param"]?.stringValue == parameter)
        #expect(upstream.uploadCount == 0 && upstream.featureCount == 0)
    }

    @Test func `times that are missing are not made up`() async {
        let upstream = saying("Hello there.")
        let client = await post(upstream.harness(), [("response_format", "verbose_json")])
        #expect(client.status == 400)
        #expect(upstream.featureCount == 1)
    }

    @Test func `after a failure the sound is not uploaded again`() async {
        let upstream = MediaUpstream(features: { number in
            number == 1 ? [.head(status: 500), .end] : MediaUpstream.record(["Hello there."])
        })
        let clock = ManualClock()
        let harness = upstream.harness(
            assets: MemoryAssetCache(clock: clock, random: SeededRandom()), clock: clock)
        #expect(await post(harness).status == 502)
        #expect(upstream.featureCount == 1)
        #expect(await post(harness).json == ["text": "Hello there."])
        #expect(upstream.uploadCount == 1)
    }
}
