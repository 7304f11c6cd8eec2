import Relay
import TestSupport
import Testing
import Wire

@Suite(.timeLimit(.minutes(1))) struct AssetDeskTests {
    let clock = ManualClock()

    private func harness(_ upstream: MediaUpstream, _ configuration: Configuration = Configuration())
        -> Harness
    {
        let assets = MemoryAssetCache(clock: clock, random: SeededRandom())
        return upstream.harness(configuration, assets: assets, clock: clock)
    }

    private func chat(_ urls: [String], key: String = Harness.key) -> ClientRequest {
        let parts: [JSONValue] = urls.map { ["type": "image_url", "image_url": ["url": .string($0)]] }
        let body: JSONValue = [
            "model": "gpt-4o", "messages": [["role": "user", "content": .array(parts)]],
        ]
        return Harness.request(
            "POST", "/v1/chat/completions", headers: [("authorization", "Bearer \(key)")],
            body: body.serialized())
    }

    /// The pictures that the last chat names.
    private func shown(_ harness: Harness) throws -> JSONValue? {
        let call = try #require(harness.chats.last { $0.request.url.contains("/api/chat-with-ai") })
        return try JSONValue(parsing: call.request.body)["promptObject"]?["attachments"]?["images"]
    }

    @Test func `a picture is uploaded once until it is too old`() async throws {
        var configuration = Configuration()
        configuration.providers[0].assetLifetime = .seconds(100)
        let upstream = MediaUpstream()
        let harness = harness(upstream, configuration)
        let request = chat([MediaUpstream.dataURL()])
        await harness.respond(to: request)
        clock.advance(by: .seconds(99))
        await harness.respond(to: request)
        #expect(upstream.uploadCount == 1)
        #expect(try shown(harness) == ["images/1.png"])
        clock.advance(by: .seconds(1))
        await harness.respond(to: request)
        #expect(upstream.uploadCount == 2)
        #expect(try shown(harness) == ["images/2.png"])
    }

    @Test func `nothing is known of other callers' uploads`() async throws {
        let upstream = MediaUpstream()
        let harness = harness(upstream)
        await harness.respond(to: chat([MediaUpstream.dataURL()]))
        await harness.respond(to: chat([MediaUpstream.dataURL()], key: "sk-other"))
        #expect(upstream.uploadCount == 2)
        let keys = harness.chats.compactMap { $0.request.headers["api-key"] }
        #expect(keys == [Harness.key, Harness.key, "sk-other", "sk-other"])
    }

    @Test func `without a lifetime every request uploads`() async throws {
        var configuration = Configuration()
        configuration.providers[0].assetLifetime = .zero
        let upstream = MediaUpstream()
        let harness = harness(upstream, configuration)
        for _ in 0..<2 { await harness.respond(to: chat([MediaUpstream.dataURL()])) }
        #expect(upstream.uploadCount == 2)
    }

    @Test func `what is known and what is new keep their places`() async throws {
        let upstream = MediaUpstream()
        let harness = harness(upstream)
        let pictures = (0..<3).map { MediaUpstream.dataURL([$0]) }
        await harness.respond(to: chat([pictures[1]]))
        await harness.respond(to: chat(pictures))
        #expect(upstream.uploadCount == 3)
        #expect(try shown(harness) == ["images/2.png", "images/1.png", "images/3.png"])
    }

    @Test func `four uploads run at a time`() async throws {
        let gate = TestGate()
        let upstream = MediaUpstream(uploads: { [.gate(gate)] + MediaUpstream.asset($0) })
        let harness = harness(upstream)
        let request = chat((0..<6).map { MediaUpstream.dataURL([$0]) })
        let client = harness.client()
        let task = Task { await harness.relay.respond(to: request, over: client) }
        // The first is waited for once as many as may run have been started.
        #expect(await eventually { gate.waitingCount == 1 })
        #expect(upstream.uploadCount == 4)
        gate.open()
        await task.value
        #expect(client.status == 200)
        #expect(upstream.uploadCount == 6)
    }

    @Test func `an upload that fails stops the others and the chat`() async throws {
        let gate = TestGate()
        let upstream = MediaUpstream(uploads: { $0 == 1 ? [.head(status: 500), .end] : [.gate(gate)] })
        let harness = harness(upstream)
        let client = await harness.respond(to: chat((0..<3).map { MediaUpstream.dataURL([$0]) }))
        #expect(client.status == 502)
        #expect(upstream.uploadCount == 3)
        #expect(harness.allCallsAreOver)
        #expect(harness.chats.allSatisfy { $0.request.url.hasSuffix("/api/assets") })
    }

    @Test func `an answer without a file is told as the vendor's failure`() async throws {
        let upstream = MediaUpstream(uploads: { _ in [.head(status: 200), .text("{}"), .end] })
        let harness = harness(upstream)
        let client = await harness.respond(to: chat([MediaUpstream.dataURL()]))
        #expect(client.status == 502)
        #expect(client.json["error"]?["message"]?.stringValue?.contains("names no file") == true)
    }
}
