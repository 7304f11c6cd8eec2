import Dialects
import Testing
import TestSupport

@testable import Relay

@Suite(.timeLimit(.minutes(1))) struct ModelRouterTests {
    let clock = ManualClock()

    /// A router whose vendors have confirmed lists of chat models, or none that can be had where the list is `nil`.
    ///
    /// Of the other kinds there is what is built in.
    func withRouter(
        _ models: Configuration.Models = Configuration.Models(), vendors: [String: [String]?],
        _ body: @Sendable (ModelRouter) async throws -> Void
    ) async throws {
        let names = vendors.keys.sorted()
        let transport = FakeTransport(clock: clock) { request, _ in
            guard let name = names.first(where: { request.url.contains($0) }), let ids = vendors[name] ?? nil,
                request.url.hasSuffix("UNIFY_CHAT_WITH_AI")
            else {
                return [.fail(UpstreamError(.unreachable, message: "no route"))]
            }
            let entries = ids.map { "{\"modelId\":\"\($0)\"}" }.joined(separator: ",")
            return [.head(status: 200), .text("{\"models\":[\(entries)]}"), .end]
        }
        let ports = Ports(transport: transport, clock: clock, random: SeededRandom(), log: RecordingLog())
        let router = ModelRouter(
            models,
            vendors: try names.map { name in
                var settings = Configuration.Provider()
                settings.name = name
                settings.baseURL = try UpstreamAddress(parsing: "http://\(name)")
                return Vendor(settings, models: models, ports: ports)
            })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await router.run() }
            _ = await router.listing()
            try await body(router)
            group.cancelAll()
        }
    }

    @Test func `an identifier keeps its colons and only the exact suffix is cut`() async throws {
        let ids = ["us.anthropic.c-v1:0", "odd:online", "gpt-4o"]
        try await withRouter(vendors: ["one": ids]) { router in
            for (name, model, online) in [
                ("us.anthropic.c-v1:0", "us.anthropic.c-v1:0", false),
                ("us.anthropic.c-v1:0:online", "us.anthropic.c-v1:0", true),
                ("odd:online", "odd:online", false), ("odd:online:online", "odd:online", true),
                ("gpt-4o:online", "gpt-4o", true), ("GPT-4o:online", "gpt-4o", true),
            ] {
                let route = try await router.route(name)
                #expect(route.model == model)
                #expect(route.searchesWeb == online)
            }
            for name in ["gpt-4o:Online", "gpt-4o:free", "gpt-4o:", ":online", "one:", "one::online"] {
                await #expect(throws: Failure.self) { try await router.route(name) }
            }
        }
    }

    @Test func `a vendor's name before a colon chooses the vendor`() async throws {
        try await withRouter(vendors: ["one": ["m", "a"], "two": ["m", "b", "x:y"]]) { router in
            #expect(await router.shown("m").hasPrefix("one" + " "))
            #expect(await router.shown("b").hasPrefix("two" + " "))
            #expect(await router.shown("two:m").hasPrefix("two" + " "))
            #expect(await router.shown("TWO:m:online").hasSuffix(" online"))
            #expect(await router.shown("two:x:y").contains(" " + "x:y"))
            #expect(await router.shown("x:y").hasPrefix("two" + " "))
            await #expect(throws: Failure.self) { try await router.route("two:a") }
            await #expect(throws: Failure.self) { try await router.route("three:m") }
            #expect(await router.chatNames() == ["m", "a", "b", "x:y"])
        }
    }

    @Test func `configured aliases come first`() async throws {
        var models = Configuration.Models()
        models.aliases = ["gpt-4o": "claude-x", "Fast": "two:m", "search": "m:online", "future": "gpt-99"]
        try await withRouter(models, vendors: ["one": ["gpt-4o", "claude-x", "m"], "two": ["m"]]) { router in
            #expect(await router.shown("gpt-4o").contains(" " + "claude-x"))
            #expect(await router.shown("gpt-4o:online").hasSuffix(" online"))
            #expect(await router.shown("fast").hasPrefix("two" + " "))
            #expect(await router.shown("search").hasSuffix(" online"))
            #expect(await router.shown("future").contains(" " + "gpt-99"))
        }
    }

    @Test func `a request without a model gets the default`() async throws {
        var models = Configuration.Models()
        try await withRouter(models, vendors: ["one": ["a", "b"]]) { router in
            let failure = await #expect(throws: Failure.self) { try await router.route("") }
            #expect(failure?.kind == .invalidRequest)
            #expect(failure?.parameter == "model")
        }
        models.permitted = ["b"]
        try await withRouter(models, vendors: ["one": ["a", "b"]]) { router in
            #expect(await router.shown("").contains(" " + "b"))
        }
        models.defaultModel = "a:online"
        try await withRouter(models, vendors: ["one": ["a", "b"]]) { router in
            #expect(await router.shown("").contains(" " + "a"))
            #expect(await router.shown("").hasSuffix(" online"))
        }
    }

    @Test func `an unknown model is refused with the nearest names`() async throws {
        try await withRouter(vendors: ["one": ["gpt-4o", "gpt-4o-mini", "sonar"]]) { router in
            let failure = await #expect(throws: Failure.self) { try await router.route("gpt-4o-mni:online") }
            #expect(failure?.kind == .modelNotFound)
            #expect(failure?.message.contains("`gpt-4o-mini`") == true)
            #expect(failure?.message.contains("sonar") == false)
        }
    }

    @Test func `an unknown model is passed on when no list could be had`() async throws {
        try await withRouter(vendors: ["one": nil]) { router in
            #expect(await router.shown("gpt-99:online").contains(" " + "gpt-99"))
            #expect(await router.shown("gpt-99:online").hasSuffix(" online"))
            #expect(await router.shown("claude-sonnet-4-5").contains(" " + "us.anthropic."))
            await #expect(throws: Failure.self) { try await router.route(String(repeating: "x", count: 201)) }
        }
    }

    @Test func `a subset is shown, and enforced only when told to`() async throws {
        var models = Configuration.Models()
        models.permitted = ["mistral-nemo", "b"]
        let ids = ["open-mistral-nemo", "a", "b"]
        try await withRouter(models, vendors: ["one": ids]) { router in
            #expect(await router.chatNames() == ["open-mistral-nemo", "b"])
            #expect(await router.shown("a").contains(" " + "a"))
        }
        models.permitOnly = true
        try await withRouter(models, vendors: ["one": ids]) { router in
            #expect(await router.shown("mistral-nemo").contains(" " + "open-mistral-nemo"))
            await #expect(throws: Failure.self) { try await router.route("a") }
            await #expect(throws: Failure.self) { try await router.entry("a") }
            let entry = try await router.entry("mistral-nemo")
            #expect(entry.id == "open-mistral-nemo")
        }
        try await withRouter(models, vendors: ["one": nil]) { router in
            #expect(await router.shown("b").contains(" " + "b"))
            await #expect(throws: Failure.self) { try await router.route("gpt-4o") }
        }
    }
}

extension ModelRouter {
    /// The chat models that are shown.
    fileprivate func chatNames() async -> [String] {
        await listing().filter { $0.kinds.contains(.chat) }.map(\.id)
    }

    /// A route as `vendor model` or `vendor model online`, or `refused`.
    fileprivate func shown(_ name: String) async -> String {
        do {
            let route = try await route(name)
            return "\(route.upstream.name) \(route.model)" + (route.searchesWeb ? " online" : "")
        } catch {
            return "refused"
        }
    }
}
