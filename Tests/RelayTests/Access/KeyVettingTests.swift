import TestSupport
import Testing
import Wire

@testable import Relay

/// Requests that would keep something for whatever key they show, were it not for a question to the vendor.
@Suite(.timeLimit(.minutes(1))) struct KeyVettingTests {
    let clock = ManualClock()
    let files: MemoryFileStore
    let conversations: MemoryConversationStore
    /// Takes every key that does not begin with `bad`.
    let harness: Harness

    init() {
        files = MemoryFileStore(clock: clock)
        conversations = MemoryConversationStore(clock: clock)
        harness = Self.harness(Configuration(), clock, files, conversations, vendor: Self.vendor)
    }

    private static func harness(
        _ configuration: Configuration, _ clock: ManualClock, _ files: any FileStore,
        _ conversations: any ConversationStore, vendor: @escaping FakeTransport.Script
    ) -> Harness {
        Harness(configuration, conversations: conversations, files: files, clock: clock, chat: vendor)
    }

    private func harness(
        _ change: (inout Configuration) -> Void = { _ in },
        vendor: @escaping FakeTransport.Script = KeyVettingTests.vendor
    ) -> Harness {
        var configuration = Configuration()
        change(&configuration)
        return Self.harness(configuration, clock, files, conversations, vendor: vendor)
    }

    /// As 1min.ai does: the key first, then the model.
    @Sendable private static func vendor(_ request: UpstreamRequest, _ number: Int) -> [FakeCall.Step] {
        request.headers["api-key"]?.hasPrefix("bad") == false ? taken : refused
    }

    private static let refused: [FakeCall.Step] = [
        .head(status: 401), .text(#"{"error":{"code":"UNAUTHORIZED","message":"Invalid API key"}}"#), .end,
    ]
    private static let taken: [FakeCall.Step] = [
        .head(status: 400), .text(#"{"errorCode":"UNSUPPORTED_MODEL","message":"no"}"#), .end,
    ]

    private static func upload(_ key: String, address: String = "192.0.2.1") -> ClientRequest {
        var request = MediaUpstream.form(
            "/v1/files", [("purpose", "user_data")], file: ("file", "a.txt", Array("pears".utf8)), key: key)
        request.remoteAddress = address
        return request
    }

    private func send(
        _ method: String, _ path: String, _ body: JSONValue? = nil, key: String, to harness: Harness
    ) async -> RecordingClient {
        await harness.respond(
            to: Harness.request(
                method, path, headers: [("authorization", "Bearer \(key)")], body: body?.serialized() ?? []))
    }

    @Test func `for a made-up key no file is kept, and the vendor is asked of it once`() async throws {
        let refused = await harness.respond(to: Self.upload("bad"))
        #expect(refused.status == 401)
        #expect(refused.json["error"]?["code"] == "invalid_api_key")
        #expect(files.count == 0)
        let call = try #require(harness.chats.first)
        #expect(call.isOver && call.request.headers["api-key"] == "bad")
        // A model that nobody has: nothing is paid for.
        let body = try JSONValue(parsing: call.request.body)
        #expect(body["model"]?.stringValue == KeyQuestion.model)
        let record = try #require(harness.log.records.last)
        #expect(record.upstreamCalls == 1 && record.upstream == "onemin")
        #expect(record.outcome == .failed && record.status == 401)

        #expect(await harness.respond(to: Self.upload("bad")).json == refused.json)
        #expect(harness.chats.count == 1)
        #expect(harness.log.records.last?.upstreamCalls == 0)
    }

    @Test func `in Anthropic's words where those are spoken`() async {
        var request = Self.upload("bad")
        request.headers = HeaderFields([("x-api-key", "bad"), ("anthropic-version", "2023-06-01")])
        let refused = await harness.respond(to: request)
        #expect(refused.status == 401)
        #expect(refused.json["error"]?["type"] == "authentication_error")
        #expect(files.count == 0)
    }

    @Test func `made-up keys of uploads hold up their address`() async {
        let harness = harness { $0.limits.wrongKeysPerMinute = 3 }
        for number in 0..<3 { #expect(await harness.respond(to: Self.upload("bad\(number)")).status == 401) }
        #expect(await harness.respond(to: Self.upload("bad3")).status == 429)
        #expect(await harness.respond(to: Self.upload("good", address: "192.0.2.2")).status == 200)
        #expect(await harness.respond(to: Self.upload("good")).status == 200)
        #expect(harness.chats.count == 4)
    }

    @Test func `of a good key the vendor is asked anew after ten minutes`() async {
        for calls in [1, 0, 0] {
            #expect(await harness.respond(to: Self.upload("good")).status == 200)
            #expect(harness.log.records.last?.upstreamCalls == calls)
            #expect(harness.log.records.last?.outcome == .ok)
        }
        #expect(harness.chats.count == 1 && files.count == 3)
        clock.advance(by: .seconds(600))
        #expect(await harness.respond(to: Self.upload("good")).status == 200)
        #expect(harness.chats.count == 2)
    }

    @Test func `whose chat was answered keeps files without a question`() async {
        let harness = harness { _ in
        } vendor: { _, number in
            number == 0 ? FakeCall.Step.whole("Hello") : Self.refused
        }
        #expect(await harness.chat().status == 200)
        #expect(await harness.respond(to: Self.upload(Harness.key)).status == 200)
        #expect(harness.chats.count == 1)
    }

    @Test func `conversations and their items are made for good keys`() async throws {
        let item: JSONValue = ["items": [["type": "message", "role": "user", "content": "Hi"]]]
        let refused = await send("POST", "/v1/conversations", item, key: "bad", to: harness)
        #expect(refused.status == 401 && harness.chats.count == 1)
        let made = await send("POST", "/v1/conversations", item, key: "good", to: harness)
        let path = "/v1/conversations/\(try #require(made.json["id"]?.stringValue))"
        #expect(harness.chats.count == 2)
        #expect(await send("POST", path + "/items", item, key: "good", to: harness).status == 200)
        #expect(harness.chats.count == 2)
        clock.advance(by: .seconds(600))
        // What makes nothing needs no vendor.
        let all: JSONValue = ["metadata": ["a": "b"]]
        #expect(await send("GET", path, key: "good", to: harness).status == 200)
        #expect(await send("GET", path + "/items", key: "good", to: harness).status == 200)
        #expect(await send("POST", path, all, key: "good", to: harness).status == 200)
        #expect(harness.chats.count == 2)
        #expect(await send("POST", path + "/items", item, key: "good", to: harness).status == 200)
        #expect(harness.chats.count == 3)
        clock.advance(by: .seconds(600))
        #expect(await send("DELETE", path, key: "good", to: harness).status == 200)
        #expect(await send("GET", "/v1/files", key: "bad2", to: harness).status == 200)
        #expect(harness.chats.count == 3)
    }

    /// Bytes that count how often they are read.
    private final class Counted: ByteSource {
        let count = 300_000
        let reads = Counter()

        func read(_ range: Range<Int>) throws(ByteSourceError) -> [UInt8] {
            _ = reads.next()
            throw ByteSourceError()
        }
    }

    @Test func `the body is not read before the verdict`() async {
        let source = Counted()
        var request = Self.upload("bad")
        request.body = []
        request.longBody = source
        #expect(await harness.respond(to: request).status == 401)
        #expect(source.reads.value == 0)
        request.headers = HeaderFields([("authorization", "Bearer good")])
        #expect(await harness.respond(to: request).status == 500)
        #expect(source.reads.value > 0)
    }

    @Test(
        arguments: [
            [.fail(UpstreamError(.unreachable, message: "no route"))],
            [.fail(UpstreamError(.timedOut(.firstByte), message: ""))],
            [.head(status: 500), .end], [.head(status: 429), .text("<html>"), .end],
            [.head(status: 200), .text("{}"), .end],
        ] as [[FakeCall.Step]])
    func `without a verdict the file is kept, and the key is known no better`(answer: [FakeCall.Step]) async {
        let harness = harness(vendor: { _, _ in answer })
        for calls in 1...2 {
            #expect(await harness.respond(to: Self.upload("any")).status == 200)
            #expect(harness.chats.count == calls && files.count == calls)
            #expect(harness.log.records.last?.upstreamCalls == 1)
            #expect(harness.log.records.last?.outcome == .ok)
        }
        #expect(harness.allCallsAreOver)
    }

    @Test func `who leaves while the vendor is asked leaves nothing behind`() async {
        let gate = TestGate()
        let harness = harness(vendor: { _, number in number == 0 ? [.gate(gate)] + Self.taken : Self.taken })
        let answer = Task { await harness.respond(to: Self.upload("good")) }
        #expect(await eventually { gate.waitingCount == 1 })
        answer.cancel()
        #expect(await answer.value.sent.isEmpty)
        #expect(files.count == 0 && harness.allCallsAreOver)
        #expect(harness.log.records.last?.outcome == .clientLeft)
        #expect(harness.log.records.last?.upstreamCalls == 1)
        #expect(await harness.respond(to: Self.upload("good")).status == 200)
        #expect(harness.chats.count == 2)
    }

    @Test func `a place is held while the vendor is asked`() async {
        let gate = TestGate()
        var configuration = Configuration()
        configuration.limits.caller = LimitedExchangeTests.rules { $0.concurrent = 1 }
        let harness = Harness(
            configuration, files: files, limits: MemoryLimitStore(leaseSeconds: 60, clock: clock),
            clock: clock
        ) { _, _ in [.gate(gate)] + Self.taken }
        let first = Task { await harness.respond(to: Self.upload("good")) }
        #expect(await eventually { gate.waitingCount == 1 })
        #expect(await harness.respond(to: Self.upload("good")).status == 429)
        gate.open()
        #expect(await first.value.status == 200)
        #expect(harness.chats.count == 1)
    }

    @Test func `nobody is asked for those who are exempt, nor where keys are not guarded or nothing is kept`()
        async
    {
        let exempt = harness { $0.limits.exempt.callers = [Secret("bad")] }
        #expect(await exempt.respond(to: Self.upload("bad")).status == 200)
        let open = harness {
            $0.limits.wrongKeysPerMinute = nil
            $0.limits.wrongKeyMemory = nil
        }
        #expect(await open.respond(to: Self.upload("bad")).status == 200)
        let empty = Harness(clock: clock, chat: Self.vendor)
        #expect(await empty.respond(to: Self.upload("bad")).status == 404)
        #expect(await send("POST", "/v1/conversations", [:], key: "bad", to: empty).status == 404)
        for harness in [exempt, open, empty] { #expect(harness.chats.isEmpty) }
        // One of the two is enough.
        let counting = harness { $0.limits.wrongKeyMemory = nil }
        let remembering = harness { $0.limits.wrongKeysPerMinute = nil }
        for harness in [counting, remembering] {
            #expect(await harness.respond(to: Self.upload("bad")).status == 401)
        }
    }

    @Test(arguments: [1, 2])
    func `of several vendors one has to take the key`(taking: Int) async {
        let harness = harness {
            $0.providers = [$0.providers[0], $0.providers[0]]
            $0.providers[1].name = "other"
            $0.limits.wrongKeysPerMinute = 2
        } vendor: { request, number in
            request.headers["api-key"] == "good" && number == taking - 1 ? Self.taken : Self.refused
        }
        #expect(await harness.respond(to: Self.upload("good")).status == 200)
        #expect(harness.chats.count == taking && harness.log.records.last?.upstreamCalls == taking)
        #expect(await harness.respond(to: Self.upload("good")).status == 200)
        #expect(harness.chats.count == taking && files.count == 2)
        // Asked for each time, and counted once each time.
        for calls in [2, 4] {
            #expect(await harness.respond(to: Self.upload("bad")).status == 401)
            #expect(harness.chats.count == taking + calls && harness.log.records.last?.upstreamCalls == 2)
        }
        #expect(await harness.respond(to: Self.upload("bad")).status == 429)
    }
}
