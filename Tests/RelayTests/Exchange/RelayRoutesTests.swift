import Relay
import Testing
import TestSupport
import Wire

@Suite(.timeLimit(.minutes(1))) struct RelayRoutesTests {
    let harness = Harness { _, _ in FakeCall.Step.whole("Hello") }

    @Test(arguments: ["/", "/health"])
    func `root and health need no key and call nobody`(path: String) async {
        let client = await harness.respond(to: Harness.request("GET", path, headers: []))
        #expect(client.status == 200)
        #expect(client.json.objectValue != nil)
        #expect(client.header("content-length") == String(client.body.count))
        #expect(client.isComplete)
        let head = await harness.respond(to: Harness.request("HEAD", path, headers: []))
        #expect(head.body.isEmpty)
        #expect(head.header("content-length") == String(client.body.count))
        #expect(harness.transport.calls.isEmpty)
    }

    @Test(arguments: ["/v1/models", "/models", "/models/"])
    func `models are listed`(path: String) async {
        await harness.running {
            let client = await harness.respond(to: Harness.request("GET", path))
            #expect(client.status == 200)
            #expect(
                client.json["data"]?.arrayValue?.compactMap { $0["id"]?.stringValue } == [
                    "gpt-4o", "us.anthropic.claude-v1:0", "meta/x",
                ])
        }
    }

    @Test(arguments: [
        ("us.anthropic.claude-v1:0", "us.anthropic.claude-v1:0"), ("meta/x", "meta/x"),
        ("claude", "us.anthropic.claude-v1:0"),
        ("GPT-4o", "gpt-4o"),
    ])
    func `a model is found by its id`(name: String, id: String) async {
        await harness.running {
            let client = await harness.respond(to: Harness.request("GET", "/v1/models/\(name)"))
            #expect(client.status == 200)
            #expect(client.json["id"]?.stringValue == id)
        }
    }

    @Test func `an unknown model is 404`() async {
        await harness.running {
            let client = await harness.respond(to: Harness.request("GET", "/v1/models/gpt-4p"))
            #expect(client.status == 404)
            #expect(client.json["error"]?["code"]?.stringValue == "model_not_found")
            #expect(client.text.contains("gpt-4o"))
        }
    }

    @Test(arguments: ["/v1", "/nothing", "/v1/chat", "/v2/models"], ["GET", "POST", "OPTIONS", "BREW"])
    func `an unknown path is 404 for every method`(path: String, method: String) async {
        let client = await harness.respond(to: Harness.request(method, path))
        #expect(client.status == 404)
        #expect(client.json["error"]?["message"]?.stringValue?.contains(path) == true)
        #expect(harness.log.records.last?.route == "unknown")
        #expect(harness.log.records.last?.outcome == .refused)
        #expect(harness.log.records.last?.method == (method == "BREW" ? "OTHER" : method))
    }

    @Test(arguments: [
        ("GET", "/v1/chat/completions", "POST, OPTIONS"), ("HEAD", "/chat/completions", "POST, OPTIONS"),
        ("POST", "/v1/models", "GET, HEAD, OPTIONS"), ("DELETE", "/v1/models/x", "GET, HEAD, OPTIONS"),
        ("post", "/v1/chat/completions", "POST, OPTIONS"), ("PUT", "/health", "GET, HEAD, OPTIONS"),
    ])
    func `a wrong method is 405 with the right ones`(method: String, path: String, allow: String) async {
        let client = await harness.respond(to: Harness.request(method, path, headers: []))
        #expect(client.status == 405)
        #expect(client.header("allow") == allow)
        if method != "HEAD" { #expect(client.json["error"]?["code"]?.stringValue == "method_not_allowed") }
    }

    @Test func `OPTIONS is answered without a key`() async {
        let client = await harness.respond(
            to: Harness.request("OPTIONS", "/v1/chat/completions", headers: []))
        #expect(client.status == 204)
        #expect(client.header("allow") == "POST, OPTIONS")
        #expect(client.body.isEmpty)
        #expect(client.header("content-length") == nil)
    }

    @Test func `every answer has a request id of its own or the client's`() async {
        var ids: Set<String> = []
        for path in ["/health", "/nothing", "/v1/models/x:y", "/v1/chat/completions"] {
            let client = await harness.running {
                await harness.respond(to: Harness.request("GET", path, headers: []))
            }
            ids.insert(client.header("x-request-id") ?? "")
        }
        #expect(ids.count == 4 && !ids.contains(""))
        let client = await harness.respond(
            to: Harness.request("GET", "/health", headers: [("x-request-id", "mine-1")]))
        #expect(client.header("x-request-id") == "mine-1")
        #expect(harness.log.records.last?.requestID == "mine-1")
    }

    @Test(arguments: ["/v1/models", "/v1/models/gpt-4o", "/v1/chat/completions"])
    func `without a key it is 401 and nobody is called`(path: String) async {
        var request = Harness.chatRequest()
        request.path = path
        request.method = path.hasSuffix("completions") ? "POST" : "GET"
        request.headers = HeaderFields()
        let client = await harness.respond(to: request)
        #expect(client.status == 401)
        #expect(client.header("www-authenticate") == "Bearer")
        #expect(client.json["error"]?["code"]?.stringValue == "missing_api_key")
        #expect(harness.transport.calls.isEmpty)
        #expect(harness.log.records.last?.callerHash == nil)
    }

    struct BadBody: Sendable {
        var status: Int
        var code: String
        var change: @Sendable (inout ClientRequest) -> Void
    }

    static let badBodies = [
        BadBody(status: 413, code: "request_too_large") { $0.bodyProblem = .tooLarge(limit: 5) },
        BadBody(status: 413, code: "request_too_large") { $0.body = Array(repeating: 0x20, count: 2001) },
        BadBody(status: 400, code: "incomplete_body") { $0.bodyProblem = .truncated },
        BadBody(status: 408, code: "request_timeout") { $0.bodyProblem = .timedOut },
        BadBody(status: 415, code: "unsupported_media_type") { $0.contentType = "text/html" },
        BadBody(status: 415, code: "unsupported_media_type") { $0.headers.add("content-encoding", "gzip") },
        BadBody(status: 400, code: "invalid_json") { $0.body = [] },
        BadBody(status: 400, code: "invalid_json") { $0.body = Array("{".utf8) },
    ]

    @Test(arguments: badBodies.indices)
    func `a bad body is refused, after the key and without a call`(index: Int) async {
        let bad = Self.badBodies[index]
        var configuration = Configuration()
        configuration.limits.bodyBytes = 2000
        let harness = Harness(configuration) { _, _ in FakeCall.Step.whole("Hello") }
        var request = Harness.chatRequest()
        bad.change(&request)
        let client = await harness.respond(to: request)
        #expect(client.status == bad.status)
        #expect(client.json["error"]?["code"]?.stringValue == bad.code)
        #expect(harness.log.records.last?.outcome == .refused)
        request.headers = HeaderFields()
        #expect(await harness.respond(to: request).status == 401)
        request.method = "GET"
        #expect(await harness.respond(to: request).status == 405)
        request.path = "/nothing"
        #expect(await harness.respond(to: request).status == 404)
        #expect(harness.transport.calls.isEmpty)
    }

    /// What Anthropic's clients send with every request.
    static let version = ("anthropic-version", "2023-06-01")

    @Test(arguments: [
        ("POST", "/v1/messages/batches", 404, "not_found_error"),
        ("GET", "/v1/files", 404, "not_found_error"),
        ("GET", "/v1/messages", 405, "invalid_request_error"),
        ("PUT", "/v1/messages/count_tokens", 405, "invalid_request_error"),
        ("PUT", "/v1/models", 405, "invalid_request_error"),
    ])
    func `Anthropic's clients are refused in their words`(
        method: String, path: String, status: Int, type: String
    ) async {
        let client = await harness.respond(
            to: Harness.request(method, path, headers: [Self.version, ("x-api-key", Harness.key)]))
        #expect(client.status == status)
        #expect(client.json["type"]?.stringValue == "error", "\(client.text)")
        #expect(client.json["error"]?["type"]?.stringValue == type)
        #expect(client.header("request-id")?.isEmpty == false)
    }

    @Test(arguments: [
        (401, "authentication_error"), (413, "request_too_large"), (415, "invalid_request_error"),
        (400, "invalid_request_error"),
    ])
    func `a bad message is refused in Anthropic's words`(status: Int, type: String) async {
        for path in ["/v1/messages", "/v1/messages/count_tokens"] {
            var request = Harness.request("POST", path, body: Array("{".utf8))
            switch status {
            case 401: request.headers = HeaderFields()
            case 413: request.bodyProblem = .tooLarge(limit: 5)
            case 415: request.contentType = "text/html"
            default: break
            }
            let client = await harness.respond(to: request)
            #expect(client.status == status)
            #expect(client.json["type"]?.stringValue == "error", "\(client.text)")
            #expect(client.json["error"]?["type"]?.stringValue == type)
        }
        #expect(harness.transport.calls.isEmpty)
    }

    @Test func `no content type passes when the body is JSON`() async {
        var request = Harness.chatRequest()
        request.contentType = nil
        #expect(await harness.respond(to: request).status == 200)
    }

    @Test func `a client that left before the answer is logged as such`() async {
        let client = await harness.respond(
            to: Harness.request("GET", "/health", headers: []), over: harness.client(leavesAfter: 0))
        #expect(client.sent.isEmpty)
        #expect(harness.log.records.count == 1)
        #expect(harness.log.records.last?.outcome == .clientLeft)
        #expect(harness.log.records.last?.status == 499)
    }
}
