import Relay
import Testing
import TestSupport
import Wire

@Suite(.timeLimit(.minutes(1))) struct ChatResultTests {
    @Test func `a chat is one call and one answer`() async throws {
        let harness = Harness { _, _ in FakeCall.Step.whole("Hello") }
        let client = await harness.chat()
        #expect(client.status == 200)
        #expect(client.sent.count == 1)
        #expect(client.isComplete)
        #expect(client.header("content-type") == "application/json")
        #expect(client.header("content-length") == String(client.body.count))
        #expect(client.header("x-fastrelay-ignored") == nil)
        let json = client.json
        #expect(json["object"]?.stringValue == "chat.completion")
        #expect(json["id"]?.stringValue?.hasPrefix("chatcmpl-") == true)
        #expect(json["created"]?.intValue == 1_795_219_200)
        #expect(json["model"]?.stringValue == "gpt-4o")
        let choice = json["choices"]?.arrayValue?.first
        #expect(choice?["message"]?["content"]?.stringValue == "Hello")
        #expect(choice?["finish_reason"]?.stringValue == "stop")
        #expect(json["usage"]?["prompt_tokens"]?.intValue == 11)
        #expect(json["usage"]?["completion_tokens"]?.intValue == 7)

        let call = try #require(harness.chats.first)
        #expect(harness.chats.count == 1)
        #expect(call.request.url == "https://api.1min.ai/api/chat-with-ai")
        #expect(call.request.headers["api-key"] == Harness.key)
        #expect(call.request.headers["authorization"] == nil)
        #expect(call.request.headers["content-type"] == "application/json")
        #expect(call.request.timeouts.firstByte == .seconds(180))
        #expect(call.request.maximumResponseBytes != nil)
        let body = try JSONValue(parsing: call.request.body)
        #expect(body["model"]?.stringValue == "gpt-4o")
        #expect(body["promptObject"]?["prompt"]?.stringValue == "Hi")

        let record = try #require(harness.log.records.first)
        #expect(harness.log.records.count == 1)
        #expect(record.outcome == .ok && record.status == 200 && record.route == "chat_completions")
        #expect(record.model == "gpt-4o" && record.upstream == "onemin" && record.upstreamCalls == 1)
        #expect(record.inputTokens == 11 && record.outputTokens == 7 && !record.usageIsEstimated)
        #expect(!record.usageIsCounted)
        #expect(record.credits == 5)
        #expect(record.bytesOut == client.body.count && record.bytesIn > 0)
        #expect(record.callerHash?.utf8.count == 16)
    }

    @Test func `providers' settings reach the call`() async throws {
        var configuration = Configuration()
        configuration.providers[0].baseURL = try UpstreamAddress(parsing: "http://127.0.0.1:9/base/")
        configuration.providers[0].proxy = Secret("http://p")
        configuration.providers[0].caFile = "/ca.pem"
        configuration.providers[0].http2 = false
        configuration.providers[0].webSearch.numOfSite = 4
        configuration.providers[0].timeouts.total = .seconds(9)
        let harness = Harness(configuration) { _, _ in FakeCall.Step.whole("Hello") }
        await harness.chat(["model": "gpt-4o:online"])
        let request = try #require(harness.chats.first).request
        #expect(request.url == "http://127.0.0.1:9/base/api/chat-with-ai")
        #expect(request.proxy == "http://p")
        #expect(request.certificateFile == "/ca.pem")
        #expect(!request.http2)
        #expect(request.timeouts.total == .seconds(9))
        let search = try JSONValue(parsing: request.body)["promptObject"]?["settings"]?["webSearchSettings"]
        #expect(search?["webSearch"]?.boolValue == true)
        #expect(search?["numOfSite"]?.intValue == 4)
    }

    @Test func `what the upstream cannot express is named`() async {
        let harness = Harness { _, _ in FakeCall.Step.whole("Hello") }
        let client = await harness.chat(["temperature": 1, "seed": 5, "evil\r\nx": 1])
        #expect(client.header("x-fastrelay-ignored") == "temperature, seed")
    }

    @Test func `usage that is missing is counted and marked so in the log`() async {
        let harness = Harness { _, _ in FakeCall.Step.whole("word word word", input: 0, output: 0) }
        let client = await harness.chat()
        // "Hi" of a user has 8 tokens: 3 of the frame, the role, the text, 3 of the answer's beginning.
        #expect(client.json["usage"]?["prompt_tokens"]?.intValue == 8)
        #expect(client.json["usage"]?["completion_tokens"]?.intValue == 3)
        #expect(client.json["usage"]?["estimated"] == nil)
        #expect(harness.log.records.last?.usageIsCounted == true)
        #expect(harness.log.records.last?.usageIsEstimated == false)
    }

    @Test func `usage of a model without a public vocabulary is an estimate and marked so`() async {
        let harness = Harness { _, _ in FakeCall.Step.whole("word word word", input: 0, output: 0) }
        let client = await harness.running { await harness.chat(["model": "us.anthropic.claude-v1:0"]) }
        #expect(client.json["usage"]?["completion_tokens"]?.intValue == 4)
        #expect(client.json["usage"]?["estimated"]?.boolValue == true)
        #expect(harness.log.records.last?.usageIsCounted == false)
        #expect(harness.log.records.last?.usageIsEstimated == true)
    }

    @Test func `several choices are as many calls, in order, with the usage of all`() async {
        let gate = TestGate()
        let harness = Harness { _, count in
            // The first call answers last.
            (count == 0 ? [.gate(gate)] : []) + FakeCall.Step.whole("\(count)")
        }
        let client = harness.client()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await harness.chat(["n": 8], over: client) }
            #expect(
                await eventually {
                    harness.chats.count == 8 && harness.chats.dropFirst().allSatisfy(\.isOver)
                })
            #expect(client.sent.isEmpty)
            gate.open()
        }
        let choices = client.json["choices"]?.arrayValue ?? []
        #expect(choices.map { $0["index"]?.intValue } == Array(0..<8))
        #expect(choices.map { $0["message"]?["content"]?.stringValue } == (0..<8).map(String.init))
        #expect(client.json["usage"]?["completion_tokens"]?.intValue == 56)
        #expect(harness.log.records.last?.credits == 40)
        #expect(harness.log.records.last?.upstreamCalls == 8)
    }

    @Test func `more choices than the operator allows are refused`() async {
        var configuration = Configuration()
        configuration.limits.choices = 2
        let harness = Harness(configuration) { _, _ in FakeCall.Step.whole("Hello") }
        #expect(await harness.chat(["n": 2]).status == 200)
        let client = await harness.chat(["n": 3])
        #expect(client.status == 400)
        #expect(client.json["error"]?["param"]?.stringValue == "n")
    }

    @Test func `one failing choice fails the answer and gives up the others`() async {
        let harness = Harness { _, count in
            count == 2 ? [.head(status: 429, headers: HeaderFields([("retry-after", "7")])), .end] : []
        }
        let client = await harness.chat(["n": 4])
        #expect(client.status == 429)
        #expect(client.header("retry-after") == "7")
        #expect(harness.allCallsAreOver)
    }

    @Test func `a stop sequence cuts a whole answer, which was paid for as a whole`() async {
        let harness = Harness { _, _ in FakeCall.Step.whole("before END after") }
        let client = await harness.chat(["stop": "END"])
        #expect(client.json["choices"]?.arrayValue?.first?["message"]?["content"]?.stringValue == "before ")
        #expect(client.json["choices"]?.arrayValue?.first?["finish_reason"]?.stringValue == "stop")
        #expect(client.json["usage"]?["completion_tokens"]?.intValue == 7)
    }

    @Test func `a long body is decoded elsewhere`() async {
        let harness = Harness { _, _ in FakeCall.Step.whole(String(repeating: "y", count: 300_000)) }
        let offload = CountingOffload()
        let relay = harness.relay(offload: offload)
        await relay.respond(to: Harness.chatRequest(), over: harness.client())
        let afterShort = offload.count
        let text = JSONValue.string(String(repeating: "x", count: 300_000))
        let client = harness.client()
        await relay.respond(
            to: Harness.chatRequest(["messages": [["role": "user", "content": text]]]), over: client)
        #expect(client.status == 200)
        // The short request has a long answer: decoding and encoding it. The long one is decoded and encoded besides.
        #expect(afterShort == 2)
        #expect(offload.count == 6)
    }

    @Test func `a model that no list has is passed on but not logged`() async {
        let harness = Harness(listing: [.fail(UpstreamError(.unreachable, message: "x"))]) { _, _ in
            FakeCall.Step.whole("Hello")
        }
        await harness.running {
            let client = await harness.chat(["model": "private-words"])
            #expect(client.status == 200)
            #expect(client.json["model"]?.stringValue == "private-words")
        }
        #expect(harness.log.records.last?.model == "(unlisted)")
    }

    @Test func `no key of one exchange is used for another`() async {
        let harness = Harness { _, _ in FakeCall.Step.whole("Hello") }
        for key in ["a", "b"] {
            var request = Harness.chatRequest()
            request.headers = HeaderFields([("x-api-key", key)])
            await harness.respond(to: request)
        }
        #expect(harness.chats.map { $0.request.headers["api-key"] } == ["a", "b"])
        #expect(Set(harness.log.records.map(\.callerHash)).count == 2)
    }

    @Test func `tools that may not be called are no part of the prompt`() async {
        let harness = Harness { _, _ in FakeCall.Step.whole("x", input: 0, output: 0) }
        let tool: JSONValue = [
            "type": "function", "function": ["name": "look_up", "description": "Looks up"],
        ]
        let client = await harness.chat(["tools": [tool], "tool_choice": "none"])
        #expect(client.header("x-fastrelay-ignored") == nil)
        #expect(client.json["usage"]?["prompt_tokens"]?.intValue == 8)
    }
}

/// An offload that counts what it is given and does it at once.
final class CountingOffload: Offload {
    private let counter = Counter()
    private let inline = InlineOffload()

    var count: Int { counter.value }

    func run<Value: Sendable, Failure: Error>(
        _ work: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        _ = counter.next()
        return try await inline.run(work)
    }
}
