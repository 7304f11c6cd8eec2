import Dialects
import Wire

/// In whose words a client asks and is answered.
enum ClientDialect: Sendable, Equatable {
    /// OpenAI's chat completions, and everything of OpenAI's API that is no generation.
    case openAIChat
    /// OpenAI's legacy completions.
    case openAICompletions
    /// OpenAI's responses.
    case openAIResponses
    /// Anthropic's messages.
    case anthropic

    /// The dialect of a request.
    ///
    /// Both vendors list models and keep files under the same paths, and neither's clients ask only for what there is
    /// here; Anthropic's always send `anthropic-version` (https://docs.anthropic.com/en/api/versioning).
    init(_ route: Route, _ headers: HeaderFields) {
        switch route {
        case .completions: self = .openAICompletions
        case .responses, .responseTokens: self = .openAIResponses
        case .messages, .messageTokens: self = .anthropic
        case .models, .model, .files, .file, .fileContent, .unknown:
            self = headers["anthropic-version"] == nil ? .openAIChat : .anthropic
        default: self = .openAIChat
        }
    }

    /// What an answer's identifier begins with.
    var answerPrefix: StaticString {
        switch self {
        case .openAIChat: "chatcmpl-"
        case .openAICompletions: "cmpl-"
        case .openAIResponses: "resp_"
        case .anthropic: "msg_"
        }
    }

    /// What the identifier of a tool call begins with.
    var toolCallPrefix: StaticString {
        self == .anthropic ? "toolu_" : "call_"
    }

    /// The status of a failure that comes before the answer.
    func status(for failure: Failure) -> Int {
        self == .anthropic ? AnthropicErrorEncoder.status(for: failure) : failure.answer.status
    }

    /// The body of a failure that comes before the answer.
    func errorBody(for failure: Failure, requestID: String) -> [UInt8] {
        self == .anthropic
            ? AnthropicErrorEncoder.body(for: failure, requestID: requestID)
            : OpenAIErrorEncoder.body(for: failure)
    }

    /// The event of a failure that comes before the first event of the answer, but after its status.
    func errorEvent(for failure: Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        if self == .anthropic {
            AnthropicErrorEncoder.streamEvent(for: failure, into: &bytes)
        } else {
            OpenAIErrorEncoder.streamEvent(for: failure, into: &bytes)
        }
        return bytes
    }
}
