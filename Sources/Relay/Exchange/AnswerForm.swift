import Dialects

/// How a client's dialect writes the answer: what its encoders need to know of the request.
enum AnswerForm: Sendable {
    /// A chat completion; `usesFunctionCall` where the client speaks of functions, OpenAI's older word for tools.
    case chat(usesFunctionCall: Bool)
    /// A legacy completion; each choice begins with its echo of the prompt.
    case completion(echoes: [String])
    /// A response, which repeats most of the request.
    case response(OpenAIResponsesEcho)
    /// A message of Anthropic's.
    case message

    /// What is known of an answer before it begins.
    struct Start: Sendable {
        /// The answer's identifier.
        var id: String
        /// When it was begun, in seconds since 1970.
        var created: Int
        /// The model as the client is told.
        var model: String
        /// The time of day in seconds since 1970.
        var now: @Sendable () -> Int
        /// Makes the identifiers of what is in the answer.
        var makeID: @Sendable (String) -> String
    }

    /// The encoder of an answer that is sent as a whole.
    func resultEncoder(_ start: Start) -> any ResultEncoder {
        switch self {
        case .chat(let usesFunctionCall):
            OpenAIChatResultEncoder(
                id: start.id, created: start.created, model: start.model, usesFunctionCall: usesFunctionCall)
        case .completion(let echoes):
            OpenAICompletionsResultEncoder(
                id: start.id, created: start.created, model: start.model, echoes: echoes)
        case .response(let echo):
            OpenAIResponsesResultEncoder(
                id: start.id, created: start.created, echo: echo, completed: start.now, makeID: start.makeID)
        case .message: AnthropicResultEncoder(id: start.id, model: start.model)
        }
    }

    /// The encoder of a streamed answer.
    func streamEncoder(_ start: Start, _ plan: ChatPlan) -> any StreamEncoder {
        switch self {
        case .chat(let usesFunctionCall):
            OpenAIChatStreamEncoder(
                id: start.id, created: start.created, model: start.model,
                includeUsage: plan.wantsStreamedUsage, usesFunctionCall: usesFunctionCall)
        case .completion(let echoes):
            OpenAICompletionsStreamEncoder(
                id: start.id, created: start.created, model: start.model,
                includeUsage: plan.wantsStreamedUsage, echoes: echoes)
        case .response(let echo):
            OpenAIResponsesStreamEncoder(
                id: start.id, created: start.created, echo: echo, completed: start.now, makeID: start.makeID)
        case .message:
            AnthropicStreamEncoder(
                id: start.id, model: start.model, inputTokens: plan.prompts[0].count.tokens)
        }
    }
}
