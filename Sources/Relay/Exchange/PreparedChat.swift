import Dialects
import Tokens
import Wire

/// A chat request that is ready to be called: all that is needed of it, and no more, so that a long prompt is not held
/// twice while its answer streams.
struct PreparedChat: Sendable {
    /// Where it goes and as which model.
    var route: ModelRouter.Route
    /// The body of each upstream call.
    var body: [UInt8]
    /// The parameters that the upstream cannot express.
    var ignored: [String]
    /// Whether the answer is streamed.
    var isStreamed: Bool
    /// Whether the stream ends with a usage chunk.
    var wantsStreamedUsage: Bool
    /// How many answers are wanted.
    var choiceCount: Int
    /// Texts at which an answer ends.
    var stopSequences: [String]
    /// The relay's own estimate of the prompt's tokens.
    var inputTokens: Int
    /// Whether web search is on.
    var searchesWeb: Bool
    /// How many bytes of an event or an answer can be an echo of the request.
    var echoBytes: Int

    /// Reads a request body, finds the model, and writes the upstream's body.
    ///
    /// Bodies longer than `limits.offloadBytes` are read and written away from the loop.
    /// - Throws: whatever is wrong with the request; no upstream call was made then.
    init(
        _ body: [UInt8], router: ModelRouter, limits: Configuration.Limits, offload: any Offload
    ) async throws(Failure) {
        // Large values stay inside functions that do not suspend: what an asynchronous one holds lies in the task's own
        // memory, which is kept at its largest to the end of the answer.
        let isLong = body.count > limits.offloadBytes
        let draft =
            isLong
            ? try await offload.run { () throws(Failure) in try Draft(body, limits) }
            : try Draft(body, limits)
        let route = try await router.route(draft.request.model)
        self =
            isLong
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
        (body, ignored) = try encoder.encode(request)
        var estimate = TokenEstimate()
        for turn in request.turns {
            for case .text(let part) in turn.parts { estimate.add(part.text) }
        }
        inputTokens = estimate.tokens
        self.route = route
        isStreamed = request.isStreamed
        wantsStreamedUsage = request.wantsStreamedUsage
        choiceCount = request.choiceCount
        stopSequences = request.stopSequences
        searchesWeb = request.webSearch.isOn
        echoBytes = 2 * body.count
    }

    /// The upstream request of one of the calls.
    ///
    /// The head of an answer that is not streamed comes only when it is complete, so it gets the time that a stream has
    /// until its first event.
    func upstreamRequest(credential: String, limits: Configuration.Limits) -> UpstreamRequest {
        var request = route.upstream.request(
            "POST", path: OneMinChatRequestEncoder.path(isStreamed: isStreamed),
            headers: HeaderFields([
                ("content-type", "application/json"),
                ("accept", isStreamed ? "text/event-stream" : "application/json"),
                ("api-key", credential),
            ]))
        request.body = body
        if !isStreamed {
            request.timeouts.firstByte = request.timeouts.firstEvent
            request.maximumResponseBytes = limits.answerBytes + echoBytes
        }
        return request
    }
}
