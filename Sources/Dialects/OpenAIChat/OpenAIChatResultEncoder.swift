import Wire

/// Writes a complete answer as a `chat.completion` object.
///
/// https://platform.openai.com/docs/api-reference/chat/object
public struct OpenAIChatResultEncoder: ResultEncoder {
    private let id: String
    private let created: Int
    private let model: String

    /// An encoder for one answer.
    ///
    /// - Parameters:
    ///   - id: the answer's identifier, such as `chatcmpl-…`.
    ///   - created: seconds since 1970.
    public init(id: String, created: Int, model: String) {
        self.id = id
        self.created = created
        self.model = model
    }

    /// The body for the choices in order; `usage` is that of all of them together, left out where it is nil.
    public func encode(_ choices: [GenerationResult], usage: Usage?) -> [UInt8] {
        let textBytes = choices.reduce(0) { $0 + $1.text.utf8.count }
        var writer = JSONWriter(capacity: 512 + textBytes + textBytes / 8)
        writer.beginObject()
        writer.key("id")
        writer.string(id)
        writer.key("object")
        writer.string("chat.completion")
        writer.key("created")
        writer.int(created)
        writer.key("model")
        writer.string(model)
        writer.key("choices")
        writer.beginArray()
        for (index, choice) in choices.enumerated() {
            writer.beginObject()
            writer.key("index")
            writer.int(index)
            writer.key("message")
            writer.message(choice)
            writer.key("logprobs")
            writer.null()
            writer.key("finish_reason")
            writer.string(choice.finishReason.openAIWord.description)
            writer.endObject()
        }
        writer.endArray()
        if let usage {
            writer.key("usage")
            writer.openAIUsage(usage)
        }
        writer.endObject()
        return writer.bytes
    }
}

extension JSONWriter {
    /// The `message` of a choice; `content` is null only where something else takes its place.
    fileprivate mutating func message(_ result: GenerationResult) {
        let text = result.text
        let calls = result.toolCalls
        let refusal = result.refusal
        beginObject()
        key("role")
        string("assistant")
        key("content")
        stringOrNull(text.isEmpty && !(calls.isEmpty && refusal.isEmpty) ? nil : text)
        key("refusal")
        stringOrNull(refusal.isEmpty ? nil : refusal)
        let reasoning = result.reasoning
        if !reasoning.isEmpty {
            key("reasoning_content")
            string(reasoning)
        }
        if !result.citations.isEmpty {
            key("annotations")
            value(.array(result.citations))
        }
        if !calls.isEmpty {
            key("tool_calls")
            beginArray()
            for call in calls { toolCall(call) }
            endArray()
        }
        endObject()
    }

    private mutating func toolCall(_ call: ToolCall) {
        beginObject()
        if let id = call.id {
            key("id")
            string(id)
        }
        let (type, text) = call.kind == .function ? ("function", "arguments") : ("custom", "input")
        key("type")
        string(type)
        key(type)
        beginObject()
        key("name")
        string(call.name)
        key(text)
        string(call.arguments)
        endObject()
        endObject()
    }
}
