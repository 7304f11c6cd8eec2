import Testing
import TestSupport
import Wire

@testable import Relay

@Suite(.timeLimit(.minutes(1))) struct ProbeTests {
    let harness = Harness { _, _ in [] }

    private func get(
        _ path: String, _ query: String = "", headers: [(String, String)] = []
    ) -> ClientRequest {
        var request = Harness.request("GET", path, headers: headers)
        request.query = query
        return request
    }

    /// Answers a request, moving the clock on whenever the relay sleeps.
    private func answer(
        _ request: ClientRequest, of harness: Harness, steps: Duration = .milliseconds(100)
    ) async -> RecordingClient {
        let client = harness.client()
        let task = Task { await harness.relay.respond(to: request, over: client) }
        while harness.log.records.isEmpty {
            if harness.clock.sleeperCount > 0 { harness.clock.advance(by: steps) }
            await Task.yield()
        }
        await task.value
        return client
    }

    @Test(arguments: ["/health/request", "/v1/health/request", "/v1/health/request/"])
    func `a request is told as the relay sees it, without its keys`(path: String) async {
        var request = get(
            path,
            headers: [
                ("authorization", "Bearer sk-canary"), ("host", "relay.example.org"),
                ("x-real-ip", "10.1.1.1"),
            ])
        request.remoteAddress = "192.0.2.7"
        request.mount = "/relay"
        request.httpVersion = "HTTP/2.0"
        let client = await harness.respond(to: request)
        #expect(client.status == 200)
        #expect(client.header("cache-control") == "no-store")
        #expect(
            client.text == #"{"object":"relay.request","relay":"fastrelay","version":"\#(Relay.version)","#
                + #""client_address":"192.0.2.7","scheme":"https","host":"relay.example.org","mount":"/relay","#
                + #""path":"\#(path)","protocol":"HTTP/2.0","authorization":true,"x_api_key":false,"#
                + #""forwarded_by":["x-real-ip"]}"#)
        #expect(harness.log.records.last?.route == "probe")
        #expect(harness.log.records.last?.callerHash == nil)
    }

    @Test func `long texts of a request are cut`() async {
        let long = String(repeating: "x", count: 5000)
        let client = await harness.respond(to: get("/health/request", headers: [("host", long)]))
        #expect(client.json["host"]?.stringValue?.count == 256)
    }

    @Test func `the bytes of a body are counted, and no type is asked for`() async {
        var request = Harness.request(
            "POST", "/v1/health/body", headers: [], contentType: "application/octet-stream",
            body: Array(repeating: 0, count: 300_000))
        #expect(await harness.respond(to: request).text == #"{"object":"relay.body","bytes":300000}"#)
        request.bodyProblem = .truncated
        #expect(await harness.respond(to: request).status == 400)
        request.bodyProblem = .tooLarge(limit: 10)
        #expect(await harness.respond(to: request).status == 413)
    }

    /// Bytes that nobody reads.
    private final class Unread: ByteSource {
        let count = 300_000

        func read(_ range: Range<Int>) throws(ByteSourceError) -> [UInt8] { throw ByteSourceError() }
    }

    @Test func `a body too long for memory counts as any other, and JSON does not come so`() async {
        let form = "multipart/form-data; boundary=x"
        var request = Harness.request("POST", "/v1/health/body", headers: [], contentType: form)
        request.longBody = Unread()
        #expect(await harness.respond(to: request).text == #"{"object":"relay.body","bytes":300000}"#)
        #expect(harness.log.records.last?.bytesIn == 300_000)
        request.bodyProblem = .notKept
        let refused = await harness.respond(to: request)
        #expect(refused.status == 503)
        #expect(refused.text.contains("The relay cannot put the request body down at present."))
        var chat = Harness.request("POST", "/v1/chat/completions", contentType: form)
        chat.longBody = Unread()
        #expect(await harness.respond(to: chat).status == 415)
    }

    @Test func `events come one gap apart and say when they were sent`() async {
        let client = await answer(get("/health/stream", "events=3&gap=200"), of: harness)
        #expect(
            client.events == [
                #"{"event":1,"of":3,"after_us":0}"#, #"{"event":2,"of":3,"after_us":200000}"#,
                #"{"event":3,"of":3,"after_us":400000}"#,
            ])
        #expect(client.header("content-type") == "text/event-stream; charset=utf-8")
        #expect(client.header("x-accel-buffering") == "no")
        #expect(client.header("cache-control") == "no-store")
        let times = client.sent.map { $0.time - client.sent[0].time }
        #expect(times == [.zero, .milliseconds(200), .milliseconds(400)])
        #expect(client.isComplete)
        #expect(harness.log.records.last?.isStreamed == true)
    }

    @Test func `nothing comes before the time is over`() async {
        let start = harness.clock.now()
        let client = await answer(get("/health/wait", "seconds=65"), of: harness)
        #expect(client.sent.count == 1)
        #expect(client.sent[0].time - start == .seconds(65))
        #expect(client.text == #"{"object":"relay.wait","seconds":65}"#)
        #expect(client.header("cache-control") == "no-store")
    }

    @Test func `a silent stream has heartbeats only`() async {
        let client = await answer(get("/health/wait", "seconds=35&stream=1"), of: harness)
        #expect(
            client.events == [
                ": waiting", ": waiting", ": waiting", #"{"object":"relay.wait","seconds":35}"#,
            ]
        )
        #expect(client.isComplete)
        var configuration = Configuration()
        configuration.heartbeat = nil
        let silent = Harness(configuration) { _, _ in [] }
        #expect(
            await answer(get("/health/wait", "seconds=35&stream=1"), of: silent).events.count == 1)
    }

    @Test func `waiting for nothing ends at once`() async {
        #expect(await harness.respond(to: get("/health/wait", "seconds=0")).isComplete)
        #expect(await harness.respond(to: get("/health/wait", "seconds=0&stream=1")).events.count == 1)
        #expect(await harness.respond(to: get("/health/stream", "events=50&gap=0")).events.count == 50)
    }

    @Test(arguments: [
        ("/health/stream", "events=51"), ("/health/stream", "events=0"), ("/health/stream", "gap=1001"),
        ("/health/stream", "gap=-1"), ("/health/stream", "events="), ("/health/stream", "events"),
        ("/health/wait", "seconds=121"), ("/health/wait", "seconds=1.5"), ("/health/wait", "stream=2"),
        ("/health/wait", "seconds=99999999999999999999"),
        ("/health/wait", String(repeating: "a=1&", count: 65)),
    ])
    func `numbers out of bounds are refused`(path: String, query: String) async {
        let client = await harness.respond(to: get(path, query))
        #expect(client.status == 400)
        #expect(client.json["error"]?["type"]?.stringValue == "invalid_request_error")
    }

    @Test(arguments: [
        ("PUT", "/health/stream", "GET, POST, OPTIONS"), ("GET", "/v1/health/body", "POST, OPTIONS"),
        ("DELETE", "/health/request", "GET, HEAD, POST, OPTIONS"),
        ("HEAD", "/health/wait", "GET, POST, OPTIONS"), ("HEAD", "/health/key", "GET, POST, OPTIONS"),
    ])
    func `a wrong method is 405`(method: String, path: String, allow: String) async {
        let client = await harness.respond(to: Harness.request(method, path, headers: []))
        #expect(client.status == 405)
        #expect(client.header("allow") == allow)
    }

    @Test(arguments: [
        ("/health/request", ""), ("/health/stream", "events=2&gap=0"), ("/health/wait", "seconds=0"),
        ("/v1/health/key", ""),
    ])
    func `a POST is answered as a GET, whatever is in it`(path: String, query: String) async {
        let harness = Harness { _, _ in
            [.head(status: 401), .text(#"{"error":{"code":"UNAUTHORIZED","message":"no"}}"#), .end]
        }
        let headers = [("authorization", "Bearer \(Harness.key)")]
        var request = Harness.request("POST", path, headers: headers, body: Array("{}".utf8))
        request.query = query
        let asked = await harness.respond(to: get(path, query, headers: headers))
        let posted = await harness.respond(to: request)
        #expect(posted.status == 200)
        #expect(path.hasSuffix("stream") ? posted.events.count == 2 : posted.text == asked.text)
    }

    @Test(arguments: ["/health/nothing", "/v1/health/", "/health/stream/x", "/v1/health"])
    func `another path below is 404`(path: String) async {
        #expect(await harness.respond(to: get(path)).status == 404)
    }

    @Test func `the 17th at once is asked to come back, and places are given back`() async {
        let clients = (0..<ProbeGate.places).map { _ in harness.client() }
        let tasks = clients.map { client in
            Task { [harness, self] in
                await harness.relay.respond(to: get("/health/wait", "seconds=120"), over: client)
            }
        }
        #expect(await eventually { harness.clock.sleeperCount == ProbeGate.places })
        let refused = await harness.respond(to: get("/health/stream", "events=1"))
        #expect(refused.status == 503)
        #expect(refused.header("retry-after") == "5")
        #expect(refused.json["error"]?["code"]?.stringValue == "overloaded")
        // Before what is wrong with the query.
        #expect(await harness.respond(to: get("/health/stream", "events=0")).status == 503)
        // What takes no time is not counted, and chats are not concerned.
        #expect(await harness.respond(to: get("/health/request")).status == 200)
        // Clients that leave give their places back.
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        #expect(clients.allSatisfy { $0.sent.isEmpty })
        #expect(harness.log.records.count { $0.outcome == .clientLeft } == ProbeGate.places)
        for _ in 0...ProbeGate.places {
            #expect(await harness.respond(to: get("/health/stream", "events=1")).status == 200)
        }
    }

    @Test func `processes with one store share places, which come back`() async {
        let store = MemoryCatalogueStore()
        let processes = [Harness(store: store) { _, _ in [] }, Harness(store: store) { _, _ in [] }]
        for place in 0..<SharedProbe.places { #expect(await store.claim("probe-\(place)")) }
        for process in processes {
            let client = await process.respond(to: get("/health/stream", "events=1"))
            #expect(client.status == 503)
            #expect(client.header("retry-after") == "5")
        }
        await store.release("probe-3")
        for process in processes + processes {
            #expect(await process.respond(to: get("/health/stream", "events=1")).status == 200)
        }
    }

    struct Key: Sendable {
        var status: Int
        var body: String
        var accepted: Bool?
    }

    @Test(arguments: [
        Key(status: 400, body: #"{"errorCode":"UNSUPPORTED_MODEL","message":"no"}"#, accepted: true),
        Key(status: 401, body: #"{"error":{"code":"UNAUTHORIZED","message":"no"}}"#, accepted: false),
        // A parking page, a CDN's own limit: neither has looked at the key.
        Key(status: 200, body: "{}", accepted: nil), Key(status: 429, body: "<html>", accepted: nil),
        Key(status: 500, body: "", accepted: nil), Key(status: 302, body: "", accepted: nil),
    ])
    func `a key is shown to the vendor with a model that does not exist`(key: Key) async throws {
        let harness = Harness { _, _ in [.head(status: key.status), .text(key.body), .end] }
        let client = await harness.respond(
            to: get("/v1/health/key", headers: [("authorization", "Bearer \(Harness.key)")]))
        #expect(client.status == 200)
        #expect(client.json["accepted"] == key.accepted.map { .bool($0) } ?? .null)
        let call = try #require(harness.chats.first)
        #expect(harness.chats.count == 1)
        #expect(call.request.headers["api-key"] == Harness.key)
        let body = try JSONValue(parsing: call.request.body)
        #expect(body["model"]?.stringValue == KeyQuestion.model)
        #expect(harness.allCallsAreOver)
        #expect(!client.text.contains(Harness.key))
    }

    @Test func `without a key there is none to show`() async {
        #expect(await harness.respond(to: get("/health/key")).status == 401)
        #expect(harness.transport.calls.isEmpty)
    }
}
