import Relay
import TestSupport
import Testing
import Wire

@Suite struct PaintingCallTests {
    private func respond(
        _ upstream: MediaUpstream, eventBytes: Int? = nil
    ) async -> RecordingClient {
        var configuration = Configuration()
        if let eventBytes { configuration.limits.eventBytes = eventBytes }
        let body: JSONValue = ["model": "dall-e-3", "input": "a cat", "store": false]
        return await upstream.harness(configuration).respond(
            to: Harness.request("POST", "/v1/responses", body: body.serialized()))
    }

    private func text(_ client: RecordingClient) -> String? {
        client.json["output"]?.arrayValue?.first?["content"]?.arrayValue?.first?["text"]?.stringValue
    }

    private func kinds(_ client: RecordingClient) -> [String?] {
        (client.json["output"]?.arrayValue ?? []).map { $0["type"]?.stringValue }
    }

    @Test(arguments: [(3 << 20, true), (3 << 19, false)])
    func `a picture that has no room in the answer stays an address`(_ eventBytes: Int, _ hasRoom: Bool) async
    {
        let picture = MediaUpstream.png + [UInt8](repeating: 0, count: 200_000)
        let upstream = MediaUpstream(pages: { _ in [.head(status: 200), .bytes(picture), .end] })
        let client = await respond(upstream, eventBytes: eventBytes)
        #expect(client.status == 200)
        #expect(text(client) == "![a cat](https://asset.1min.ai/images/a.png)")
        #expect(kinds(client) == (hasRoom ? ["message", "image_generation_call"] : ["message"]))
    }

    @Test func `a picture that cannot be fetched stays an address`() async {
        let client = await respond(MediaUpstream(pages: { _ in [.head(status: 403), .end] }))
        #expect(client.status == 200)
        #expect(text(client) == "![a cat](https://asset.1min.ai/images/a.png)")
        #expect(kinds(client) == ["message"])
    }

    @Test func `a stream is kept alive while pictures are fetched`() async {
        let upstream = MediaUpstream(pages: { _ in
            [.head(status: 200), .wait(.seconds(100)), .bytes(MediaUpstream.png), .end]
        })
        let body: JSONValue = ["model": "dall-e-3", "input": "a cat", "store": false, "stream": true]
        let client = await upstream.harness().respond(
            to: Harness.request("POST", "/v1/responses", body: body.serialized()))
        #expect(client.events.filter { $0 == ": waiting" }.count >= 9)
        #expect(client.text.contains("response.image_generation_call.completed"))
        #expect(client.text.contains("response.completed"))
    }

    @Test func `one picture that cannot be fetched costs no other`() async {
        let upstream = MediaUpstream(
            features: { _ in MediaUpstream.record(["images/a.png", "images/b.png"]) },
            pages: { url in
                url.hasSuffix("a.png")
                    ? [.head(status: 500), .end] : [.head(status: 200), .bytes(MediaUpstream.png), .end]
            })
        #expect(kinds(await respond(upstream)) == ["message", "image_generation_call"])
    }

    @Test func `a record in pieces is read as one`() async {
        let upstream = MediaUpstream(features: { _ in
            var steps: [FakeCall.Step] = []
            for step in MediaUpstream.record(["images/a.png"]) {
                if case .bytes(let bytes) = step {
                    steps += bytes.map { .bytes([$0]) }
                } else {
                    steps.append(step)
                }
            }
            return steps
        })
        #expect(text(await respond(upstream)) == "![a cat](https://asset.1min.ai/images/a.png)")
    }

    @Test func `a refusal keeps the vendor's reason`() async {
        let upstream = MediaUpstream(features: { _ in
            [.head(status: 400), .text(#"{"message":"The prompt is "#), .text(#"too long."}"#), .end]
        })
        let client = await respond(upstream)
        #expect(client.status == 400)
        #expect(client.json["error"]?["message"]?.stringValue?.contains("The prompt is too long.") == true)
        #expect(upstream.featureCount == 1)
    }

    @Test func `a record that failed is a failure`() async {
        let upstream = MediaUpstream(features: { _ in
            [.head(status: 200), .text(#"{"aiRecord":{"status":"FAILED"}}"#), .end]
        })
        let client = await respond(upstream)
        #expect(client.status == 502)
        #expect(upstream.featureCount == 1)
    }
}
