import Relay
import TestSupport
import Wire

/// A relay over in-memory ports, with a 1min.ai that follows scripts.
struct Harness: Sendable {
    let clock: ManualClock
    let log = RecordingLog()
    let transport: FakeTransport
    let relay: Relay

    static let key = "sk-test-key"

    /// Answers chats by `chat`, which gets the number of chats before it, and listings by `listing`.
    init(
        _ configuration: Configuration = Configuration(), listing: [FakeCall.Step]? = nil,
        store: any CatalogueStore = NoCatalogueStore(),
        conversations: any ConversationStore = NoConversationStore(),
        files: any FileStore = NoFileStore(), assets: any AssetCache = NoAssetCache(),
        limits: any LimitStore = NoLimitStore(),
        clock: ManualClock = ManualClock(), chat: @escaping FakeTransport.Script
    ) {
        let models =
            listing ?? [
                .head(status: 200),
                .text(
                    #"{"models":[{"modelId":"gpt-4o"},{"modelId":"us.anthropic.claude-v1:0"},{"modelId":"meta/x"}]}"#
                ),
                .end,
            ]
        self.clock = clock
        let chats = Counter()
        transport = FakeTransport(clock: clock) { request, _ in
            request.url.contains("/models?") ? models : chat(request, chats.next())
        }
        relay = Relay(
            configuration: configuration,
            ports: Ports(
                transport: transport, clock: clock, random: SeededRandom(), log: log, store: store,
                conversations: conversations, files: files, assets: assets, limits: limits))
    }

    /// Another relay with the same vendor and log, whose long work goes to `offload`.
    func relay(
        _ configuration: Configuration = Configuration(), offload: any Offload,
        conversations: any ConversationStore = NoConversationStore()
    ) -> Relay {
        Relay(
            configuration: configuration,
            ports: Ports(
                transport: transport, clock: clock, random: SeededRandom(), log: log, offload: offload,
                conversations: conversations))
    }

    /// Runs the relay's housekeeping beside `body`.
    func running<Value: Sendable>(_ body: () async throws -> Value) async rethrows -> Value {
        let relay = relay
        let housekeeping = Task { await relay.run() }
        defer { housekeeping.cancel() }
        return try await body()
    }

    /// The chat calls so far.
    var chats: [FakeCall] { transport.calls.filter { $0.request.method == "POST" } }

    /// Whether every chat call ended or was given up.
    var allCallsAreOver: Bool { chats.allSatisfy(\.isOver) }

    /// A client of this relay's clock.
    func client(leavesAfter: Int? = nil, gate: TestGate? = nil) -> RecordingClient {
        RecordingClient(clock: clock, leavesAfter: leavesAfter, gate: gate)
    }

    /// Sends a request and waits for the whole answer.
    @discardableResult
    func respond(to request: ClientRequest, over client: RecordingClient? = nil) async -> RecordingClient {
        let client = client ?? self.client()
        await relay.respond(to: request, over: client)
        return client
    }

    /// Sends a chat and waits for the whole answer.
    @discardableResult
    func chat(
        _ members: JSONValue = .object(JSONObject()), over client: RecordingClient? = nil
    ) async -> RecordingClient {
        await respond(to: Self.chatRequest(members), over: client)
    }

    /// A chat request with one user message; `members` are added to it or replace what it has.
    static func chatRequest(_ members: JSONValue = .object(JSONObject())) -> ClientRequest {
        var body = JSONObject()
        body["model"] = "gpt-4o"
        body["messages"] = [["role": "user", "content": "Hi"]]
        for member in members.objectValue?.members ?? [] { body[member.key] = member.value }
        return request("POST", "/v1/chat/completions", body: JSONValue.object(body).serialized())
    }

    /// A request with a key.
    static func request(
        _ method: String, _ path: String, headers: [(String, String)] = [("authorization", "Bearer \(key)")],
        contentType: String? = "application/json", body: [UInt8] = []
    ) -> ClientRequest {
        ClientRequest(
            method: method, path: path, headers: HeaderFields(headers), contentType: contentType,
            contentLength: body.count, body: body)
    }
}

extension FakeCall.Step {
    /// A `content` event.
    static func delta(_ text: String) -> FakeCall.Step {
        .text(Self.event("content", ["content": .string(text)]))
    }

    /// Several steps' bytes in one chunk.
    static func together(_ steps: [FakeCall.Step]) -> FakeCall.Step {
        var all: [UInt8] = []
        for case .bytes(let bytes) in steps { all += bytes }
        return .bytes(all)
    }

    /// The `result` event, with counts where they are given.
    static func result(_ text: String, input: Int? = 11, output: Int? = 7, credit: Int = 5) -> FakeCall.Step {
        .text(Self.event("result", Self.record(text, input: input, output: output, credit: credit)))
    }

    /// The `done` event.
    static let done = FakeCall.Step.text(Self.event("done", ["message": "Stream completed"]))

    /// An `error` event.
    static func error(_ message: String) -> FakeCall.Step {
        .text(Self.event("error", ["error": .string(message)]))
    }

    /// A whole JSON answer.
    static func whole(
        _ text: String, input: Int? = 11, output: Int? = 7, credit: Int = 5
    ) -> [FakeCall.Step] {
        [
            .head(status: 200, headers: HeaderFields([("content-type", "application/json")])),
            .bytes(Self.record(text, input: input, output: output, credit: credit).serialized()), .end,
        ]
    }

    /// A whole stream.
    static func stream(_ deltas: String...) -> [FakeCall.Step] {
        [.head(status: 200, headers: HeaderFields([("content-type", "text/event-stream")]))]
            + deltas.map { .delta($0) } + [.together([.result(deltas.joined()), .done]), .end]
    }

    private static func event(_ name: String, _ data: JSONValue) -> String {
        "event: \(name)\ndata: \(String(decoding: data.serialized(), as: UTF8.self))\n\n"
    }

    private static func record(_ text: String, input: Int?, output: Int?, credit: Int) -> JSONValue {
        var metadata: JSONValue = .null
        if let input, let output {
            metadata = [
                "inputToken": .number(JSONNumber(input)), "outputToken": .number(JSONNumber(output)),
                "credit": .number(JSONNumber(credit)),
            ]
        }
        return [
            "aiRecord": [
                "status": "SUCCESS", "metadata": metadata,
                "aiRecordDetail": ["resultObject": [.string(text)]],
            ]
        ]
    }
}
