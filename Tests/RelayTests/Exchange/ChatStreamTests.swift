import Relay
import Testing
import TestSupport
import Wire

@Suite(.timeLimit(.minutes(1))) struct ChatStreamTests {
    @Test func `a stream has one id, a role, the deltas, one reason and an end`() async throws {
        let harness = Harness { _, _ in FakeCall.Step.stream("Hel", "lo", " ") }
        let client = await harness.chat(["stream": true])
        #expect(client.status == 200)
        #expect(client.header("content-type")?.hasPrefix("text/event-stream") == true)
        #expect(client.header("cache-control") == "no-store")
        #expect(client.header("x-accel-buffering") == "no")
        #expect(client.header("content-length") == nil)
        #expect(client.isComplete)
        let events = client.events
        #expect(events.last == "[DONE]")
        let chunks = try events.dropLast().map { try JSONValue(parsing: Array($0.utf8)) }
        #expect(Set(chunks.compactMap { $0["id"]?.stringValue }).count == 1)
        #expect(chunks.first?.delta["role"]?.stringValue == "assistant")
        #expect(
            chunks.compactMap { $0.delta["content"]?.stringValue }.filter { !$0.isEmpty } == [
                "Hel", "lo", " ",
            ])
        #expect(chunks.compactMap(\.finishReason) == ["stop"])
        #expect(chunks.allSatisfy { $0["usage"] == nil })
        let call = try #require(harness.chats.first)
        #expect(call.request.url == "https://api.1min.ai/api/chat-with-ai?isStreaming=true")
        #expect(call.request.headers["accept"] == "text/event-stream")
        #expect(call.request.maximumResponseBytes == nil)
        #expect(harness.log.records.last?.isStreamed == true)
        #expect(harness.log.records.last?.outputTokens == 7)
    }

    @Test func `each upstream chunk is one send, and all that ends a stream is one`() async {
        let harness = Harness { _, _ in
            [
                .head(status: 200), .delta("a"), .together([.delta("b"), .delta("c"), .delta("d")]),
                .together([.delta("e"), .result("abcde"), .done]), .end,
            ]
        }
        let client = await harness.chat(["stream": true, "stream_options": ["include_usage": true]])
        #expect(client.sent.count == 3)
        #expect(client.sent.map(\.isLast) == [false, false, true])
        let last = String(decoding: client.sent[2].body, as: UTF8.self)
        for part in ["\"e\"", "\"stop\"", "\"prompt_tokens\":11", "[DONE]"] { #expect(last.contains(part)) }
    }

    @Test(arguments: [1, 2, 3, 7, 100_000])
    func `chunks may be cut anywhere`(size: Int) async {
        let whole = FakeCall.Step.together(
            [.delta("ä€日"), .delta("😀\n"), .delta("\"")] + [.result("ä€日😀\n\""), .done])
        guard case .bytes(let bytes) = whole else { return }
        let chunks = stride(from: 0, to: bytes.count, by: size).map { start in
            FakeCall.Step.bytes(Array(bytes[start..<min(start + size, bytes.count)]))
        }
        let harness = Harness { _, _ in [.head(status: 200)] + chunks + [.end] }
        let client = await harness.chat(["stream": true])
        #expect(client.contents() == ["ä€日", "😀\n", "\""])
        #expect(client.events.last == "[DONE]")
    }

    @Test func `a long chunk is sent in pieces of bounded size`() async {
        let deltas = (0..<5000).map { FakeCall.Step.delta("\($0)") }
        let harness = Harness { _, _ in
            [.head(status: 200), .together(deltas + [.result("x"), .done]), .end]
        }
        let client = await harness.chat(["stream": true])
        #expect(client.contents() == (0..<5000).map(String.init))
        #expect(client.sent.map(\.body.count).max() ?? 0 < 96 << 10)
        #expect(client.sent.count > 10)
    }

    @Test func `a slow client holds one chunk and asks for no more`() async {
        let gate = TestGate()
        let chunk = FakeCall.Step.together((0..<100).map { .delta("piece \($0) ") })
        let harness = Harness { _, _ in
            [.head(status: 200)] + Array(repeating: chunk, count: 1000) + [.result("x"), .done, .end]
        }
        let client = harness.client(gate: gate)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await harness.chat(["stream": true], over: client) }
            #expect(await eventually { gate.waitingCount == 1 })
            let before = harness.chats.first?.handedOutBytes ?? 0
            for _ in 0..<100 { await Task.yield() }
            #expect(harness.chats.first?.handedOutBytes == before)
            #expect(before < 20_000)
            gate.open()
        }
        #expect(client.contents().count == 100_000)
        #expect(client.isComplete)
    }

    @Test func `eight choices share one stream`() async throws {
        let harness = Harness { _, count in FakeCall.Step.stream("\(count)a", "\(count)b") }
        let client = await harness.chat(["stream": true, "n": 8, "stream_options": ["include_usage": true]])
        #expect(harness.chats.count == 8)
        #expect(client.isComplete)
        var texts: [Int: String] = [:]
        var reasons: [Int: [String]] = [:]
        var seen: Set<String> = []
        for index in 0..<8 {
            texts[index] = client.contents(of: index).joined()
            reasons[index] = client.chunks.filter { $0.index == index }.compactMap(\.finishReason)
            seen.insert(texts[index] ?? "")
        }
        #expect(seen == Set((0..<8).map { "\($0)a\($0)b" }))
        #expect(reasons.values.allSatisfy { $0 == ["stop"] })
        let usage = client.chunks.last?["usage"]
        #expect(usage?["completion_tokens"]?.intValue == 56)
        #expect(client.chunks.last?["choices"]?.arrayValue?.isEmpty == true)
        #expect(client.events.filter { $0 == "[DONE]" }.count == 1)
        #expect(harness.log.records.last?.outputTokens == 56)
    }

    @Test func `choices come as they are ready, whatever their order`() async {
        let gates = (0..<3).map { _ in TestGate() }
        let harness = Harness { _, count in
            [.head(status: 200), .gate(gates[count]), .delta("\(count)"), .result("x"), .done, .end]
        }
        let client = harness.client()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await harness.chat(["stream": true, "n": 3], over: client) }
            for index in [2, 0, 1] {
                gates[index].open()
                #expect(await eventually { client.contents(of: index) == ["\(index)"] })
            }
        }
        #expect(client.isComplete)
    }

    @Test func `usage that is missing is counted`() async {
        let harness = Harness { _, _ in
            [
                .head(status: 200), .delta("some words"), .result("some words", input: nil, output: nil),
                .done, .end,
            ]
        }
        let client = await harness.chat(["stream": true, "stream_options": ["include_usage": true]])
        #expect(client.chunks.last?["usage"]?["completion_tokens"]?.intValue == 2)
        #expect(harness.log.records.last?.usageIsCounted == true)
        #expect(harness.log.records.last?.inputTokens == 8)
    }

    @Test func `a status 200 with a JSON document is read as one`() async {
        let harness = Harness { _, _ in FakeCall.Step.whole("all at once") }
        let client = await harness.chat(["stream": true])
        #expect(client.contents() == ["all at once"])
        #expect(client.events.last == "[DONE]")
    }

    struct Stop: Sendable {
        var deltas: [String]
        var stop: JSONValue
        var expected: String
    }

    @Test(arguments: [
        Stop(deltas: ["before ", "EN", "D", " after"], stop: "END", expected: "before "),
        Stop(deltas: ["before E", "N", "D after"], stop: ["END"], expected: "before "),
        Stop(deltas: ["aENaENDb", "c"], stop: ["END", "zzz"], expected: "aENa"),
        Stop(deltas: ["ENDall"], stop: "END", expected: ""),
        Stop(deltas: ["日", "本", "語"], stop: "本", expected: "日"),
    ])
    func `a stop sequence ends the stream and the call`(stop: Stop) async {
        let harness = Harness { _, _ in
            [.head(status: 200)] + stop.deltas.map { .delta($0) } + [.gate(TestGate())]
        }
        let client = await harness.chat([
            "stream": true, "stop": stop.stop, "stream_options": ["include_usage": true],
        ])
        #expect(client.contents().joined() == stop.expected)
        #expect(client.chunks.compactMap(\.finishReason) == ["stop"])
        #expect(client.events.last == "[DONE]")
        #expect(client.isComplete)
        #expect(harness.chats.first?.cancelCount ?? 0 > 0)
        #expect(client.chunks.last?["usage"]?["prompt_tokens"]?.intValue ?? 0 > 0)
        #expect(harness.log.records.last?.usageIsCounted == true)
        #expect(harness.log.records.last?.outcome == .ok)
    }

    @Test func `what only began like a stop sequence comes in the end`() async {
        let harness = Harness { _, _ in FakeCall.Step.stream("almost EN", "ough EN") }
        let client = await harness.chat(["stream": true, "stop": "END"])
        #expect(client.contents().joined() == "almost ENough EN")
        #expect(client.events.last == "[DONE]")
    }

    @Test func `one choice that stops leaves the others alone`() async {
        let harness = Harness { _, count in
            count == 0
                ? [.head(status: 200), .delta("xEND"), .gate(TestGate())]
                : FakeCall.Step.stream("whole answer")
        }
        let client = await harness.chat(["stream": true, "n": 2, "stop": "END"])
        #expect(
            Set([client.contents(of: 0).joined(), client.contents(of: 1).joined()]) == ["x", "whole answer"])
        #expect(client.events.last == "[DONE]")
    }

    @Test func `what one choice does not take any more is nothing for the others`() async {
        let harness = Harness { _, count in
            let rest = String(repeating: "rest ", count: 20)
            return count == 0
                ? [
                    .head(status: 200),
                    .together([.delta("xEND")] + Array(repeating: .delta(rest), count: 100)),
                ]
                : [.head(status: 200), .wait(.seconds(60))] + FakeCall.Step.stream("whole answer").dropFirst()
        }
        let client = await harness.chat(["stream": true, "n": 2, "stop": "END"])
        #expect(
            Set([client.contents(of: 0).joined(), client.contents(of: 1).joined()]) == ["x", "whole answer"])
        #expect(client.events.last == "[DONE]")
    }
}

extension JSONValue {
    /// The first choice's delta of a chunk.
    var delta: JSONValue { self["choices"]?.arrayValue?.first?["delta"] ?? .null }
    /// The first choice's reason of a chunk.
    var finishReason: String? { self["choices"]?.arrayValue?.first?["finish_reason"]?.stringValue }
    /// The first choice's index of a chunk.
    var index: Int? { self["choices"]?.arrayValue?.first?["index"]?.intValue }
}

extension RecordingClient {
    /// The chunks of a stream as JSON, without comments and `[DONE]`.
    var chunks: [JSONValue] {
        events.filter { $0.hasPrefix("{") }.map { (try? JSONValue(parsing: Array($0.utf8))) ?? .null }
    }

    /// The pieces of text of one choice that are not empty.
    func contents(of choice: Int = 0) -> [String] {
        chunks.filter { $0.index == choice }.compactMap { $0.delta["content"]?.stringValue }.filter {
            !$0.isEmpty
        }
    }
}
