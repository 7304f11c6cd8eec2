import Relay
import TestSupport
import Testing
import Wire

@Suite struct MediaRunTests {
    private func post(_ path: String, _ body: JSONValue) -> ClientRequest {
        Harness.request("POST", path, body: body.serialized())
    }

    @Test func picturesComeByTheirSignedAddressFirst() async throws {
        let upstream = MediaUpstream(features: { _ in
            MediaUpstream.record(
                ["images/a.png", "images/b.png"], signed: "https://s3.example/images/a.png?X-Amz-Signature=1")
        })
        let client = await upstream.harness().respond(
            to: post(
                "/v1/images/generations",
                ["model": "gpt-image-1-mini", "prompt": "a cat", "n": 2, "response_format": "url"]))
        #expect(client.status == 200)
        #expect(
            client.json["data"] == [
                ["url": "https://s3.example/images/a.png?X-Amz-Signature=1"],
                ["url": "https://asset.1min.ai/images/b.png"],
            ])
    }

    @Test func whatOneOfSeveralCallsMadeIsNotLost() async throws {
        let upstream = MediaUpstream(features: { number in
            number == 1 ? [.head(status: 500), .end] : MediaUpstream.record(["images/\(number).png"])
        })
        let harness = upstream.harness()
        let client = await harness.respond(
            to: post("/v1/images/generations", ["model": "dall-e-3", "prompt": "a cat", "n": 2]))
        #expect(client.status == 200)
        #expect(client.json["data"] == [["url": "https://asset.1min.ai/images/2.png"]])
        #expect(upstream.featureCount == 2)
    }

    @Test func noCallIsRepeated() async throws {
        let upstream = MediaUpstream(features: { _ in [.head(status: 500), .end] })
        let harness = upstream.harness()
        let client = await harness.respond(
            to: post("/v1/images/generations", ["model": "dall-e-3", "prompt": "a cat"]))
        #expect(client.status == 502)
        #expect(client.header("x-should-retry") == "false")
        #expect(upstream.featureCount == 1)
    }

    @Test func theBytesComeFromTheNextAddressWhereTheFirstHasNone() async throws {
        let upstream = MediaUpstream(
            features: { _ in MediaUpstream.record(["images/a.png"], signed: "https://s3.example/a?old") },
            pages: { url in
                url.contains("s3.example")
                    ? [.head(status: 403), .end] : [.head(status: 200), .bytes(MediaUpstream.png), .end]
            })
        let harness = upstream.harness()
        let client = await harness.respond(
            to: post(
                "/v1/images/generations",
                ["model": "dall-e-3", "prompt": "a cat", "response_format": "b64_json"]))
        #expect(client.status == 200)
        #expect(
            client.json["data"]?.arrayValue?.first?["b64_json"]?.stringValue.flatMap(Base64.decode)
                == MediaUpstream.png)
        #expect(
            harness.transport.calls.allSatisfy { call in
                call.request.method == "POST" || call.request.headers["api-key"] == nil
            })
    }

    @Test func speechIsTheSoundItself() async throws {
        let upstream = MediaUpstream(
            features: { _ in MediaUpstream.record(["audios/a.mp3"]) },
            pages: { _ in
                [
                    .head(status: 200, headers: HeaderFields([("content-length", "6")])), .text("ID3"),
                    .text("abc"), .end,
                ]
            })
        let client = await upstream.harness().respond(
            to: post("/v1/audio/speech", ["model": "tts-1", "input": "Hello", "voice": "alloy"]))
        #expect(client.status == 200)
        #expect(client.header("content-type") == "audio/mpeg")
        #expect(client.header("content-length") == "6")
        #expect(client.text == "ID3abc")
        #expect(client.isComplete)
        #expect(client.sent.map(\.body.count) == [0, 3, 3, 0])
    }

    @Test(arguments: [
        MediaUpstream.record([]), [.head(status: 200), .text("{"), .end], [.head(status: 500), .end],
        [.head(status: 200), .fail(UpstreamError(.cut, message: "cut"))],
    ])
    func nobodyAsksAgainByHimselfForWhatMayBePaid(_ answer: [FakeCall.Step]) async throws {
        let client = await MediaUpstream(features: { _ in answer }).harness().respond(
            to: post("/v1/audio/speech", ["model": "tts-1", "input": "Hello", "voice": "alloy"]))
        #expect(client.status == 502)
        #expect(client.header("x-should-retry") == "false")
    }

    @Test(
        arguments: [
            [.head(status: 429), .end], [.head(status: 400), .end],
            [.fail(UpstreamError(.unreachable, message: "no connection"))],
        ] as [[FakeCall.Step]])
    func whatIsNotPaidMayBeAskedForAgain(_ answer: [FakeCall.Step]) async throws {
        let client = await MediaUpstream(features: { _ in answer }).harness().respond(
            to: post("/v1/audio/speech", ["model": "tts-1", "input": "Hello", "voice": "alloy"]))
        #expect(client.status >= 400)
        #expect(client.header("x-should-retry") == nil)
    }

    @Test func soundThatBreaksOffIsCut() async throws {
        let upstream = MediaUpstream(
            features: { _ in MediaUpstream.record(["audios/a.mp3"]) },
            pages: { _ in
                [.head(status: 200), .text("ID3"), .fail(UpstreamError(.cut, message: "cut"))]
            })
        let harness = upstream.harness()
        let client = await harness.respond(
            to: post("/v1/audio/speech", ["model": "tts-1", "input": "Hello", "voice": "alloy"]))
        #expect(client.text == "ID3")
        #expect(!client.isComplete)
        #expect(harness.log.records.last?.outcome == .brokenOff)
    }

    @Test func aChatThatPaintsShowsThePictures() async throws {
        let upstream = MediaUpstream(features: { _ in MediaUpstream.record(["images/a.png"]) })
        let client = await upstream.harness().chat([
            "model": "dall-e-3", "messages": [["role": "user", "content": "a [red] cat"]],
        ])
        #expect(client.status == 200)
        #expect(
            client.json["choices"]?.arrayValue?.first?["message"]?["content"]
                == "![a red cat](https://asset.1min.ai/images/a.png)")
    }

    @Test func aStreamThatPaintsIsKeptAlive() async throws {
        let upstream = MediaUpstream(features: { _ in
            [.wait(.seconds(300))] + MediaUpstream.record(["images/a.png"])
        })
        let client = await upstream.harness().chat([
            "model": "magic-art", "stream": true, "messages": [["role": "user", "content": "a cat"]],
        ])
        #expect(client.events.filter { $0 == ": waiting" }.count >= 29)
        #expect(client.text.contains("![a cat](https://asset.1min.ai/images/a.png)"))
        #expect(client.events.last == "[DONE]")
    }

    @Test func aResponseThatPaintsHasThePictureItself() async throws {
        let upstream = MediaUpstream(features: { _ in MediaUpstream.record(["images/a.png"]) })
        let client = await upstream.harness().respond(
            to: post("/v1/responses", ["model": "dall-e-3", "input": "a cat", "store": false]))
        #expect(client.status == 200)
        let items = client.json["output"]?.arrayValue ?? []
        #expect(items.map { $0["type"]?.stringValue } == ["message", "image_generation_call"])
        #expect(items.last?["result"]?.stringValue.flatMap(Base64.decode) == MediaUpstream.png)
    }

    @Test func flagsOfAPromptAreNamedAndNothingTwice() async throws {
        let client = await MediaUpstream().harness().respond(
            to: post(
                "/v1/images/generations",
                ["model": "magic-art", "prompt": "a cat --v 7 --cref https://a.example/b", "user": "me"]))
        #expect(client.status == 200)
        #expect(client.header("x-fastrelay-ignored") == "user, --v")
    }

    @Test func aPictureThatCannotBeFetchedDoesNotCostTheOthers() async throws {
        let upstream = MediaUpstream(
            features: { _ in MediaUpstream.record(["images/a.png", "images/b.png"]) },
            pages: { url in
                url.hasSuffix("a.png")
                    ? [.head(status: 403), .end] : [.head(status: 200), .bytes(MediaUpstream.png), .end]
            })
        let client = await upstream.harness().respond(
            to: post("/v1/images/generations", ["model": "gpt-image-1-mini", "prompt": "a cat", "n": 2]))
        #expect(client.status == 200)
        #expect(client.json["data"]?.arrayValue?.count == 1)
    }

    private func painted(_ model: JSONValue, _ content: JSONValue, size: JSONValue) async -> RecordingClient {
        let upstream = MediaUpstream()
        let harness = upstream.harness()
        let client = await harness.chat([
            "model": model, "size": size, "messages": [["role": "user", "content": content]],
        ])
        let isRefused = client.status != 200
        #expect(!isRefused || upstream.uploadCount + upstream.featureCount == 0)
        return client
    }

    @Test func aChatThatPaintsTakesAutoAsNothing() async throws {
        #expect(await painted("dall-e-3", "a cat", size: "auto").status == 200)
    }

    @Test func aChatThatCannotPaintUploadsNothing() async throws {
        let picture: JSONValue = [
            "type": "image_url", "image_url": ["url": .string(MediaUpstream.dataURL())],
        ]
        let text: JSONValue = ["type": "text", "text": "a cat"]
        for (model, parts, size) in [
            ("dall-e-3", [text, picture], "1024x1024"), ("gpt-image-1", [picture], "1024x1024"),
            ("gpt-image-1", [text, picture, picture], "1024x1024"), ("gpt-image-1", [text, picture], "9x9"),
        ] as [(JSONValue, [JSONValue], JSONValue)] {
            let client = await painted(model, .array(parts), size: size)
            #expect(client.status == 400)
            #expect(["messages[0]", "size"].contains(client.json["error"]?["param"]))
        }
    }

    @Test func twoPromptsAreNotPainted() async throws {
        let upstream = MediaUpstream()
        let client = await upstream.harness().respond(
            to: post("/v1/completions", ["model": "dall-e-3", "prompt": ["a cat", "a dog"]]))
        #expect(client.status == 400 && upstream.featureCount == 0)
        #expect(client.json["error"]?["param"] == "prompt")
    }
}
