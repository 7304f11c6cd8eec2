import Relay
import Testing
import TestSupport
import Wire

@Suite(.timeLimit(.minutes(1))) struct ChatFailureTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var steps: [FakeCall.Step]
        var status: Int
        var code: String
        var testDescription: String { name }
    }

    static let html = FakeCall.Step.text("<html><body>502 Bad Gateway at 10.1.2.3</body></html>")

    /// Failures before anything of the answer came; they are the same streamed and not.
    static let early = [
        Case(
            name: "401", steps: [.head(status: 401), .text(#"{"message":"Invalid key"}"#), .end], status: 401,
            code: "invalid_api_key"),
        Case(
            name: "unsupported model",
            steps: [
                .head(status: 400), .text(#"{"errorCode":"UNSUPPORTED_MODEL","message":"no gpt-4o here"}"#),
                .end,
            ], status: 404, code: "model_not_found"),
        Case(
            name: "429", steps: [.head(status: 429, headers: HeaderFields([("retry-after", "7")])), .end],
            status: 429, code: "rate_limit_exceeded"),
        Case(
            name: "gateway page", steps: [.head(status: 502), html, .end], status: 502,
            code: "upstream_failed"),
        Case(
            name: "error body cut",
            steps: [.head(status: 500), .fail(UpstreamError(.cut, message: "reset"))],
            status: 502, code: "upstream_failed"),
        Case(
            name: "error body stalls", steps: [.head(status: 500), .wait(.seconds(3600))], status: 502,
            code: "upstream_failed"),
        Case(
            name: "redirect",
            steps: [.head(status: 302, headers: HeaderFields([("location", "https://evil.example")])), .end],
            status: 502, code: "upstream_failed"),
        Case(
            name: "page with 200", steps: [.head(status: 200), html, .end], status: 502,
            code: "upstream_failed"),
        Case(name: "empty", steps: [.head(status: 200), .end], status: 502, code: "upstream_failed"),
        Case(
            name: "refused", steps: [.fail(UpstreamError(.unreachable, message: "Connection refused."))],
            status: 502,
            code: "upstream_unreachable"),
        Case(
            name: "TLS", steps: [.fail(UpstreamError(.tls, message: "Certificate expired."))], status: 502,
            code: "upstream_unreachable"),
        Case(
            name: "connect time-out", steps: [.fail(UpstreamError(.timedOut(.connect), message: ""))],
            status: 504,
            code: "upstream_timeout"),
        Case(
            name: "first byte time-out", steps: [.fail(UpstreamError(.timedOut(.firstByte), message: ""))],
            status: 504, code: "upstream_timeout"),
        Case(
            name: "cut after the head",
            steps: [.head(status: 200), .fail(UpstreamError(.cut, message: "reset"))],
            status: 502, code: "upstream_failed"),
        Case(
            name: "too large", steps: [.head(status: 200), .fail(UpstreamError(.tooLarge, message: ""))],
            status: 502,
            code: "upstream_failed"),
        Case(
            name: "shutting down", steps: [.fail(UpstreamError(.shuttingDown, message: ""))], status: 503,
            code: "shutting_down"),
        Case(
            name: "impossible request", steps: [.fail(UpstreamError(.failed, message: "bad proxy"))],
            status: 500,
            code: "internal_error"),
        Case(
            name: "JSON error with 200",
            steps: [
                .head(status: 200, headers: HeaderFields([("content-type", "application/json")])),
                .text(#"{"aiRecord":{"status":"FAILED"}}"#), .end,
            ], status: 502, code: "upstream_failed"),
    ]

    @Test(arguments: early, [false, true])
    func `an early failure has its status`(failure: Case, isStreamed: Bool) async {
        // Without a heartbeat, so that a stalled error body does not begin the stream.
        var configuration = Configuration()
        configuration.heartbeat = nil
        let harness = Harness(configuration) { _, _ in failure.steps }
        let client = await harness.chat(["stream": .bool(isStreamed)])
        #expect(client.status == failure.status)
        #expect(client.header("content-type") == "application/json")
        #expect(client.json["error"]?["code"]?.stringValue == failure.code)
        #expect(client.json["error"]?["message"]?.stringValue?.isEmpty == false)
        for secret in ["10.1.2.3", Harness.key, "evil"] { #expect(!client.text.contains(secret)) }
        #expect(client.sent.count == 1 && client.isComplete)
        #expect(harness.chats.count == 1, "a paid call is not repeated")
        #expect(harness.allCallsAreOver)
        let record = harness.log.records.last
        #expect(
            record?.outcome == .failed && record?.status == failure.status
                && record?.errorCode == failure.code)
        #expect(harness.log.records.count == 1)
    }

    /// SDKs ask again where that may help: not where the same would be paid for again, and not before the time.
    @Test(
        arguments: [
            ([.head(status: 200), .done], "false"),
            ([.head(status: 429, headers: HeaderFields([("retry-after", "300")])), .end], "false"),
            ([.head(status: 429, headers: HeaderFields([("retry-after", "60")])), .end], nil),
            ([.head(status: 429), .end], nil), ([.head(status: 502), html, .end], nil),
        ] as [([FakeCall.Step], String?)])
    func `a failure says whether to ask again`(steps: [FakeCall.Step], expected: String?) async {
        let harness = Harness { _, _ in steps }
        let client = await harness.chat(["stream": true])
        #expect(client.status == 502 || client.status == 429)
        #expect(client.header("x-should-retry") == expected)
    }

    /// Failures after one delta, streamed.
    static let late = [
        Case(
            name: "error event", steps: [.error("The provider is busy"), .end], status: 200,
            code: "upstream_failed"),
        Case(
            name: "credits", steps: [.error("Insufficient credits")], status: 200, code: "insufficient_quota"),
        Case(
            name: "cut", steps: [.fail(UpstreamError(.cut, message: "reset"))], status: 200,
            code: "upstream_failed"),
        Case(
            name: "idle", steps: [.fail(UpstreamError(.timedOut(.idle), message: ""))], status: 200,
            code: "upstream_timeout"),
        Case(
            name: "total", steps: [.fail(UpstreamError(.timedOut(.total), message: ""))], status: 200,
            code: "upstream_timeout"),
        Case(name: "end without an end", steps: [.end], status: 200, code: "upstream_failed"),
        Case(
            name: "end within an event", steps: [.text("event: content\nda"), .end], status: 200,
            code: "upstream_failed"),
        Case(
            name: "no JSON", steps: [.text("event: content\ndata: {\n\n")], status: 200,
            code: "upstream_failed"),
        Case(
            name: "failed record",
            steps: [.text("event: result\ndata: {\"aiRecord\":{\"status\":\"FAILED\"}}\n\n"), .done],
            status: 200,
            code: "upstream_failed"),
    ]

    @Test(arguments: late, [false, true])
    func `a late failure is an error event and the end`(failure: Case, isTogether: Bool) async {
        let start: [FakeCall.Step] = [.delta("first"), .delta("second")]
        let harness = Harness { _, _ in
            guard isTogether, case .bytes? = failure.steps.first else {
                return [.head(status: 200)] + start + failure.steps
            }
            return [.head(status: 200), .together(start + failure.steps)] + failure.steps.dropFirst()
        }
        let client = await harness.chat(["stream": true])
        #expect(client.status == 200)
        #expect(client.contents() == ["first", "second"])
        #expect(client.chunks.last?["error"]?["code"]?.stringValue == failure.code)
        #expect(client.chunks.filter { $0["error"] != nil }.count == 1)
        #expect(client.chunks.compactMap(\.finishReason).isEmpty)
        #expect(!client.events.contains("[DONE]"))
        #expect(client.isComplete)
        #expect(harness.allCallsAreOver)
        #expect(harness.log.records.last?.outcome == .brokenOff)
        #expect(harness.log.records.last?.status == 200)
        #expect(harness.log.records.last?.errorCode == failure.code)
    }

    @Test func `a failing choice ends the stream of all`() async {
        let harness = Harness { _, count in
            count == 1
                ? [.head(status: 200), .delta("x"), .error("The provider is busy")]
                : [.head(status: 200), .delta("y"), .gate(TestGate())]
        }
        let client = await harness.chat(["stream": true, "n": 4])
        #expect(client.chunks.last?["error"] != nil)
        #expect(!client.events.contains("[DONE]"))
        #expect(harness.allCallsAreOver)
    }

    @Test func `a request that cannot be carried is refused without a call`() async {
        let harness = Harness { _, _ in FakeCall.Step.whole("Hello") }
        for members: JSONValue in [
            [
                "tools": [["type": "function", "function": ["name": "f"]]],
                "tool_choice": ["type": "function", "function": ["name": "g"]],
            ],
            ["modalities": ["audio"]], ["messages": []], ["messages": "Hi"],
            ["model": ""], ["n": 9], ["model": .string(String(repeating: "x", count: 10_000))],
        ] {
            let client = await harness.running { await harness.chat(members) }
            #expect(client.status == 400 || client.status == 404)
            #expect(client.json["error"]?["param"]?.stringValue != nil)
            #expect(client.body.count < 2000)
        }
        #expect(harness.chats.isEmpty)
    }
}
