public import Wire

/// One thing that happens while a model answers.
///
/// Order: `started` at most once and first; any of the pieces; `usage` any number of times, the last one counts;
/// then exactly one of `finished` and `failed`, and nothing after it.
public enum GenerationEvent: Sendable, Equatable {
    /// The upstream has begun to answer.
    case started
    /// A piece of the answer, never empty.
    case text(String)
    /// A piece of the thought, never empty.
    case reasoning(String)
    /// The proof that belongs to the thought just ended.
    case signature(String)
    /// A piece of a refusal, never empty.
    case refusal(String)
    /// A source that the answer quotes, as the vendor described it.
    case citation(JSONValue)
    /// A picture, in base64. Its address is in the text already, for dialects that have texts only.
    case image(base64: String)
    /// A tool call begins; `index` counts the calls of this answer from 0.
    case toolCallBegan(index: Int, id: String?, name: String, kind: ToolCall.Kind)
    /// A piece of the arguments of the call with this index.
    case toolCallArguments(index: Int, String)
    /// The call with this index is complete.
    case toolCallEnded(index: Int)
    /// What was used so far.
    case usage(Usage)
    /// The answer is complete.
    case finished(FinishReason)
    /// There will be no complete answer.
    case failed(Failure)
}
