import TestSupport
import Testing
import Wire

@testable import Relay

/// What the Responses API keeps, and for whom.
@Suite(.timeLimit(.minutes(1))) struct StoredResponseTests {
    let store: MemoryConversationStore
    let harness: Harness

    init() {
        let clock = ManualClock()
        store = MemoryConversationStore(clock: clock)
        harness = Harness(conversations: store, clock: clock) { request, count in
            request.url.contains("isStreaming")
                ? FakeCall.Step.stream("Answer \(count)") : FakeCall.Step.whole("Answer \(count)")
        }
    }

    func send(
        _ method: String, _ path: String, _ body: JSONValue? = nil, query: String = "",
        key: String = Harness.key
    ) async -> RecordingClient {
        var request = Harness.request(
            method, path, headers: [("authorization", "Bearer \(key)")], body: body?.serialized() ?? [])
        request.query = query
        return await harness.respond(to: request)
    }

    func create(_ members: JSONValue, key: String = Harness.key) async -> JSONValue {
        var body = JSONObject()
        body["model"] = "gpt-4o"
        for member in members.objectValue?.members ?? [] { body[member.key] = member.value }
        let client = await send("POST", "/v1/responses", .object(body), key: key)
        guard body["stream"]?.boolValue == true else { return client.json }
        let last = client.events.last?.split(separator: "\n").last.map { String($0.dropFirst(6)) }
        return (try? JSONValue(parsing: Array((last ?? "").utf8)))?["response"] ?? .null
    }

    var lastPrompt: String {
        let body = harness.chats.last.flatMap { try? JSONValue(parsing: $0.request.body) }
        return body?["promptObject"]?["prompt"]?.stringValue ?? ""
    }

    @Test(arguments: [false, true])
    func `a response is there afterwards, for its caller alone`(isStreamed: Bool) async throws {
        let response = await create(["input": "Hi", "stream": .bool(isStreamed)])
        let id = try #require(response["id"]?.stringValue)
        let path = "/v1/responses/\(id)"
        #expect(await send("GET", path).json == response)
        let items = await send("GET", path + "/input_items").json
        #expect(items["data"]?.arrayValue?.count == 1 && items["has_more"]?.boolValue == false)
        #expect(items["data"]?.arrayValue?.first?["content"]?.arrayValue?.first?["text"]?.stringValue == "Hi")

        for (method, path) in [("GET", path), ("GET", path + "/input_items"), ("DELETE", path)] {
            let foreign = await send(method, path, key: "another-key")
            #expect(foreign.status == 404 && foreign.json["error"]?["message"]?.stringValue?.isEmpty == false)
        }
        #expect(await send("DELETE", path).json["deleted"]?.boolValue == true)
        #expect(await send("GET", path).status == 404)
        #expect(await send("DELETE", path).status == 404)
    }

    @Test func `a response goes on from another, whose instructions are not repeated`() async throws {
        let first = await create(["input": "My name is Ann.", "instructions": "Be brief."])
        let id = try #require(first["id"]?.stringValue)
        let second = await create([
            "input": "What is it?", "previous_response_id": .string(id), "stream": true,
        ])
        #expect(second["status"]?.stringValue == "completed")
        #expect(second["previous_response_id"]?.stringValue == id)
        #expect(lastPrompt.contains("My name is Ann.") && lastPrompt.contains("Answer 0"))
        #expect(lastPrompt.contains("What is it?") && !lastPrompt.contains("Be brief."))
        let third = await create(["input": "And?", "previous_response_id": second["id"] ?? .null])
        #expect(third["status"]?.stringValue == "completed")
        #expect(
            lastPrompt.contains("Ann") && lastPrompt.contains("What is it?") && lastPrompt.contains("And?"))
    }

    @Test func `what was said before counts too`() async throws {
        let call: JSONValue = ["type": "function_call", "call_id": "a", "name": "read", "arguments": "{}"]
        let made = await send(
            "POST", "/v1/conversations", ["items": [["role": "user", "content": "Read it"], call]])
        let id = try #require(made.json["id"]?.stringValue)
        let output: JSONValue = ["type": "function_call_output", "call_id": "a", "output": "The text"]
        let body: JSONValue = ["model": "gpt-4o", "conversation": .string(id), "input": [output]]
        let counted = await send("POST", "/v1/responses/input_tokens", body)
        let whole: JSONValue = [
            "model": "gpt-4o", "input": [["role": "user", "content": "Read it"], call, output],
        ]
        let expected = await send("POST", "/v1/responses/input_tokens", whole)
        #expect(expected.json["input_tokens"]?.intValue ?? 0 > 0, "\(expected.text)")
        #expect(counted.json == expected.json, "\(counted.text)")
    }

    @Test func `what is unknown, foreign or not stored cannot be gone on from`() async throws {
        let unstored = await create(["input": "Hi", "store": false])
        let stored = await create(["input": "Hi"])
        let calls = harness.chats.count
        for (id, key) in [
            ("resp_unknown", Harness.key), (unstored["id"]?.stringValue ?? "", Harness.key),
            (stored["id"]?.stringValue ?? "", "another-key"),
        ] {
            let body: JSONValue = [
                "model": "gpt-4o", "input": "Go on", "previous_response_id": .string(id),
            ]
            let client = await send("POST", "/v1/responses", body, key: key)
            #expect(client.status == 400)
            #expect(client.json["error"]?["code"]?.stringValue == "previous_response_not_found")
            #expect(client.json["error"]?["param"]?.stringValue == "previous_response_id")
        }
        #expect(harness.chats.count == calls)
    }

    @Test func `a conversation gathers what is said in it`() async throws {
        let made = await send(
            "POST", "/v1/conversations",
            [
                "metadata": ["topic": "demo"],
                "items": [["type": "message", "role": "user", "content": "I am Ann."]],
            ])
        let id = try #require(made.json["id"]?.stringValue)
        #expect(id.hasPrefix("conv_") && made.json["metadata"]?["topic"]?.stringValue == "demo")
        let path = "/v1/conversations/\(id)"
        let response = await create(["input": "Who am I?", "conversation": .string(id)])
        #expect(response["status"]?.stringValue == "completed")
        #expect(lastPrompt.contains("I am Ann.") && lastPrompt.contains("Who am I?"))
        let items = await send("GET", path + "/items", query: "order=asc").json["data"]?.arrayValue ?? []
        #expect(items.count == 3)
        #expect(items.compactMap { $0["role"]?.stringValue } == ["user", "user", "assistant"])
        let item = try #require(items[0]["id"]?.stringValue)
        #expect(await send("GET", "\(path)/items/\(item)").json == items[0])
        #expect(await send("DELETE", "\(path)/items/\(item)").json["id"]?.stringValue == id)
        #expect(await send("GET", "\(path)/items/\(item)").status == 404)
        let updated = await send("POST", path, ["metadata": ["topic": "other"]]).json
        #expect(updated["metadata"]?["topic"]?.stringValue == "other")
        #expect(await send("GET", path, key: "another-key").status == 404)
        #expect(await send("DELETE", path).json["deleted"]?.boolValue == true)
        #expect(await send("GET", path).status == 404)
    }

    @Test func `what is not to be stored is in its conversation and nowhere else`() async throws {
        let made = await send("POST", "/v1/conversations")
        let id = try #require(made.json["id"]?.stringValue)
        let response = await create(["input": "Hi", "conversation": .string(id), "store": false])
        #expect(response["status"]?.stringValue == "completed")
        let items = await send("GET", "/v1/conversations/\(id)/items").json["data"]?.arrayValue
        #expect(items?.count == 2)
        let path = "/v1/responses/\(response["id"]?.stringValue ?? "")"
        #expect(await send("GET", path).status == 404)
        #expect(await send("GET", path + "/input_items").status == 404)
    }

    @Test func `a response goes on from one thing at most`() async {
        let client = await send(
            "POST", "/v1/responses",
            ["model": "gpt-4o", "input": "Hi", "previous_response_id": "resp_1", "conversation": "conv_1"])
        #expect(client.status == 400 && harness.chats.isEmpty)
        #expect(client.json["error"]?["code"]?.stringValue == "mutually_exclusive_parameters")
    }

    @Test func `what was said before counts`() async throws {
        func count(_ members: JSONValue) async -> Int? {
            await send("POST", "/v1/responses/input_tokens", members).json["input_tokens"]?.intValue
        }
        let response = await create(["input": "My name is Ann, and I like long walks on the beach."])
        let made = await send(
            "POST", "/v1/conversations",
            ["items": [["type": "message", "role": "user", "content": "My name is Ann, as you know."]]])
        let alone = try #require(await count(["model": "gpt-4o", "input": "Hi"]))
        let behind = await count([
            "model": "gpt-4o", "input": "Hi", "previous_response_id": response["id"] ?? .null,
        ])
        #expect(behind ?? 0 > alone + 15)
        let within = await count(["model": "gpt-4o", "input": "Hi", "conversation": made.json["id"] ?? .null])
        #expect(within ?? 0 > alone + 7)
        let unknown = await send(
            "POST", "/v1/responses/input_tokens",
            ["model": "gpt-4o", "input": "Hi", "previous_response_id": "resp_unknown"])
        #expect(unknown.status == 400)
        #expect(unknown.json["error"]?["code"]?.stringValue == "previous_response_not_found")
    }

    @Test func `what is there can be asked for by HEAD, whatever else comes with it`() async throws {
        let id = try #require(await create(["input": "Hi"])["id"]?.stringValue)
        let path = "/v1/responses/\(id)"
        let whole = await send("GET", path)
        let head = await send("HEAD", path)
        #expect(head.status == 200 && head.body.isEmpty)
        #expect(head.header("content-length") == whole.header("content-length"))
        #expect(await send("HEAD", path + "x").status == 404)
        for method in ["GET", "DELETE"] {
            var request = Harness.request(method, path, contentType: "text/plain")
            request.bodyProblem = .truncated
            #expect(await harness.respond(to: request).status == 200)
        }
        let options = await harness.respond(to: Harness.request("OPTIONS", path, headers: []))
        #expect(options.status == 204 && options.header("allow") == "GET, HEAD, DELETE, OPTIONS")
    }

    @Test func `long bodies and lists are no work for a loop`() async throws {
        let offload = CountingOffload()
        let relay = harness.relay(offload: offload, conversations: store)
        func send(_ method: String, _ path: String, _ body: JSONValue? = nil) async -> RecordingClient {
            let client = harness.client()
            await relay.respond(
                to: Harness.request(method, path, body: body?.serialized() ?? []), over: client)
            return client
        }
        let long = JSONValue.string(String(repeating: "word ", count: 60_000))
        let items: JSONValue = ["items": [["type": "message", "role": "user", "content": long]]]
        let made = await send("POST", "/v1/conversations", items)
        let path = "/v1/conversations/\(made.json["id"]?.stringValue ?? "")/items"
        #expect(made.status == 200 && offload.count == 1)
        #expect(await send("POST", path, items).status == 200)
        #expect(offload.count == 3)
        #expect(await send("GET", path).json["data"]?.arrayValue?.count == 2)
        #expect(offload.count == 4)
    }

    @Test func `without a store nothing is kept, and it is said`() async {
        let harness = Harness { _, _ in FakeCall.Step.whole("Hello") }
        let body: JSONValue = ["model": "gpt-4o", "input": "Hi", "store": true]
        let client = await harness.respond(
            to: Harness.request("POST", "/v1/responses", body: body.serialized()))
        #expect(client.status == 200 && client.header("x-fastrelay-ignored") == "store")
        let id = client.json["id"]?.stringValue ?? ""
        let gone = await harness.respond(to: Harness.request("GET", "/v1/responses/\(id)"))
        #expect(gone.status == 404)
    }
}
