import Dialects
import Tokens

/// What is needed of a chat request as long as its answer takes: no more, so that a long prompt is not held as long.
final class ChatPlan: Sendable {
    /// Where it goes and as which model.
    let route: ModelRouter.Route
    /// How the answer is written.
    let form: AnswerForm
    /// The parameters that the upstream cannot express.
    let ignored: [String]
    /// Whether the answer is streamed.
    let isStreamed: Bool
    /// Whether the stream ends with a usage chunk.
    let wantsStreamedUsage: Bool
    /// How many answers are wanted.
    var choiceCount: Int { prompts.count }
    /// Texts at which an answer ends.
    let stopSequences: [String]
    /// The most tokens of each answer; nil for any number.
    let maximumOutputTokens: Int?
    /// How the tokens of an answer are counted.
    let encoding: ModelEncoding
    /// The tokens of each choice's prompt.
    let prompts: [PromptTokens]
    /// Whether web search is on.
    let searchesWeb: Bool
    /// Whether the upstream is asked for a stream: also for an answer that is sent as a whole, where the relay may have
    /// enough of it before its end.
    let streamsUpstream: Bool
    /// How many bytes of an event or an answer can be an echo of the request.
    let echoBytes: Int
    /// What the relay makes of the model's text by itself; nil where that is nothing.
    let emulation: Emulation?
    /// How a model is asked once more; nil where it is not.
    let followUp: FollowUp?
    /// Makes the identifier of a tool call.
    let toolCallID: @Sendable () -> String
    /// How long the first event may take; nil for any time.
    let firstEvent: Duration?

    /// Makes a plan of its parts.
    ///
    /// - Parameters:
    ///   - request: one of the requests, which differ in their prompts only.
    ///   - emulation: what the relay makes of the model's text by itself; nil for nothing.
    ///   - ignored: the parameters that the answer names.
    ///   - prompts: the tokens of each choice's prompt.
    ///   - paints: whether the calls take as long as pictures do.
    init(
        _ request: borrowing GenerationRequest, _ form: AnswerForm, emulation: Emulation?, searchesWeb: Bool,
        route: ModelRouter.Route, ignored: [String], prompts: [PromptTokens], streamsUpstream: Bool,
        echoBytes: Int, followUp: FollowUp?, paints: Bool = false,
        toolCallID: @escaping @Sendable () -> String
    ) {
        self.route = route
        self.form = form
        self.ignored = ignored
        isStreamed = request.isStreamed
        wantsStreamedUsage = request.wantsStreamedUsage
        stopSequences = request.stopSequences
        maximumOutputTokens = request.maximumOutputTokens
        encoding = ModelEncoding(model: route.model)
        self.prompts = prompts
        self.searchesWeb = searchesWeb
        self.streamsUpstream = streamsUpstream
        self.echoBytes = echoBytes
        self.emulation = emulation
        self.followUp = followUp
        self.toolCallID = toolCallID
        let settings = route.upstream.settings
        firstEvent = paints ? settings.mediaTimeouts.image : settings.timeouts.firstEvent
    }
}
