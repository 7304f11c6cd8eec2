import Relay
import TestSupport
import Testing
import Wire

@Suite struct DownloadsTests {
    private func answer(
        _ upstream: MediaUpstream, count: Int = 1, answerBytes: Int? = nil
    ) async -> RecordingClient {
        var configuration = Configuration()
        if let answerBytes { configuration.limits.answerBytes = answerBytes }
        let body: JSONValue = [
            "model": "dall-e-2", "prompt": "a cat", "n": .number(JSONNumber(count)),
            "response_format": "b64_json",
        ]
        let harness = upstream.harness(configuration)
        let client = await harness.respond(
            to: Harness.request("POST", "/v1/images/generations", body: body.serialized()))
        #expect(harness.transport.calls.allSatisfy { $0.isOver })
        return client
    }

    private func pictures(_ client: RecordingClient) -> [[UInt8]?] {
        (client.json["data"]?.arrayValue ?? []).map { $0["b64_json"]?.stringValue.flatMap(Base64.decode) }
    }

    /// Two pictures, the first with a signed address.
    private static let two: @Sendable (Int) -> [FakeCall.Step] = { _ in
        MediaUpstream.record(["images/a.png", "images/b.png"], signed: "https://s3.example/a")
    }

    @Test func `the limit is for all pictures together`() async {
        let upstream = MediaUpstream(features: Self.two)
        let size = MediaUpstream.png.count
        let whole = await answer(upstream, count: 2, answerBytes: 2 * size)
        #expect(pictures(whole) == [MediaUpstream.png, MediaUpstream.png])
        let refused = await answer(upstream, count: 2, answerBytes: 2 * size - 1)
        #expect(refused.status == 502)
        #expect(refused.json["error"]?["code"] == "answer_too_large")
        #expect(refused.json["error"]?["message"]?.stringValue?.contains("response_format: url") == true)
    }

    @Test func `what is too large is not fetched from a second address`() async {
        let fetched = Counter()
        let upstream = MediaUpstream(
            features: Self.two,
            pages: { _ in
                _ = fetched.next()
                return [.head(status: 200), .bytes([UInt8](repeating: 0, count: 100))]
            })
        #expect(await answer(upstream, count: 2, answerBytes: 99).status == 502)
        #expect(fetched.value == 1)
    }

    @Test func `a picture that breaks off comes whole from the next address`() async {
        let upstream = MediaUpstream(
            features: Self.two,
            pages: { url in
                url.contains("s3.example")
                    ? [.head(status: 200), .text("half"), .fail(UpstreamError(.cut, message: ""))]
                    : [.head(status: 200), .bytes(MediaUpstream.png), .end]
            })
        #expect(pictures(await answer(upstream, count: 2)) == [MediaUpstream.png, MediaUpstream.png])
    }

    @Test func `what no address has is told, and not made again`() async {
        let upstream = MediaUpstream(features: Self.two, pages: { _ in [.head(status: 403), .end] })
        let client = await answer(upstream, count: 2)
        #expect(client.status == 502)
        #expect(client.json["error"]?["message"]?.stringValue?.contains("made the file") == true)
        #expect(upstream.featureCount == 1)
    }

    @Test func `a foreign address is fetched from the internet only`() async throws {
        let upstream = MediaUpstream(features: Self.two)
        let harness = upstream.harness()
        let body: JSONValue = [
            "model": "dall-e-2", "prompt": "a cat", "n": 2, "response_format": "b64_json",
        ]
        await harness.respond(
            to: Harness.request("POST", "/v1/images/generations", body: body.serialized()))
        let fetched = harness.transport.calls.map(\.request).filter { $0.method == "GET" && $0.isDownload }
        #expect(fetched.map(\.url) == ["https://s3.example/a", "https://asset.1min.ai/images/b.png"])
        #expect(
            fetched.map(\.reach) == [
                .publicAddresses(except: []), UpstreamRequest(method: "GET", url: "").reach,
            ])
    }
}
