import Dialects
import TestSupport
import Testing
import Wire

@testable import Relay

/// What every dialect refuses, in its own words, before anything is paid for.
@Suite(.timeLimit(.minutes(1))) struct BadInputTests {
    /// What is wrong, how a dialect says it, and which of its members is to blame.
    struct BadInput: Sendable, CustomTestStringConvertible {
        var fault: String
        var dialect: ClientDialect
        var members: JSONValue
        var parameter: String?
        var status = 400
        /// A word that the message must have.
        var words = ""

        var testDescription: String { "\(fault), \(dialect)" }

        init(
            _ fault: String, _ dialect: ClientDialect, _ parameter: String?, status: Int = 400,
            words: String = "",
            _ members: JSONValue
        ) {
            self.fault = fault
            self.dialect = dialect
            self.parameter = parameter
            self.status = status
            self.words = words
            self.members = members
        }
    }

    @Test(arguments: inputs, [false, true])
    func `bad input is refused in the dialect's words`(input: BadInput, isStreamed: Bool) async {
        let store = MemoryConversationStore(clock: ManualClock())
        let harness = Harness(conversations: store) { _, _ in FakeCall.Step.stream("Hello") }
        var members = input.members.objectValue ?? JSONObject()
        members["stream"] = .bool(isStreamed)
        let request = Self.request(input.dialect, members)
        // A name that is not known is looked for in the vendor's list.
        let client = await harness.running { await harness.respond(to: request) }
        #expect(client.status == input.status, "\(client.text)")
        #expect(harness.chats.isEmpty)
        let error = client.json["error"]
        let message = error?["message"]?.stringValue ?? ""
        #expect(message.contains(input.words), "\(message)")
        guard input.dialect == .anthropic else {
            #expect(error?.objectValue?.members.map(\.key) == ["message", "type", "param", "code"])
            #expect(error?["type"]?.stringValue == "invalid_request_error")
            #expect(error?["param"]?.stringValue == input.parameter)
            #expect(error?["code"]?.stringValue?.isEmpty == false)
            return
        }
        #expect(client.json["type"]?.stringValue == "error")
        #expect(
            error?["type"]?.stringValue == (input.status == 404 ? "not_found_error" : "invalid_request_error")
        )
        #expect(client.json["request_id"]?.stringValue?.isEmpty == false)
        #expect(client.header("request-id") == client.json["request_id"]?.stringValue)
        if let parameter = input.parameter {
            #expect(message.hasPrefix("\(parameter):") || message.hasPrefix("`\(parameter)`"), "\(message)")
        }
    }

    @Test(arguments: ["resp_unknown", "stored"])
    func `only one's own response can be gone on from`(id: String) async throws {
        let clock = ManualClock()
        let harness = Harness(conversations: MemoryConversationStore(clock: clock), clock: clock) { _, _ in
            FakeCall.Step.whole("Hello")
        }
        let stored = await harness.respond(to: Self.request(.openAIResponses, JSONObject()))
        let id = id == "stored" ? try #require(stored.json["id"]?.stringValue) : id
        let body: JSONValue = ["model": "gpt-4o", "input": "Go on", "previous_response_id": .string(id)]
        for path in ["/v1/responses", "/v1/responses/input_tokens"] {
            let client = await harness.respond(
                to: Harness.request(
                    "POST", path, headers: [("authorization", "Bearer foreign-key")], body: body.serialized())
            )
            #expect(client.status == 400, "\(client.text)")
            #expect(client.json["error"]?["param"]?.stringValue == "previous_response_id")
            #expect(client.json["error"]?["code"]?.stringValue == "previous_response_not_found")
        }
        #expect(harness.chats.count == 1)
    }

    @Test(arguments: ["/v1/messages/batches", "/v1/batches"])
    func `a path that is not there is told in the dialect that asks`(path: String) async {
        let harness = Harness { _, _ in [] }
        let key = ("x-api-key", Harness.key)
        let client = await harness.respond(
            to: Harness.request("GET", path, headers: [key, ("anthropic-version", "2023-06-01")]))
        #expect(client.status == 404 && client.json["error"]?["type"]?.stringValue == "not_found_error")
        #expect(client.header("request-id")?.isEmpty == false)
        let other = await harness.respond(to: Harness.request("GET", path))
        #expect(other.status == 404 && other.json["error"]?["code"]?.stringValue == "unknown_url")
    }

    /// A request that would be right without the members.
    static func request(_ dialect: ClientDialect, _ members: JSONObject) -> ClientRequest {
        var body = JSONObject()
        body["model"] = "gpt-4o"
        switch dialect {
        case .openAIChat: body["messages"] = [["role": "user", "content": "Hi"]]
        case .openAICompletions: body["prompt"] = "Hi"
        case .openAIResponses: body["input"] = "Hi"
        case .anthropic:
            body["messages"] = [["role": "user", "content": "Hi"]]
            body["max_tokens"] = 100
        }
        for member in members.members { body[member.key] = member.value }
        return Harness.request("POST", dialect.path, body: JSONValue.object(body).serialized())
    }
}
