import Dialects
import Relay
import TestSupport
import Testing
import Wire

@Suite struct ChatAttachmentTests {
    private func image(_ url: String) -> JSONValue {
        ["type": "image_url", "image_url": ["url": .string(url)]]
    }

    private func chat(_ contents: [JSONValue], model: String = "gpt-4o") -> ClientRequest {
        Harness.chatRequest([
            "model": .string(model),
            "messages": .array(contents.map { ["role": "user", "content": $0] }),
        ])
    }

    /// The body of the chat call.
    private func sent(_ harness: Harness) throws -> JSONValue {
        let call = try #require(harness.chats.last { $0.request.url.contains("/api/chat-with-ai") })
        return try JSONValue(parsing: call.request.body)
    }

    @Test func aPictureGoesBesideThePrompt() async throws {
        let upstream = MediaUpstream()
        let harness = upstream.harness()
        let client = await harness.respond(
            to: chat([[["type": "text", "text": "What is it?"], image(MediaUpstream.dataURL())]]))
        #expect(client.status == 200)
        let prompt = try sent(harness)["promptObject"]
        #expect(prompt?["prompt"] == "What is it?")
        #expect(prompt?["attachments"] == ["images": ["images/1.png"]])
    }

    @Test func picturesOfAllTurnsAreNumberedAndTheSameOneIsUploadedOnce() async throws {
        let upstream = MediaUpstream()
        let harness = upstream.harness()
        let one = MediaUpstream.dataURL()
        let other = MediaUpstream.dataURL([1])
        let client = await harness.respond(
            to: chat([[image(one)], [image(other), ["type": "text", "text": "Compare."]], [image(one)]]))
        #expect(client.status == 200)
        #expect(upstream.uploadCount == 2)
        let prompt = try sent(harness)["promptObject"]
        #expect(
            prompt?["prompt"]
                == "[user]\n[image 1]\n\n[user]\n[image 2]\nCompare.\n\n[user]\n[image 1]\n\n[assistant]")
        #expect(prompt?["attachments"] == ["images": ["images/1.png", "images/2.png"]])
    }

    @Test func aDocumentGoesByItsUUID() async throws {
        let upstream = MediaUpstream()
        let harness = upstream.harness()
        let data = "data:application/pdf;base64,JVBERi0xLjcKJeLjz9MKMSAwIG9iago="
        let client = await harness.respond(
            to: chat([
                [["type": "file", "file": ["file_data": .string(data), "filename": "a b.pdf"]]],
                "Sum it up.",
            ]))
        #expect(client.status == 200)
        let prompt = try sent(harness)["promptObject"]
        #expect(prompt?["attachments"] == ["files": ["uuid-1"]])
        #expect(prompt?["prompt"]?.stringValue?.hasPrefix("[user]\n[file 1: \"a b.pdf\"]") == true)
    }

    @Test(arguments: [
        ("data:image/png;base64,AAAA", "invalid_image_format"),
        ("data:image/png;base64,*", "invalid_base64"),
        ("http://example.org/a.png", "invalid_file_url"),
        ("ftp://example.org/a.png", "invalid_file_url"),
    ])
    func aBadPictureIsRefusedByItsPlace(_ url: String, _ code: String) async throws {
        let upstream = MediaUpstream()
        let harness = upstream.harness()
        let client = await harness.respond(to: chat(["Hi", [image(MediaUpstream.dataURL()), image(url)]]))
        #expect(client.status == 400)
        #expect(client.json["error"]?["code"]?.stringValue == code)
        #expect(client.json["error"]?["param"] == "messages[1].content[1]")
        #expect(upstream.uploadCount == 0)
    }

    @Test func aPictureIsFetchedFromTheInternetOnly() async throws {
        let harness = MediaUpstream(pages: { _ in
            [.fail(UpstreamError(.forbiddenAddress, message: ""))]
        }).harness()
        let client = await harness.respond(to: chat([[image("https://internal.example/a.png")]]))
        #expect(client.status == 400)
        #expect(client.json["error"]?["code"] == "invalid_file_url")
        let call = try #require(harness.transport.calls.first { $0.request.url.contains("internal") })
        #expect(call.request.reach == .publicAddresses(except: []))
        #expect(call.request.proxy == "")
        #expect(call.request.headers["api-key"] == nil)
    }

    @Test func redirectsAreFollowedUnderTheSameRule() async throws {
        let harness = MediaUpstream(pages: { url in
            url.hasSuffix("/a.png")
                ? [.head(status: 302, headers: HeaderFields([("location", "/b.png")]))]
                : [.head(status: 200), .bytes(MediaUpstream.png), .end]
        }).harness()
        let client = await harness.respond(to: chat([[image("https://example.org/a.png")]]))
        #expect(client.status == 200)
        let fetches = harness.transport.calls.filter { $0.request.url.contains("example.org") }
        #expect(fetches.map(\.request.url) == ["https://example.org/a.png", "https://example.org/b.png"])
        #expect(fetches.allSatisfy { $0.request.reach == .publicAddresses(except: []) })
    }

    @Test func aRedirectForEverIsGivenUp() async throws {
        let harness = MediaUpstream(pages: { _ in
            [.head(status: 302, headers: HeaderFields([("location", "https://example.org/a.png")]))]
        }).harness()
        let client = await harness.respond(to: chat([[image("https://example.org/a.png")]]))
        #expect(client.status == 400)
        #expect(harness.transport.calls.filter { $0.request.url.contains("example.org") }.count == 6)
    }

    @Test func tooManyAreRefused() async throws {
        var configuration = Configuration()
        configuration.limits.attachments = 1
        let upstream = MediaUpstream()
        let harness = upstream.harness(configuration)
        let picture = image(MediaUpstream.dataURL())
        let client = await harness.respond(to: chat([[picture, picture]]))
        #expect(client.json["error"]?["code"] == "too_many_attachments")
        #expect(upstream.uploadCount == 0)
    }

    @Test func allTogetherTakeNoMoreMemoryThanABody() async throws {
        var configuration = Configuration()
        configuration.limits.bodyBytes = 1024
        let page = MediaUpstream.png + [UInt8](repeating: 0, count: 600)
        let upstream = MediaUpstream(pages: { _ in [.head(status: 200), .bytes(page), .end] })
        let harness = upstream.harness(configuration)
        let client = await harness.respond(
            to: chat([[image("https://example.org/a.png"), image("https://example.org/b.png")]]))
        #expect(client.status == 400)
        #expect(client.json["error"]?["code"] == "attachments_too_large")
        #expect(client.json["error"]?["param"] == "messages[0].content[1]")
        let fetches = harness.transport.calls.filter { $0.request.url.contains("example.org") }
        #expect(fetches.map(\.request.maximumResponseBytes) == [1024, 1024 - page.count])
        #expect(upstream.uploadCount == 0)
    }

    @Test func anAddressThatNeverEndsIsToldFromTooManyFiles() async throws {
        for (limit, code) in [(4096, "invalid_file_url"), (512, "attachments_too_large")] {
            var configuration = Configuration()
            configuration.fetch.maximumBytes = 1024
            configuration.limits.bodyBytes = limit
            let harness = MediaUpstream(pages: { _ in
                [.head(status: 200), .fail(UpstreamError(.tooLarge, message: ""))]
            }).harness(configuration)
            let client = await harness.respond(to: chat([[image("https://example.org/a.png")]]))
            #expect(client.json["error"]?["code"]?.stringValue == code)
        }
    }

    @Test func whatIsNamedTwiceIsFetchedOnce() async throws {
        let upstream = MediaUpstream()
        let harness = upstream.harness()
        let picture = image("https://example.org/a.png")
        let client = await harness.respond(to: chat([[picture], [picture]]))
        #expect(client.status == 200)
        #expect(harness.transport.calls.filter { $0.request.url.contains("example.org") }.count == 1)
        #expect(upstream.uploadCount == 1)
    }

    @Test func aPictureOfTooManyPixelsIsRefused() async throws {
        var bytes = MediaUpstream.png
        bytes.replaceSubrange(16..<24, with: [0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60])
        var text: [UInt8] = []
        Base64.encode(bytes.span, into: &text)
        let upstream = MediaUpstream()
        let harness = upstream.harness()
        let client = await harness.respond(
            to: chat([[image("data:image/png;base64," + String(decoding: text, as: UTF8.self))]]))
        #expect(client.json["error"]?["code"] == "image_too_large")
        #expect(upstream.uploadCount == 0)
    }
}
