import Wire

/// Writes a complete answer as a `chat.completion` object.
///
/// https://platform.openai.com/docs/api-reference/chat/object
public struct OpenAIChatResultEncoder: ResultEncoder {
    private let id: String
    private let created: Int
    private let model: String
    private let usesFunctionCall: Bool

    /// An encoder for one answer.
    ///
    /// - Parameters:
    ///   - id: the answer's identifier, such as `chatcmpl-…`.
    ///   - created: seconds since 1970.
    ///   - usesFunctionCall: whether a call is written as `function_call`, the older word, as the client did.
    public init(id: String, created: Int, model: String, usesFunctionCall: Bool = false) {
        self.id = id
        self.created = created
        self.model = model
        self.usesFunctionCall = usesFunctionCall
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
            writer.message(choice, usesFunctionCall: usesFunctionCall)
            writer.key("logprobs")
            writer.null()
            writer.key("finish_reason")
            writer.string(choice.finishReason.openAIWord(usesFunctionCall: usesFunctionCall).description)
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
    fileprivate mutating func message(_ result: GenerationResult, usesFunctionCall: Bool) {
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
        if usesFunctionCall, let call = calls.first {
            // There can be only one.
            key("function_call")
            function(call)
        } else if !calls.isEmpty {
            key("tool_calls")
            beginArray()
            for call in calls { toolCall(call) }
            endArray()
        }
        endObject()
    }

    private mutating func function(_ call: ToolCall) {
        beginObject()
        key("name")
        string(call.name)
        key("arguments")
        string(call.arguments)
        endObject()
    }

    private mutating func toolCall(_ call: ToolCall) {
        beginObject()
        if let id = call.id {
            key("id")
            string(id)
        }
        key("type")
        string(call.kind.openAIWord)
        key(named: call.kind.openAIWord)
        beginObject()
        key("name")
        string(call.name)
        key(named: call.kind.argumentsWord)
        string(call.arguments)
        endObject()
        endObject()
    }
}
