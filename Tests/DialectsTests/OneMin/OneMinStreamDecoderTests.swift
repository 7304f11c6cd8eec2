import Dialects
import Testing
import Wire

struct OneMinStreamDecoderTests {
    /// A stream and the events it gives, pieces of text joined.
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let stream: String
        let events: [GenerationEvent]
        var searchesWeb = false
        var testDescription: String { name }
    }

    /// A `content` event.
    private static func content(_ text: String) -> String {
        var writer = JSONWriter()
        writer.value(["content": .string(text)])
        return "event: content\ndata: \(String(decoding: writer.bytes, as: UTF8.self))\n\n"
    }

    /// A `result` event.
    private static func result(
        _ text: String, metadata: String = "null", status: String = "SUCCESS"
    ) -> String {
        var writer = JSONWriter()
        writer.value([.string(text)])
        return result(
            object: String(decoding: writer.bytes, as: UTF8.self), metadata: metadata, status: status)
    }

    private static func result(object: String, metadata: String = "null", status: String = "SUCCESS")
        -> String
    {
        #"event: result"# + "\n"
            + #"data: {"aiRecord":{"uuid":"6b645e3a-d64f-4341-a6d8-7a3690fbf042","teamUser":{"userName":"Jo"},"#
            + "\"metadata\":\(metadata),\"status\":\"\(status)\",\"aiRecordDetail\":{\"resultObject\":\(object)}}}\n\n"
    }

    private static let done = "event: done\ndata: {\"message\":\"Stream completed\"}\n\n"
    private static let counts =
        #"{"inputToken":12,"outputToken":5,"totalToken":17,"credit":42.5,"finishReason":"stop"}"#
    private static let usage = Usage(inputTokens: 12, outputTokens: 5, totalTokens: 17, credits: 42.5)

    private static func failed(_ kind: Failure.Kind, _ message: String, status: Int? = nil) -> GenerationEvent
    {
        .failed(Failure(kind, message, upstreamStatus: status))
    }

    static let good = [
        Case(
            name: "text, record, end",
            stream: content("Hel") + content("lo 👋 wörld") + result("Hello 👋 wörld", metadata: counts) + done,
            events: [.text("Hello 👋 wörld"), .usage(usage), .finished(.stop)]),
        Case(
            name: "no record", stream: content("Hello") + done, events: [.text("Hello"), .finished(.stop)]),
        Case(
            name: "no end after the record", stream: content("Hello") + result("Hello"),
            events: [.text("Hello"), .finished(.stop)]),
        Case(
            name: "half a pair in the text, and in what is not read",
            stream: #"event: content"# + "\n" + #"data: {"content":"Hi \ud83d","x":"\ud83d"}"# + "\n\n"
                + #"event: content"# + "\n" + #"data: {"content":null,"x":"\ud83d"}"# + "\n\n"
                + result(object: #"["Hi \ud83d","\udc00"]"#, metadata: counts) + done,
            events: [.text("Hi \u{FFFD}"), .usage(usage), .finished(.stop)]),
        Case(
            name: "OpenAI's end mark", stream: content("Hello") + "data: [DONE]\n\n",
            events: [.text("Hello"), .finished(.stop)]),
        Case(
            name: "counts of zero are unknown",
            stream: content("a")
                + result("a", metadata: #"{"inputToken":0,"outputToken":0,"totalToken":0,"credit":3}"#)
                + done,
            events: [.text("a"), .finished(.stop)]),
        Case(
            name: "counts as strings",
            stream: content("a") + result("a", metadata: #"{"inputToken":"3","outputToken":"1"}"#) + done,
            events: [.text("a"), .usage(Usage(inputTokens: 3, outputTokens: 1)), .finished(.stop)]),
        Case(
            name: "half a count",
            stream: content("a") + result("a", metadata: #"{"inputToken":5,"outputToken":0,"totalToken":5}"#)
                + done,
            events: [.text("a"), .finished(.stop)]),
        Case(
            name: "only a sum",
            stream: content("a") + result("a", metadata: #"{"totalToken":9}"#) + done,
            events: [.text("a"), .finished(.stop)]),
        Case(
            name: "a sum below its parts",
            stream: content("a")
                + result(
                    "a",
                    metadata: #"{"inputToken":9223372036854775807,"outputToken":2,"totalToken":1}"#) + done,
            events: [
                .text("a"), .usage(Usage(inputTokens: .max, outputTokens: 2)), .finished(.stop),
            ]),
        Case(
            name: "the length limit",
            stream: content("a") + result("a", metadata: #"{"finishReason":"MAX_TOKENS"}"#) + done,
            events: [.text("a"), .finished(.length)]),
        Case(
            name: "a filter in the middle",
            stream: content("a") + result("a", metadata: #"{"finishReason":"content_filter"}"#) + done,
            events: [.text("a"), .finished(.contentFilter)]),
        Case(
            name: "events without a name",
            stream: "data: {\"content\":\"a\"}\n\nevent: message\ndata: {\"content\":\"b\"}\n\n" + done,
            events: [.text("ab"), .finished(.stop)]),
        Case(
            name: "a record without a name",
            stream: "data: {\"content\":\"a\"}\n\ndata: {\"aiRecord\":{\"metadata\":\(counts)}}\n\n" + done,
            events: [.text("a"), .usage(usage), .finished(.stop)]),
        Case(
            name: "events nobody knows",
            stream: "event: ping\ndata: {{{\n\n" + content("a") + ": comment\n\n" + done,
            events: [.text("a"), .finished(.stop)]),
        Case(
            name: "an empty piece and one of null",
            stream: content("") + "event: content\ndata: {\"content\":null}\n\n" + content("a") + done,
            events: [.text("a"), .finished(.stop)]),
        Case(
            name: "text in the record only", stream: result("all of it", metadata: counts) + done,
            events: [.usage(usage), .text("all of it"), .finished(.stop)]),
        Case(
            name: "a last block that repeats everything",
            stream: content("Hello ") + content("you") + content("Hello you") + result("Hello you") + done,
            events: [.text("Hello you"), .finished(.stop)]),
        Case(
            name: "a last block that repeats everything, without a record",
            stream: content("Hello ") + content("you") + content("Hello you") + done,
            events: [.text("Hello you"), .finished(.stop)]),
        Case(
            name: "a repeated word is no repeated answer",
            stream: content("ok") + content("ok") + result("okok") + done,
            events: [.text("okok"), .finished(.stop)]),
        Case(
            name: "repeats in the middle",
            stream: content("ha") + content("ha") + content("haha") + content("!") + done,
            events: [.text("hahahaha!"), .finished(.stop)]),
        Case(
            name: "nothing counts after the end",
            stream: content("a") + done + content("b") + "event: error\ndata: {}\n\n",
            events: [.text("a"), .finished(.stop)]),
        Case(
            name: "CR LF and a byte order mark",
            stream:
                "\u{FEFF}event: content\r\ndata: {\"content\":\"a\"}\r\n\r\nevent: done\r\ndata: x\r\n\r\n",
            events: [.text("a"), .finished(.stop)]),
        Case(
            name: "progress lines of a web search",
            stream: content("🌐 Crawling site https://a.example\n") + content("🌍 Craw")
                + content("ling site b.example ...\nThe an") + content("swer\n🌐 is round\n") + result("x")
                + done,
            events: [.text("The answer\n🌐 is round\n"), .finished(.stop)], searchesWeb: true),
        Case(
            name: "the same words without a web search", stream: content("🌐 Crawling site a\nb") + done,
            events: [.text("🌐 Crawling site a\nb"), .finished(.stop)]),
    ]

    static let bad = [
        Case(name: "nothing", stream: "", events: [failed(.upstreamFailed, "1min.ai: the answer is empty.")]),
        Case(
            name: "an end without text", stream: done,
            events: [failed(.answerUnusable, "1min.ai: the model's answer has no text.")]),
        Case(
            name: "a record without text", stream: result("", metadata: counts) + done,
            events: [.usage(usage), failed(.answerUnusable, "1min.ai: the model's answer has no text.")]),
        Case(
            name: "a record without text at its length limit",
            stream: result("", metadata: #"{"finishReason":"length"}"#) + done,
            events: [
                failed(
                    .answerUnusable, "1min.ai: the model reached its length limit before it wrote any text.")
            ]),
        Case(
            name: "a filter that left nothing",
            stream: result("", metadata: #"{"finishReason":"SAFETY"}"#) + done,
            events: [
                failed(.contentFiltered, "1min.ai: the provider's content filter withheld the answer.")
            ]),
        Case(
            name: "only progress lines", stream: content("🌐 Crawling site a.example\n") + done,
            events: [failed(.answerUnusable, "1min.ai: the model's answer has no text.")], searchesWeb: true),
        Case(
            name: "cut off", stream: content("Hel"),
            events: [
                .text("Hel"), failed(.upstreamFailed, "1min.ai: the answer was cut off before its end."),
            ]),
        Case(
            name: "cut off inside an event", stream: content("Hel") + "event: done\ndata: {",
            events: [
                .text("Hel"), failed(.upstreamFailed, "1min.ai: the answer was cut off before its end."),
            ]),
        Case(
            name: "an error event",
            stream: "event: error\ndata: {\"error\":\"Model overloaded at 10.0.0.1\"}\n\n" + done,
            events: [failed(.upstreamFailed, "1min.ai: Model overloaded at [address]", status: 200)]),
        Case(
            name: "an error event after text",
            stream: content("Hel") + "event: error\ndata: {\"error\":\"boom\"}\n\n",
            events: [.text("Hel"), failed(.upstreamFailed, "1min.ai: boom", status: 200)]),
        Case(
            name: "an error event of plain text", stream: "event: error\ndata: Too many requests\n\n",
            events: [failed(.rateLimited, "1min.ai: Too many requests", status: 200)]),
        Case(
            name: "an error event about credits",
            stream: "event: error\ndata: {\"error\":{\"code\":\"X\",\"message\":\"Not enough credits\"}}\n\n",
            events: [failed(.insufficientQuota, "1min.ai: Not enough credits (X)", status: 200)]),
        Case(
            name: "an error event about the model",
            stream: "event: error\ndata: {\"errorCode\":\"UNSUPPORTED_MODEL\",\"message\":\"No gpt-9\"}\n\n",
            events: [failed(.modelNotFound, "1min.ai: No gpt-9 (UNSUPPORTED_MODEL)", status: 200)]),
        Case(
            name: "an error event about the context",
            stream:
                "event: error\ndata: {\"error\":\"This model's maximum context length is 8192 tokens.\"}\n\n",
            events: [
                .failed(
                    Failure(
                        .upstreamRejected, "1min.ai: This model's maximum context length is 8192 tokens.",
                        code: "context_length_exceeded", upstreamStatus: 200))
            ]),
        Case(
            name: "an error without a name", stream: "data: {\"error\":\"boom\"}\n\n",
            events: [failed(.upstreamFailed, "1min.ai: boom", status: 200)]),
        Case(
            name: "an empty error event", stream: "event: error\ndata: {}\n\n",
            events: [failed(.upstreamFailed, "1min.ai: status 200 without an explanation", status: 200)]),
        Case(
            name: "a failed record", stream: content("Hel") + result("", status: "FAILED") + done,
            events: [
                .text("Hel"), failed(.upstreamFailed, "1min.ai: the answer is marked as failed", status: 200),
            ]),
        Case(
            name: "a failed record that says what was used",
            stream: content("Hel") + result("", metadata: counts, status: "FAILED") + done,
            events: [
                .text("Hel"), .usage(usage),
                failed(.upstreamFailed, "1min.ai: the answer is marked as failed", status: 200),
            ]),
        Case(
            name: "a filter's notice in place of the text",
            stream: result(object: #"{"code":"content_filter","message":"Blocked by policy"}"#) + done,
            events: [
                failed(.contentFiltered, "1min.ai: Blocked by policy (content_filter)", status: 200)
            ]),
        Case(
            name: "no JSON", stream: "event: content\ndata: <html>\n\n",
            events: [
                failed(
                    .upstreamFailed, "1min.ai: an event of the answer cannot be read: unexpected character.")
            ]),
        Case(
            name: "content that is a number", stream: "event: content\ndata: {\"content\":1}\n\n",
            events: [
                failed(
                    .upstreamFailed, "1min.ai: an event of the answer cannot be read: unexpected character.")
            ]),
        Case(
            name: "a web page", stream: "<html><body>502</body></html>",
            events: [failed(.upstreamFailed, "1min.ai: the answer was cut off before its end.")]),
    ]

    private func run(_ test: Case, size: Int) -> [GenerationEvent] {
        var decoder = OneMinStreamDecoder(searchesWeb: test.searchesWeb)
        var events: [GenerationEvent] = []
        for piece in pieces(Array(test.stream.utf8), size: size) { decoder.feed(piece) { events.append($0) } }
        decoder.end { events.append($0) }
        #expect(decoder.isComplete)
        return events
    }

    @Test(arguments: good + bad, chunkSizes)
    func `a stream gives its events, whatever the borders of the chunks`(_ test: Case, size: Int) {
        #expect(joined(run(test, size: size)) == test.events)
    }

    @Test(arguments: good) func `a whole answer of the same text gives the same result`(_ test: Case) throws {
        var streamed = GenerationFold()
        for event in run(test, size: .max) { streamed.add(event) }
        let result = try streamed.result()
        var record = #"{"aiRecord":{"status":"SUCCESS","aiRecordDetail":{"resultObject":["#
        var writer = JSONWriter()
        writer.string(result.text)
        record += text(writer.bytes) + "]},\"metadata\":{"
        if let usage = result.usage {
            record += "\"inputToken\":\(usage.inputTokens),\"outputToken\":\(usage.outputTokens),"
            if let total = usage.reportedTotalTokens { record += "\"totalToken\":\(total)," }
            if let credits = usage.credits { record += "\"credit\":\(credits)," }
        }
        let reason =
            result.finishReason == .length
            ? "length" : result.finishReason == .stop ? "stop" : "content_filter"
        record += "\"finishReason\":\"\(reason)\"}}}"
        var whole = GenerationFold()
        for event in OneMinResultDecoder.decode(Array(record.utf8), searchesWeb: false) { whole.add(event) }
        #expect(try whole.result() == result)
    }

    @Test func `each piece of text comes as soon as its event is complete`() {
        var decoder = OneMinStreamDecoder(searchesWeb: true)
        var texts: [String] = []
        for piece in ["a", "b", " c\n", "d", "🎉", "e"] {
            decoder.feed(Array(Self.content(piece).utf8)) {
                if case .text(let text) = $0 { texts.append(text) }
            }
        }
        #expect(texts == ["a", "b", " c\n", "d", "🎉", "e"])
    }

    @Test func `an event over the limit is a failure`() {
        var decoder = OneMinStreamDecoder(maximumEventBytes: 64)
        var events: [GenerationEvent] = []
        decoder.feed(Array(Self.content("short").utf8)) { events.append($0) }
        decoder.feed(Array(Self.content(String(repeating: "x", count: 65)).utf8)) { events.append($0) }
        decoder.feed(Array(Self.done.utf8)) { events.append($0) }
        decoder.end { events.append($0) }
        #expect(
            events == [
                .text("short"), Self.failed(.upstreamFailed, "1min.ai: an event is larger than 64 bytes."),
            ])
    }

    @Test func `nothing personal of the record is given`() {
        let test = Case(
            name: "", stream: Self.content("a") + Self.result("a", metadata: Self.counts), events: [])
        #expect(!"\(run(test, size: .max))".contains("Jo"))
    }

    /// The events with neighbouring pieces of text joined.
    private func joined(_ events: [GenerationEvent]) -> [GenerationEvent] {
        events.reduce(into: []) { result, event in
            if case .text(let more) = event, case .text(let text)? = result.last {
                result[result.count - 1] = .text(text + more)
            } else {
                result.append(event)
            }
        }
    }
}
