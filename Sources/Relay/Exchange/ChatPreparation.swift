import Dialects
import Wire

/// Makes calls of the bodies of chat requests.
///
/// One for each request, so it refers to the relay for what all have in common: a configuration is a large value, dear to
/// copy, which no frame of a task should hold either: see `Relay.answer`.
struct ChatPreparation: Sendable {
    /// The client's dialect.
    let dialect: ClientDialect
    /// The caller's key.
    let credential: String
    /// Whose chat it is.
    let relay: Relay

    /// Finds models.
    var router: ModelRouter { relay.router }
    /// What the operator wants.
    var configuration: Configuration { relay.configuration }
    /// The place for long work, the store, and unpredictable numbers.
    var ports: Ports { relay.ports }

    /// Reads a request body, finds the model, and writes the upstream's bodies, if that takes no time worth speaking of.
    ///
    /// - Returns: nil when it has to be done by `prepare`.
    /// - Throws: whatever is wrong with the request; no upstream call was made then.
    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) func atOnce(_ body: [UInt8]) throws(Failure) -> PreparedChat? {
        guard body.count <= min(configuration.limits.offloadBytes, ChatTokens.offloadBytes) else {
            return nil
        }
        let draft = try draft(body)
        guard !draft.needsHistory, !draft.hasAttachments,
            let route = try router.knownRoute(draft.requests[0].model)
        else {
            return nil
        }
        return try finish(draft, route)
    }

    /// Does the same for a body of any length, waits for the list of models if that may help, and for the store, and
    /// brings pictures and documents to the vendor.
    ///
    /// Bodies longer than `limits.offloadBytes` are read and written away from the loop, and the tokens of those longer
    /// than `ChatTokens.offloadBytes` counted there.
    /// - Throws: whatever is wrong with the request; nothing was paid for then.
    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) func prepare(_ body: [UInt8], _ uploads: MediaCalls.CallCount) async throws(ExchangeStop)
        -> PreparedChat
    {
        let isLong = body.count > configuration.limits.offloadBytes
        var draft = try await stopping { () async throws(Failure) -> ChatDraft in
            isLong
                ? try await ports.offload.run { () throws(Failure) in try self.draft(body) }
                : try self.draft(body)
        }
        let model = draft.requests[0].model
        let (route, paints) = try await stopping { () async throws(Failure) in try await self.route(model) }
        var historyBytes = 0
        if draft.needsHistory, let response = draft.response {
            let history = try await stopping { () async throws(Failure) -> [StoredItem] in
                try await self.history(of: response)
            }
            historyBytes = history.reduce(0) { $0 + $1.bytes.count }
            let before = draft
            draft = try await stopping { () async throws(Failure) in
                try await ports.offload.run { () throws(Failure) in
                    try before.following(history.map(\.json))
                }
            }
        }
        if paints { return try await painting(draft, route, uploads) }
        if draft.hasAttachments {
            let requests = try await attachments(route, uploads).resolve(draft.requests)
            draft = draft.replacing(requests)
        }
        let whole = draft
        let isCountedElsewhere = isLong || body.count + historyBytes > ChatTokens.offloadBytes
        return try await stopping { () async throws(Failure) in
            isCountedElsewhere
                ? try await ports.offload.run { () throws(Failure) in try self.finish(whole, route) }
                : try finish(whole, route)
        }
    }

    /// Where a model is, and whether it is one that paints rather than writes.
    private func route(_ model: String) async throws(Failure) -> (ModelRouter.Route, paints: Bool) {
        if try router.knownRoute(model) == nil {
            let kinds = await router.awaitedKinds(of: model)
            if kinds.contains(.imageGeneration), !kinds.contains(.chat) {
                return (try await router.route(model, for: .imageGeneration), true)
            }
        }
        return (try await router.route(model), false)
    }

    /// Brings pictures and documents to the vendor of a route.
    func attachments(_ route: ModelRouter.Route, _ uploads: MediaCalls.CallCount) -> ChatAttachments {
        ChatAttachments(
            calls: MediaCalls(
                upstream: route.upstream, credential: credential, ports: ports, limits: configuration.limits,
                fetch: configuration.fetch, count: uploads),
            model: route.model, acceptsImages: router.acceptsImages(route.model),
            otherModel: router.visionModel(besides: route.model))
    }

    /// The answer to a request that wants the tokens of its prompt counted.
    ///
    /// - Throws: whatever is wrong with the request.
    @inline(never) func countTokens(_ body: [UInt8]) async throws(Failure) -> [UInt8] {
        let isLong = body.count > min(configuration.limits.offloadBytes, ChatTokens.offloadBytes)
        let (request, response) =
            isLong
            ? try await ports.offload.run { () throws(Failure) in try self.toBeCounted(body) }
            : try toBeCounted(body)
        let model = try await router.route(request.model).model
        if let response, response.needsHistory {
            let history = try await history(of: response)
            return try await ports.offload.run { () throws(Failure) in
                try self.count(try response.request(after: history.map(\.json)), model)
            }
        }
        return isLong
            ? try await ports.offload.run { () throws(Failure) in try self.count(request, model) }
            : try count(request, model)
    }

    private func toBeCounted(
        _ body: [UInt8]
    ) throws(Failure) -> (GenerationRequest, OpenAIResponsesRequest?) {
        guard dialect != .anthropic else { return (try AnthropicRequestDecoder.decodeForCounting(body), nil) }
        let random = ports.random
        let response = try OpenAIResponsesRequestDecoder.decodeForCounting(body) {
            Identifier.make($0, random)
        }
        return (response.generation, response)
    }

    private func count(_ request: GenerationRequest, _ model: String) throws(Failure) -> [UInt8] {
        try request.checkRules()
        let tokens = ChatTokens.count(request, model: model).tokens
        return dialect == .anthropic
            ? AnthropicTokenCountEncoder.body(tokens: tokens) : OpenAIResponsesObjects.inputTokens(tokens)
    }

    /// What was said before a response: no more than a client could have sent.
    private func history(of response: OpenAIResponsesRequest) async throws(Failure) -> [StoredItem] {
        try await AnswerKeeping.history(
            of: response, credential: credential, ports: ports, maximumBytes: configuration.limits.bodyBytes)
    }

    private func draft(_ body: [UInt8]) throws(Failure) -> ChatDraft {
        let random = ports.random
        return try ChatDraft(body, dialect, maximumChoices: configuration.limits.choices) {
            Identifier.make($0, random)
        }
    }

    /// Writes the upstream's bodies.
    private func finish(_ draft: ChatDraft, _ route: ModelRouter.Route) throws(Failure) -> PreparedChat {
        let settings = route.upstream.settings.webSearch
        let encoder = OneMinChatRequestEncoder(
            defaultSiteCount: settings.numOfSite, defaultMaximumWords: settings.maxWord)
        var options = Emulation.Options()
        options.thinkTags = configuration.emulation.thinkTags
        var bodies: [[UInt8]] = []
        var prompts: [PromptTokens] = []
        func write(_ request: inout GenerationRequest) throws(Failure) -> OneMinChatRequestEncoder.Encoded {
            request.model = route.model
            if route.searchesWeb { request.webSearch.isOn = true }
            try request.checkRules()
            let encoded = try encoder.encode(request, options: options)
            // Those that the upstream is not given are no part of its prompt.
            if request.toolChoice == ToolChoice.none { request.tools = [] }
            let tokens = PromptTokens(request, model: route.model)
            for _ in 0..<draft.choicesPerPrompt {
                bodies.append(encoded.body)
                prompts.append(tokens)
            }
            return encoded
        }
        guard var request = draft.requests.first else {
            throw Failure(.internalError, "The request has no prompt.")
        }
        let encoded = try write(&request)
        for var further in draft.requests.dropFirst() { _ = try write(&further) }
        let emulation = encoded.emulation
        let asksAgain = configuration.emulation.askAgain && emulation.mayAskAgain
        let (random, prefix) = (ports.random, dialect.toolCallPrefix)
        let keeping = draft.response.flatMap { AnswerKeeping($0, credential: credential, ports: ports) }
        let isForgotten = draft.response?.isStored ?? false && keeping == nil
        let ignored = isForgotten ? encoded.ignored + ["store"] : encoded.ignored
        let echoBytes = 2 * bodies.reduce(0) { max($0, $1.count) }
        let isUpstreamStreamed =
            request.isStreamed || request.maximumOutputTokens != nil || emulation.mayAskAgain
        let call = upstreamRequest(route, request, isStreamed: isUpstreamStreamed, echoBytes: echoBytes)
        let plan = ChatPlan(
            request, draft.form, emulation: emulation.isIdle ? nil : emulation,
            searchesWeb: encoded.searchesWeb, route: route, ignored: ignored, prompts: prompts,
            streamsUpstream: isUpstreamStreamed, echoBytes: echoBytes,
            followUp: asksAgain ? FollowUp(request, encoder, options, call: call) : nil
        ) { Identifier.make(prefix, random) }
        let calls = bodies.map { body in
            var call = call
            call.body = body
            return call
        }
        return PreparedChat(plan: plan, calls: calls, keeping: keeping)
    }

    /// A stream is longer than the text in it, by this factor at most: an event of a few letters has some 50 more.
    private static let streamOverhead = 16

    /// The upstream request of one of the calls, without its body.
    ///
    /// The head of an answer that is not streamed comes only when it is complete, so it gets the time that a stream has
    /// until its first event.
    private func upstreamRequest(
        _ route: ModelRouter.Route, _ request: GenerationRequest, isStreamed: Bool, echoBytes: Int
    ) -> UpstreamRequest {
        var call = route.upstream.request(
            "POST", path: OneMinChatRequestEncoder.path(isStreamed: isStreamed),
            headers: HeaderFields([
                ("content-type", "application/json"),
                ("accept", isStreamed ? "text/event-stream" : "application/json"),
                ("api-key", credential),
            ]))
        if !request.isStreamed {
            call.timeouts.firstByte = call.timeouts.firstEvent
            let bytes = configuration.limits.answerBytes * (isStreamed ? Self.streamOverhead : 1)
            call.maximumResponseBytes = bytes + echoBytes
        }
        return call
    }
}
