import Relay
import Testing
import TestSupport
import Wire

/// Nothing that belongs to a caller is in any record or event of the log.
@Suite(.timeLimit(.minutes(1))) struct CanaryTests {
    static let key = "canary-key-7f3a9c"
    static let prompt = "canary-prompt-51be"
    static let answer = "canary-answer-c0de"

    static let answers: [[FakeCall.Step]] = [
        FakeCall.Step.whole(answer), FakeCall.Step.stream(answer, prompt),
        [
            .head(status: 500),
            .text(#"{"errorCode":"canary-answer-c0de","message":"canary-prompt-51be canary-key-7f3a9c"}"#),
            .end,
        ],
        [
            .head(status: 400),
            .text(#"{"success":false,"error":{"code":"canary-answer-c0de","message":"canary-prompt-51be"}}"#),
            .end,
        ],
        [.head(status: 200), .delta(answer), .error(prompt), .end],
        [.head(status: 200), .delta(answer), .fail(UpstreamError(.cut, message: answer))],
        [.head(status: 302, headers: HeaderFields([("location", "https://\(answer)/")])), .end],
        [.head(status: 200), .text("<html>\(answer)</html>"), .end],
        [.fail(UpstreamError(.unreachable, message: "\(answer)"))],
    ]

    static let requests: [ClientRequest] = [
        Harness.chatRequest(["messages": [["role": "user", "content": .string(prompt)]]]),
        Harness.chatRequest(["stream": true, "messages": [["role": "user", "content": .string(prompt)]]]),
        Harness.chatRequest(["model": .string(prompt)]),
        Harness.chatRequest(["messages": [["role": .string(prompt), "content": .string(prompt)]]]),
        Harness.chatRequest(["user": .string(prompt), prompt: 1]),
        Harness.request("POST", "/v1/chat/completions", body: Array("{\"\(prompt)".utf8)),
        Harness.request("GET", "/v1/models/\(prompt)"), Harness.request("GET", "/\(prompt)"),
        Harness.request(prompt, "/v1/models"),
    ]

    @Test(arguments: answers.indices)
    func `the log holds no key, prompt or answer`(index: Int) async {
        let harness = Harness { _, _ in Self.answers[index] }
        await harness.running {
            for var request in Self.requests {
                for headers in [
                    [("authorization", "Bearer \(Self.key)"), ("x-request-id", "\(Self.prompt) \n")],
                    [("x-api-key", Self.key)],
                ] {
                    request.headers = HeaderFields(headers)
                    await harness.respond(to: request)
                }
            }
        }
        #expect(harness.log.records.count == 2 * Self.requests.count)
        var dumped = ""
        dump(harness.log.records, to: &dumped)
        dump(harness.log.events, to: &dumped)
        for canary in [Self.key, Self.prompt, Self.answer, "canary"] { #expect(!dumped.contains(canary)) }
    }

    @Test func `no key comes back to a client`() async {
        for steps in Self.answers {
            let harness = Harness { _, _ in steps }
            var request = Harness.chatRequest()
            request.headers = HeaderFields([("x-api-key", Self.key)])
            let client = await harness.respond(to: request)
            #expect(!client.text.contains("sk-test-key"))
            #expect(client.head != nil && client.headers.allSatisfy { !$0.value.contains(Self.key) })
        }
    }
}
