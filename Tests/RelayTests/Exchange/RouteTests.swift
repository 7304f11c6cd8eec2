import Testing
import TestSupport

@testable import Relay

@Suite struct RouteTests {
    @Test(
        arguments: [
            ("/", .root), ("", .root), ("/health", .health), ("/health/", .health), ("/v1/models", .models),
            ("/models/", .models), ("/v1/chat/completions", .chatCompletions),
            ("/chat/completions", .chatCompletions),
            ("/v1/chat/completions/", .chatCompletions), ("//v1//chat/completions", .chatCompletions),
            ("/v1/models/gpt-4o", .model(id: "gpt-4o")), ("/models/meta/x-1.3", .model(id: "meta/x-1.3")),
            ("/v1/models/us.a-v1:0", .model(id: "us.a-v1:0")), ("/v1/models/gpt-4o/", .model(id: "gpt-4o")),
            ("/v1/models/chat/completions", .model(id: "chat/completions")), ("/v1", .unknown),
            ("/v1/", .unknown),
            ("/v1/health", .unknown), ("/v2/models", .unknown), ("/V1/models", .unknown),
            ("/nothing", .unknown),
            ("/v1/chat", .unknown), ("/v1/chat/completions/x", .unknown), ("/v1models", .unknown),
            ("models", .unknown),
            ("/v1/v1/models", .unknown), ("/modelsx", .unknown), ("/v1/responses/compact", .unknown),
            ("/v1/responses/resp_1", .stored(.response(id: "resp_1"))),
            ("/v1/responses/", .responses), ("/v1//responses//input_tokens/", .responseTokens),
            ("/v1/responses/resp_1/", .stored(.response(id: "resp_1"))),
            ("/v1/responses/resp_1/input_items", .stored(.inputItems(response: "resp_1"))),
            ("/v1/responses/resp_1/cancel", .unknown), ("/v1/responses/resp_1/input_items/x", .unknown),
            ("/conversations/c/items/i/", .stored(.item(id: "i", conversation: "c"))),
            ("/v1/conversations/c/items/i/x", .unknown), ("/v1/conversationsx", .unknown),
            ("/v1/responses/" + String(repeating: "x", count: 129), .unknown),
            ("/v1/messages/count_tokens/", .messageTokens), ("/v1/messages/x", .unknown),
        ] as [(String, Route)])
    func `a path has its route`(path: String, route: Route) {
        #expect(Route(path: path) == route)
    }

    @Test(
        arguments: [
            ("/v1/models/meta/x", "/v1/models/meta%2Fx", .model(id: "meta/x")),
            ("/v1/health/request", "/v1/health%2Frequest", .unknown),
            ("/health/wait", "/health%2fwait", .unknown), ("/health/wait", "/health/%77ait", .probe(.wait)),
            ("/v1/models", "/v1%2Fmodels", .unknown),
            ("/v1/responses/a/input_items", "/v1/responses/a%2Finput_items", .unknown),
            ("/v1/messages/count_tokens", "/v1/messages%2fcount_tokens", .unknown),
            ("/v1/conversations/é\"", "/v1/conversations/%C3%A9%22", .stored(.conversation(id: "é\""))),
            ("/v1/chat/completions", "/v1/chat/completions", .chatCompletions),
        ] as [(String, String, Route)])
    func `only a model's identifier may have an escaped slash`(path: String, rawPath: String, route: Route) {
        #expect(Route(path: path, rawPath: rawPath) == route)
    }

    @Test(arguments: ["a", "A.b_c:d-9", String(repeating: "x", count: 128)])
    func `a sane request id is kept`(id: String) {
        #expect(Identifier.request(id, SeededRandom()) == id)
    }

    @Test(arguments: [nil, "", "a b", "a/b", "é", "<x>", String(repeating: "x", count: 129)] as [String?])
    func `another request id is replaced`(id: String?) {
        let made = Identifier.request(id, SeededRandom())
        #expect(made.hasPrefix("req_"))
        #expect(made.utf8.count == 36)
        #expect(made != Identifier.request(id, SeededRandom(seed: 2)))
    }

    @Test(arguments: [
        ("application/json", true), ("Application/JSON; charset=utf-8", true),
        ("application/vnd.api+json", true),
        ("", true), ("text/json", true), ("text/plain", false), ("multipart/form-data; boundary=json", false),
        ("application/x-www-form-urlencoded", false), ("application/jsonx", false),
    ])
    func `content types that are JSON are known`(type: String, isJSON: Bool) {
        #expect(RequestBody.isJSON(type) == isJSON)
    }
}
