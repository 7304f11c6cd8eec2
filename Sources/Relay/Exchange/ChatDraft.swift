import Dialects
import Wire

/// A chat request as it was read, in whichever dialect.
final class ChatDraft: Sendable {
    /// The request for each prompt; they differ in their turns only.
    let requests: [GenerationRequest]
    /// How many answers are wanted to each prompt.
    let choicesPerPrompt: Int
    /// How the answer is written.
    let form: AnswerForm
    /// The request where it is one for a response.
    let response: OpenAIResponsesRequest?

    /// Reads a body.
    ///
    /// - Parameter maximumChoices: how many answers may be wanted.
    /// - Throws: whatever is wrong with the request by itself.
    init(
        _ body: [UInt8], _ dialect: ClientDialect, maximumChoices: Int,
        makeID: @Sendable (String) -> String
    ) throws(Failure) {
        switch dialect {
        case .openAIChat:
            let request = try OpenAIChatRequestDecoder.decode(body)
            choicesPerPrompt = try Self.checked(request.choiceCount, maximumChoices)
            form = .chat(usesFunctionCall: request.usesFunctionCall)
            response = nil
            // Last, so that it is handed over and not copied.
            requests = [request]
        case .openAICompletions:
            let request = try OpenAICompletionsRequestDecoder.decode(body)
            requests = request.requests
            choicesPerPrompt = request.choicesPerPrompt
            let count = requests.count.multipliedReportingOverflow(by: choicesPerPrompt)
            _ = try Self.checked(count.overflow ? .max : count.partialValue, maximumChoices)
            form = .completion(echoes: request.echoes)
            response = nil
        case .openAIResponses:
            let request = try OpenAIResponsesRequestDecoder.decode(body, makeID: makeID)
            requests = [request.generation]
            choicesPerPrompt = 1
            form = .response(request.echo)
            response = request
        case .anthropic:
            requests = [try AnthropicRequestDecoder.decode(body)]
            choicesPerPrompt = 1
            form = .message
            response = nil
        }
    }

    /// Whether what was stored earlier comes before it.
    var needsHistory: Bool { response?.needsHistory ?? false }

    /// The draft of a response with what was said before put in front.
    private init(_ response: OpenAIResponsesRequest, after history: [JSONValue]) throws(Failure) {
        requests = [try response.request(after: history)]
        choicesPerPrompt = 1
        form = .response(response.echo)
        self.response = response
    }

    /// The same with stored items, oldest first, put before the request's own; only for responses.
    func following(_ history: [JSONValue]) throws(Failure) -> ChatDraft {
        guard let response else { return self }
        return try ChatDraft(response, after: history)
    }

    /// Whether pictures or documents have to be brought to the vendor.
    var hasAttachments: Bool { requests.contains(where: ChatAttachments.areIn) }

    /// The same with other requests in place of its own.
    func replacing(_ requests: [GenerationRequest]) -> ChatDraft {
        ChatDraft(requests, like: self)
    }

    private init(_ requests: [GenerationRequest], like draft: ChatDraft) {
        self.requests = requests
        choicesPerPrompt = draft.choicesPerPrompt
        form = draft.form
        response = draft.response
    }

    private static func checked(_ count: Int, _ maximum: Int) throws(Failure) -> Int {
        guard count <= maximum else {
            throw Failure(
                .invalidRequest,
                "Invalid value for 'n': at most \(maximum) answers can be asked for.",
                parameter: "n", code: "integer_above_max_value")
        }
        return count
    }
}

extension GenerationRequest {
    /// Whether the client speaks of functions, OpenAI's older word for tools.
    fileprivate var usesFunctionCall: Bool {
        tools.contains { if case .function(let function) = $0.kind { function.isLegacy } else { false } }
    }
}
