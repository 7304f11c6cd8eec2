import Dialects
import Testing
import TestSupport

@testable import Relay

/// Models that do something else than chat.
@Suite(.timeLimit(.minutes(1))) struct ModelKindTests {
    let clock = ManualClock()

    /// What a vendor's lists have; a kind that is not there cannot be fetched.
    typealias Lists = [ModelEntry.Kind: [String]]

    static let usual: Lists = [
        .chat: ["gpt-4o", "gpt-4o-mini", "painter-chat"],
        .imageGeneration: ["gpt-image-1", "black-forest-labs/flux-2-pro", "painter-chat", "odd:online"],
        .imageEditing: ["gpt-image-1"],
        .imageVariation: ["dall-e-2"],
        .speechToText: ["whisper-1", "latest_long"],
        .audioTranslation: ["whisper-1"],
        .textToSpeech: ["tts-1", "tts-1-hd"],
    ]

    /// A transport that answers as a vendor with these lists; each model of a chat list takes pictures if its name says so.
    func transport(_ vendors: [String: Lists], held gate: TestGate? = nil) -> FakeTransport {
        FakeTransport(clock: clock) { request, _ in
            guard let lists = vendors.first(where: { request.url.contains("//\($0.key)/") })?.value,
                let (kind, _) = lists.first(where: {
                    request.url.hasSuffix(OneMinModelListing.path(for: $0.key))
                }), let ids = lists[kind]
            else { return [.fail(UpstreamError(.unreachable, message: "no route"))] }
            let entries = ids.map { id in
                let modality = id.contains("4o") ? #","modality":{"INPUT":["text","image"]}"# : ""
                return #"{"modelId":"\#(id)","provider":"x"\#(modality)}"#
            }
            let steps: [FakeCall.Step] = [
                .head(status: 200), .text("{\"models\":[\(entries.joined(separator: ","))]}"), .end,
            ]
            return gate.map { [.gate($0)] + steps } ?? steps
        }
    }

    func router(
        _ models: Configuration.Models, _ names: [String], _ transport: FakeTransport
    ) throws -> ModelRouter {
        let ports = Ports(transport: transport, clock: clock, random: SeededRandom(), log: RecordingLog())
        return ModelRouter(
            models,
            vendors: try names.map { name in
                var settings = Configuration.Provider()
                settings.name = name
                settings.baseURL = try UpstreamAddress(parsing: "http://\(name)")
                return Vendor(settings, models: models, ports: ports)
            })
    }

    /// A router whose lists have all been asked for.
    func withRouter(
        _ models: Configuration.Models = Configuration.Models(), _ vendors: [String: Lists] = ["one": usual],
        _ body: @Sendable (ModelRouter) async throws -> Void
    ) async throws {
        let router = try router(models, vendors.keys.sorted(), transport(vendors))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await router.run() }
            _ = await router.listing()
            try await body(router)
            group.cancelAll()
        }
    }

    @Test(
        arguments: [
            ("gpt-image-1", .imageGeneration, "gpt-image-1"), ("gpt-image-1", .imageEditing, "gpt-image-1"),
            ("flux-2-pro", .imageGeneration, "black-forest-labs/flux-2-pro"),
            ("FLUX-2-PRO", .imageGeneration, "black-forest-labs/flux-2-pro"),
            ("openai/gpt-image-1", .imageGeneration, "gpt-image-1"),
            ("one:tts-1", .textToSpeech, "tts-1"), ("whisper-1", .audioTranslation, "whisper-1"),
            ("painter-chat", .chat, "painter-chat"), ("painter-chat", .imageGeneration, "painter-chat"),
            ("odd:online", .imageGeneration, "odd:online"),
        ] as [(String, ModelEntry.Kind, String)])
    func `a name is found among the models of its kind`(
        _ name: String, _ kind: ModelEntry.Kind, _ model: String
    ) async throws {
        try await withRouter { router in
            let route = try await router.route(name, for: kind)
            #expect(route.model == model)
            #expect(route.isListed && !route.searchesWeb)
            let known = try router.knownRoute(name, for: kind)
            #expect(known?.model == model)
        }
    }

    @Test(
        arguments: [
            ("tts-1", .imageGeneration, "reads text aloud; it cannot make images", "`gpt-image-1`"),
            ("whisper-1", .textToSpeech, "transcribes speech, translates speech; it cannot read", "`tts-1`"),
            ("gpt-4o", .speechToText, "chats; it cannot transcribe speech", "`whisper-1`, `latest_long`"),
            ("gpt-4o:online", .imageEditing, "chats; it cannot edit images", "`gpt-image-1`"),
            ("dall-e-2", .imageEditing, "makes variations of images; it cannot edit", "`gpt-image-1`"),
            ("flux-2-pro", .chat, "makes images; it cannot chat", "`gpt-4o`"),
            ("tts-1", .chat, "reads text aloud; it cannot chat", "`gpt-4o-mini`"),
        ] as [(String, ModelEntry.Kind, String, String)])
    func `a model of another kind is refused with those that can`(
        _ name: String, _ kind: ModelEntry.Kind, _ sentence: String, _ names: String
    ) async throws {
        try await withRouter { router in
            let failure = await #expect(throws: Failure.self) { try await router.route(name, for: kind) }
            #expect(failure?.kind == .invalidRequest)
            #expect(failure?.parameter == "model" && failure?.code == "model_kind_mismatch")
            #expect(failure?.message.contains(sentence) == true)
            #expect(failure?.message.contains(names) == true)
        }
    }

    @Test func `an unknown name is refused with the nearest of the kind`() async throws {
        try await withRouter { router in
            let near = await #expect(throws: Failure.self) {
                try await router.route("gpt-image-2", for: .imageGeneration)
            }
            #expect(near?.kind == .modelNotFound)
            #expect(near?.message.contains("Did you mean `gpt-image-1`") == true)
            let far = await #expect(throws: Failure.self) {
                try await router.route("xyzzy", for: .speechToText)
            }
            #expect(far?.kind == .modelNotFound)
            #expect(far?.message.contains("Models that can: `whisper-1`") == true)
            for name in ["gpt-image-1:online", ":online", "one:", String(repeating: "x", count: 300)] {
                let failure = await #expect(throws: Failure.self) {
                    try await router.route(name, for: .imageGeneration)
                }
                #expect(failure?.kind == .modelNotFound, "\(name.prefix(30))")
            }
        }
    }

    @Test func `a name is passed on when no list of its kind could be had, unless it is another's`()
        async throws
    {
        var lists = Self.usual
        lists[.imageGeneration] = nil
        try await withRouter(Configuration.Models(), ["one": lists]) { router in
            let route = try await router.route("gpt-image-9", for: .imageGeneration)
            #expect(route.model == "gpt-image-9" && !route.isListed)
            #expect(await router.model("dall-e-3", for: .imageGeneration) != nil)
            #expect(await router.model("x:online", for: .imageGeneration) == "x:online")
            let failure = await #expect(throws: Failure.self) {
                try await router.route("tts-1", for: .imageGeneration)
            }
            #expect(failure?.kind == .invalidRequest)
        }
    }

    @Test func `what an alias stands for decides what it is`() async throws {
        var models = Configuration.Models()
        models.aliases = [
            "dall-e-3": "flux-2-pro", "paint": "gpt-image-1", "future": "gpt-image-99", "talk": "tts-1",
        ]
        try await withRouter(models) { router in
            #expect(
                await router.model("dall-e-3", for: .imageGeneration)
                    == "black-forest-labs/flux-2-pro")
            #expect(await router.model("Paint", for: .imageEditing) == "gpt-image-1")
            let future = try await router.route("future", for: .imageGeneration)
            #expect(future.model == "gpt-image-99" && !future.isListed)
            #expect(router.kinds(of: "paint") == [.imageGeneration, .imageEditing])
            for kind in [ModelEntry.Kind.chat, .imageGeneration] {
                let failure = await #expect(throws: Failure.self) {
                    try await router.route("talk", for: kind)
                }
                #expect(failure?.kind == .invalidRequest)
            }
        }
    }

    @Test func `a request without a model gets one of its kind or is refused`() async throws {
        try await withRouter { router in
            #expect(await router.model("", for: .imageGeneration) == "gpt-image-1")
            #expect(await router.model("", for: .imageVariation) == "dall-e-2")
            for kind in [ModelEntry.Kind.chat, .speechToText, .textToSpeech] {
                let failure = await #expect(throws: Failure.self) { try await router.route("", for: kind) }
                #expect(failure?.code == "missing_required_parameter")
            }
        }
        var models = Configuration.Models()
        models.defaultModel = "gpt-4o-mini"
        models.permitted = ["tts-1-hd", "flux-2-pro", "gpt-4o"]
        try await withRouter(models) { router in
            #expect(await router.model("") == "gpt-4o-mini")
            #expect(await router.model("", for: .textToSpeech) == "tts-1-hd")
            #expect(
                await router.model("", for: .imageGeneration) == "black-forest-labs/flux-2-pro")
        }
        models.defaultModel = nil
        try await withRouter(models) { router in
            // The first that is permitted does not chat.
            #expect(await router.model("") == "gpt-4o")
        }
    }

    @Test func `only what is permitted can be used, of every kind`() async throws {
        var models = Configuration.Models()
        models.permitted = ["flux-2-pro", "gpt-4o"]
        models.permitOnly = true
        try await withRouter(models) { router in
            #expect(await router.model("flux-2-pro", for: .imageGeneration) != nil)
            for name in ["gpt-image-1", "tts-1", "painter-chat"] {
                let failure = await #expect(throws: Failure.self) {
                    try await router.route(name, for: .imageGeneration)
                }
                #expect(failure?.kind == .modelNotFound)
                #expect(router.kinds(of: name).isEmpty)
            }
            #expect(await router.listing().map(\.id) == ["gpt-4o", "black-forest-labs/flux-2-pro"])
            await #expect(throws: Failure.self) { try await router.entry("tts-1") }
            await #expect(throws: Failure.self) { try await router.route("", for: .imageVariation) }
        }
    }

    @Test func `models of all kinds are listed once, with all that they are for`() async throws {
        try await withRouter { router in
            let all = await router.listing()
            #expect(
                all.map(\.id) == [
                    "gpt-4o", "gpt-4o-mini", "painter-chat", "gpt-image-1", "black-forest-labs/flux-2-pro",
                    "odd:online", "dall-e-2", "whisper-1", "latest_long", "tts-1", "tts-1-hd",
                ])
            let kinds = Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0.kinds) })
            #expect(kinds["painter-chat"] == [.chat, .imageGeneration])
            #expect(kinds["gpt-image-1"] == [.imageGeneration, .imageEditing])
            #expect(kinds["whisper-1"] == [.speechToText, .audioTranslation])
            #expect(kinds["tts-1"] == [.textToSpeech])
            #expect(router.kinds(of: "whisper-1") == [.speechToText, .audioTranslation])
            #expect(router.kinds(of: "gpt-4o:online") == [.chat])
            #expect(router.kinds(of: "nobody") == [])
            let flux = try await router.entry("flux-2-pro")
            #expect(flux.id == "black-forest-labs/flux-2-pro")
            let painter = try await router.entry("one:painter-chat")
            #expect(painter.kinds == [.chat, .imageGeneration])
            let failure = await #expect(throws: Failure.self) { try await router.entry("tts-2") }
            #expect(failure?.message.contains("`tts-1`") == true)
        }
    }

    @Test func `two vendors have models of a kind`() async throws {
        let vendors = ["one": Self.usual, "two": [.textToSpeech: ["speaker"], .chat: ["m"]] as Lists]
        try await withRouter(Configuration.Models(), vendors) { router in
            let (second, first) = (
                try await router.route("speaker", for: .textToSpeech),
                try await router.route("tts-1", for: .textToSpeech)
            )
            #expect(second.upstream.name == "two" && first.upstream.name == "one")
            let failure = await #expect(throws: Failure.self) {
                try await router.route("two:speaker", for: .chat)
            }
            #expect(failure?.kind == .invalidRequest)
        }
    }

    @Test func `a model that takes pictures is suggested for one that does not`() async throws {
        try await withRouter { router in
            #expect(router.visionModel(besides: "painter-chat") == "gpt-4o-mini")
            #expect(router.visionModel(besides: "gpt-4o-mini") == "gpt-4o")
            #expect(router.acceptsImages("GPT-4o:online") == true)
            #expect(router.acceptsImages("painter-chat") == nil)
            #expect(router.acceptsImages("gpt-image-1") == nil)
        }
        var models = Configuration.Models()
        models.permitted = ["painter-chat", "some-4o-model"]
        var lists = Self.usual
        lists[.chat]?.append("some-4o-model")
        try await withRouter(models, ["one": lists]) { router in
            #expect(router.visionModel(besides: "x") == "some-4o-model")
            #expect(router.visionModel(besides: "some-4o-model") == nil)
        }
    }

    @Test func `who chats fetches one list, and who speaks one more`() async throws {
        let transport = transport(["one": Self.usual])
        let router = try router(Configuration.Models(), ["one"], transport)
        func features() -> [String] {
            transport.calls.compactMap { $0.request.url.split(separator: "=").last.map(String.init) }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await router.run() }
            let known = try router.knownRoute("gpt-4o")
            #expect(known != nil)
            _ = router.visionModel(besides: "gpt-4o")
            _ = try await router.route("painter-chat")
            #expect(features() == ["UNIFY_CHAT_WITH_AI"])
            _ = try await router.route("tts-1", for: .textToSpeech)
            #expect(await eventually { features() == ["UNIFY_CHAT_WITH_AI", "TEXT_TO_SPEECH"] })
            group.cancelAll()
        }
    }

    @Test func `what a model new to the relay can do is known after the first lists`() async throws {
        var lists = Self.usual
        lists[.imageGeneration]?.append("brand-new")
        let router = try router(Configuration.Models(), ["one"], transport(["one": lists]))
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await router.run() }
            #expect(router.kinds(of: "brand-new").isEmpty)
            #expect(await router.awaitedKinds(of: "brand-new") == [.imageGeneration])
            #expect(await router.awaitedKinds(of: "nobody").isEmpty)
            group.cancelAll()
        }
    }

    @Test func `all first lists are waited for together`() async throws {
        let gate = TestGate()
        let transport = transport(["one": Self.usual], held: gate)
        let router = try router(Configuration.Models(), ["one"], transport)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await router.run() }
            group.addTask {
                // What is built in, since nothing came in time.
                #expect(await router.listing().contains { $0.id == "dall-e-3" })
                #expect(await router.listing().contains { $0.id == "grok-4.7" })
            }
            // Fetched beside each other, while the first of them is waited for.
            #expect(await eventually { gate.waitingCount == ModelEntry.Kind.allCases.count })
            #expect(await eventually { self.clock.sleeperCount == 1 })
            clock.advance(by: ModelRouter.longestWait)
            // The second listing waits anew, and again no longer than the limit in all.
            #expect(await eventually { self.clock.sleeperCount == 1 })
            clock.advance(by: ModelRouter.longestWait)
            await group.next()
            group.cancelAll()
        }
        gate.open()
    }

    @Test(arguments: [Route.embeddings, .moderations])
    func `what no vendor offers is refused in plain words`(_ route: Route) {
        let failure = Failure.notOffered(route)
        #expect(failure.answer.status == 400)
        #expect(failure.message.contains(route == .embeddings ? "embeddings" : "moderation"))
        #expect(failure.code == "not_offered")
    }
}

extension ModelRouter {
    /// The model that a name means, nil when it is refused.
    fileprivate func model(_ name: String, for kind: ModelEntry.Kind = .chat) async -> String? {
        do {
            return try await route(name, for: kind).model
        } catch {
            return nil
        }
    }
}
