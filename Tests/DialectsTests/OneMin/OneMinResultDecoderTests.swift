import Dialects
import Testing

struct OneMinResultDecoderTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let body: String
        let events: [GenerationEvent]
        var searchesWeb = false
        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "the documented answer",
            body: #"""
                {"aiRecord":{"uuid":"u","userId":"x","teamId":"t","model":"gpt-4o","type":"UNIFY_CHAT_WITH_AI",
                 "metadata":{"inputToken":10,"outputToken":20,"totalToken":30,"credit":7,"inputCredit":3,
                 "outputCredit":4,"finishReason":"end_turn"},"rating":null,"conversationId":null,
                 "status":"SUCCESS","createdAt":"2026-10-06T10:00:00.000Z",
                 "aiRecordDetail":{"promptObject":{"prompt":"Hi"},"resultObject":["Hello\n"]},
                 "modelDetail":{"name":"GPT-4o","provider":"OPENAI"}}}
                """#,
            events: [
                .usage(Usage(inputTokens: 10, outputTokens: 20, totalTokens: 30, credits: 7)),
                .text("Hello\n"), .finished(.stop),
            ]),
        Case(
            name: "half a pair in the text, and in what is not read",
            body: #"{"aiRecord":{"x":"\udc00","aiRecordDetail":{"resultObject":["Hi \ud83d\nyou"]}}}"#,
            events: [.text("Hi \u{FFFD}\nyou"), .finished(.stop)]),
        Case(
            name: "no metadata",
            body:
                #"{"aiRecord":{"status":"SUCCESS","metadata":null,"aiRecordDetail":{"resultObject":["a"]}}}"#,
            events: [.text("a"), .finished(.stop)]),
        Case(
            name: "a plain string", body: #"{"aiRecord":{"aiRecordDetail":{"resultObject":"a"}}}"#,
            events: [.text("a"), .finished(.stop)]),
        Case(
            name: "several strings", body: #"{"aiRecord":{"aiRecordDetail":{"resultObject":["a","b"]}}}"#,
            events: [.text("a\nb"), .finished(.stop)]),
        Case(
            name: "progress lines",
            body: #"{"aiRecord":{"aiRecordDetail":{"resultObject":["🌐 Crawling site x\nThe answer"]}}}"#,
            events: [.text("The answer"), .finished(.stop)], searchesWeb: true),
        Case(
            name: "nothing", body: "",
            events: [.failed(Failure(.upstreamFailed, "1min.ai: the answer is empty.", upstreamStatus: 200))]),
        Case(
            name: "a web page",
            body: "<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>",
            events: [
                .failed(
                    Failure(
                        .upstreamFailed,
                        "1min.ai: a web page instead of an answer, with the title \"Just a moment...\"",
                        upstreamStatus: 200))
            ]),
        Case(
            name: "an answer of another kind, which is not shown",
            body: #"event: result\ndata: {"aiRecord":{"teamUser":{"userName":"Private Person"}}}"#,
            events: [
                .failed(Failure(.upstreamFailed, "1min.ai: the answer cannot be read", upstreamStatus: 200))
            ]),
        Case(
            name: "another object", body: "{}",
            events: [
                .failed(Failure(.upstreamFailed, "1min.ai: the answer has no aiRecord", upstreamStatus: 200))
            ]),
        Case(
            name: "an error with status 200",
            body: #"{"success":false,"error":{"code":"RATE_LIMITED","message":"Slow down"}}"#,
            events: [
                .failed(Failure(.rateLimited, "1min.ai: Slow down (RATE_LIMITED)", upstreamStatus: 200))
            ]),
        Case(
            name: "a failed record",
            body: #"{"aiRecord":{"status":"FAILED","aiRecordDetail":{"resultObject":["It broke"]}}}"#,
            events: [.failed(Failure(.upstreamFailed, "1min.ai: It broke", upstreamStatus: 200))]),
        Case(
            name: "a filter's notice",
            body:
                #"{"aiRecord":{"status":"SUCCESS","aiRecordDetail":{"resultObject":{"code":400,"message":"No."}}}}"#,
            events: [.failed(Failure(.contentFiltered, "1min.ai: No.", upstreamStatus: 200))]),
        Case(
            name: "a filter's notice in a list",
            body: #"{"aiRecord":{"aiRecordDetail":{"resultObject":[{"code":"X","message":"No."}]}}}"#,
            events: [.failed(Failure(.contentFiltered, "1min.ai: No. (X)", upstreamStatus: 200))]),
        Case(
            name: "no text", body: #"{"aiRecord":{"status":"SUCCESS","aiRecordDetail":{"resultObject":[]}}}"#,
            events: [.failed(Failure(.answerUnusable, "1min.ai: the model's answer has no text."))]),
        Case(
            name: "thoughts only",
            body: #"""
                {"aiRecord":{"status":"SUCCESS","metadata":{"inputToken":10,"outputToken":20,
                 "finishReason":"length"},"aiRecordDetail":{"resultObject":[""]}}}
                """#,
            events: [
                .usage(Usage(inputTokens: 10, outputTokens: 20)),
                .failed(
                    Failure(
                        .answerUnusable,
                        "1min.ai: the model reached its length limit before it wrote any text.")),
            ]),
        Case(
            name: "no detail", body: #"{"aiRecord":{"status":"SUCCESS"}}"#,
            events: [.failed(Failure(.answerUnusable, "1min.ai: the model's answer has no text."))]),
    ]

    @Test(arguments: cases) func `an answer gives its events`(_ test: Case) {
        #expect(
            OneMinResultDecoder.decode(Array(test.body.utf8), searchesWeb: test.searchesWeb) == test.events)
    }

    @Test func `any beginning of an answer is a failure and never crashes`() {
        let body = Array(Self.cases[0].body.utf8)
        for count in 0..<body.count {
            let events = OneMinResultDecoder.decode(Array(body.prefix(count)), searchesWeb: false)
            guard case .failed(let failure)? = events.last, events.count == 1 else {
                Issue.record("\(count) bytes gave \(events)")
                continue
            }
            #expect(failure.kind == .upstreamFailed)
        }
    }
}
