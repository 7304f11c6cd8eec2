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
    /// The relay's own estimate of the prompt's tokens.
    let inputTokens: Int
    /// Whether web search is on.
    let searchesWeb: Bool
    /// How many bytes of an event or an answer can be an echo of the request.
    let echoBytes: Int

    /// Makes a plan of its parts.
    init(
        route: ModelRouter.Route, ignored: [String], isStreamed: Bool, wantsStreamedUsage: Bool,
        choiceCount: Int, stopSequences: [String], inputTokens: Int, searchesWeb: Bool, echoBytes: Int
    ) {
        self.route = route
        self.ignored = ignored
        self.isStreamed = isStreamed
        self.wantsStreamedUsage = wantsStreamedUsage
        self.choiceCount = choiceCount
        self.stopSequences = stopSequences
        self.inputTokens = inputTokens
        self.searchesWeb = searchesWeb
        self.echoBytes = echoBytes
    }
}
