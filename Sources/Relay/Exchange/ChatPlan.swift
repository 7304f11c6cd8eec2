import Tokens

/// What is needed of a chat request as long as its answer takes: no more, so that a long prompt is not held as long.
final class ChatPlan: Sendable {
    /// Where it goes and as which model.
    let route: ModelRouter.Route
    /// The parameters that the upstream cannot express.
    let ignored: [String]
    /// Whether the answer is streamed.
    let isStreamed: Bool
    /// Whether the stream ends with a usage chunk.
    let wantsStreamedUsage: Bool
    /// How many answers are wanted.
    let choiceCount: Int
    /// Texts at which an answer ends.
    let stopSequences: [String]
    /// The most tokens of each answer; nil for any number.
    let maximumOutputTokens: Int?
    /// How the tokens of an answer are counted.
    let encoding: ModelEncoding
    /// The tokens of the prompt.
    let promptTokens: PromptTokens
    /// Whether web search is on.
    let searchesWeb: Bool
    /// How many bytes of an event or an answer can be an echo of the request.
    let echoBytes: Int

    /// Makes a plan of its parts.
    init(
        route: ModelRouter.Route, ignored: [String], isStreamed: Bool, wantsStreamedUsage: Bool,
        choiceCount: Int, stopSequences: [String], maximumOutputTokens: Int?, promptTokens: PromptTokens,
        searchesWeb: Bool, echoBytes: Int
    ) {
        self.route = route
        self.ignored = ignored
        self.isStreamed = isStreamed
        self.wantsStreamedUsage = wantsStreamedUsage
        self.choiceCount = choiceCount
        self.stopSequences = stopSequences
        self.maximumOutputTokens = maximumOutputTokens
        encoding = ModelEncoding(model: route.model)
        self.promptTokens = promptTokens
        self.searchesWeb = searchesWeb
        self.echoBytes = echoBytes
    }

    /// Whether the upstream is asked for a stream: also for an answer that is sent as a whole, where the relay may have
    /// enough of it before its end.
    var streamsUpstream: Bool { isStreamed || maximumOutputTokens != nil }
}
