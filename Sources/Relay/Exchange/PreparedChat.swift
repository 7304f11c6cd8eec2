import Dialects
import Wire

/// A chat request that is ready to be called.
struct PreparedChat: Sendable {
    /// What is needed of it as long as the answer takes.
    let plan: ChatPlan
    /// The body of each upstream call.
    let body: [UInt8]

    /// Reads a request body, finds the model, and writes the upstream's body, if that takes no time worth speaking of.
    ///
    /// - Returns: nil when it has to be done by `prepare`.
    /// - Throws: whatever is wrong with the request; no upstream call was made then.
    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) static func atOnce(
        _ body: [UInt8], router: ModelRouter, limits: Configuration.Limits
    ) throws(Failure) -> PreparedChat? {
        guard body.count <= min(limits.offloadBytes, ChatTokens.offloadBytes) else { return nil }
        let draft = try Draft(body, limits)
        guard let route = try router.knownRoute(draft.request.model) else { return nil }
        return try PreparedChat(draft, route)
    }

    /// Does the same for a body of any length, and waits for the list of models if that may help.
    ///
    /// Bodies longer than `limits.offloadBytes` are read and written away from the loop, and the tokens of those longer
    /// than `ChatTokens.offloadBytes` counted there.
    /// - Throws: whatever is wrong with the request; no upstream call was made then.
    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) static func prepare(
        _ body: [UInt8], router: ModelRouter, limits: Configuration.Limits, offload: any Offload
    ) async throws(Failure) -> PreparedChat {
        let isLong = body.count > limits.offloadBytes
        let draft =
            isLong
            ? try await offload.run { () throws(Failure) in try Draft(body, limits) }
            : try Draft(body, limits)
        let route = try await router.route(draft.request.model)
        return isLong || body.count > ChatTokens.offloadBytes
            ? try await offload.run { () throws(Failure) in try PreparedChat(draft, route) }
            : try PreparedChat(draft, route)
    }

    /// A request as it was read.
    private final class Draft: Sendable {
        let request: GenerationRequest

        init(_ body: [UInt8], _ limits: Configuration.Limits) throws(Failure) {
            request = try OpenAIChatRequestDecoder.decode(body)
            guard request.choiceCount <= limits.choices else {
                throw Failure(
                    .invalidRequest,
                    "Invalid value for 'n': at most \(limits.choices) answers can be asked for.",
                    parameter: "n", code: "integer_above_max_value")
            }
        }
    }

    /// Writes the upstream's body.
    private init(_ draft: Draft, _ route: ModelRouter.Route) throws(Failure) {
        var request = draft.request
        request.model = route.model
        if route.searchesWeb { request.webSearch.isOn = true }
        let settings = route.upstream.settings.webSearch
        let encoder = OneMinChatRequestEncoder(
            defaultSiteCount: settings.numOfSite, defaultMaximumWords: settings.maxWord)
        let encoded = try encoder.encode(request)
        let ignored = encoded.ignored
        body = encoded.body
        // Those that the upstream is not given are no part of its prompt.
        request.tools = []
        plan = ChatPlan(
            route: route, ignored: ignored, isStreamed: request.isStreamed,
            wantsStreamedUsage: request.wantsStreamedUsage, choiceCount: request.choiceCount,
            stopSequences: request.stopSequences, maximumOutputTokens: request.maximumOutputTokens,
            promptTokens: PromptTokens(request, model: route.model),
            searchesWeb: request.webSearch.isOn, echoBytes: 2 * body.count)
    }

    /// A stream is longer than the text in it, by this factor at most: an event of a few letters has some 50 more.
    private static let streamOverhead = 16

    /// The upstream request of one of the calls.
    ///
    /// The head of an answer that is not streamed comes only when it is complete, so it gets the time that a stream has
    /// until its first event.
    func upstreamRequest(credential: String, limits: Configuration.Limits) -> UpstreamRequest {
        var request = plan.route.upstream.request(
            "POST", path: OneMinChatRequestEncoder.path(isStreamed: plan.streamsUpstream),
            headers: HeaderFields([
                ("content-type", "application/json"),
                ("accept", plan.streamsUpstream ? "text/event-stream" : "application/json"),
                ("api-key", credential),
            ]))
        request.body = body
        if !plan.isStreamed {
            request.timeouts.firstByte = request.timeouts.firstEvent
            let bytes = limits.answerBytes * (plan.streamsUpstream ? Self.streamOverhead : 1)
            request.maximumResponseBytes = bytes + plan.echoBytes
        }
        return request
    }
}
