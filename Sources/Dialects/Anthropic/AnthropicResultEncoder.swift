import Wire

/// Writes a complete answer as a `message` object.
///
/// https://docs.claude.com/en/api/messages; the grammar is that of anthropic 2.12.0, `types/message.py`.
public struct AnthropicResultEncoder: ResultEncoder {
    private let id: String
    private let model: String

    /// An encoder for one answer.
    ///
    /// - Parameter id: the message's identifier, such as `msg_…`.
    public init(id: String, model: String) {
        self.id = id
        self.model = model
    }

    /// The body for the first choice: Anthropic's dialect has no other ones.
    public func encode(_ choices: [GenerationResult], usage: Usage?) -> [UInt8] {
        let result = choices.first ?? GenerationResult(parts: [], usage: nil, finishReason: .stop)
        let textBytes = result.parts.reduce(0) { $0 + $1.textBytes }
        var writer = JSONWriter(capacity: 512 + textBytes + textBytes / 8)
        writer.beginObject()
        writer.anthropicMessageHead(id: id, model: model)
        writer.beginArray()
        writeBlocks(of: result, into: &writer)
        writer.endArray()
        writer.anthropicEnd(
            result.finishReason, hasCalls: !result.toolCalls.isEmpty, isRefusal: !result.refusal.isEmpty)
        writer.key("usage")
        writer.anthropicUsage(usage ?? Usage(inputTokens: 0, outputTokens: 0))
        writer.endObject()
        return writer.bytes
    }

    private func writeBlocks(of result: GenerationResult, into writer: inout JSONWriter) {
        // What the whole answer quotes stands at its last text.
        let lastText = result.parts.lastIndex { if case .text = $0 { true } else { false } }
        var calls = 0
        for (index, part) in result.parts.enumerated() {
            switch part {
            case .text(let text):
                let citations = text.citations + (index == lastText ? result.citations : [])
                writer.textBlock(text.text, citations: citations.filter(AnthropicAnswer.isCitation))
            case .refusal(let text): writer.textBlock(text, citations: [])
            case .reasoning(let thought): writer.thinkingBlocks(thought)
            case .toolCall(let call):
                let id = call.id ?? AnthropicAnswer.callID(messageID: id, index: calls)
                calls += 1
                writer.toolUseBlock(call, id: id)
            case .vendor, .image, .audio, .video, .document, .toolResult: break
            }
        }
    }
}

extension Part {
    /// About how long the part will be, in bytes.
    fileprivate var textBytes: Int {
        switch self {
        case .text(let part): part.text.utf8.count
        case .refusal(let text): text.utf8.count
        case .reasoning(let part): part.text.utf8.count + (part.redacted?.utf8.count ?? 0)
        case .toolCall(let call): call.arguments.utf8.count
        default: 0
        }
    }
}

extension JSONWriter {
    /// A text block; none for an empty text, which could not be sent back.
    fileprivate mutating func textBlock(_ text: String, citations: [JSONValue]) {
        guard !text.isEmpty else { return }
        beginObject()
        key("type")
        string("text")
        key("text")
        string(text)
        if !citations.isEmpty {
            key("citations")
            value(.array(citations))
        }
        endObject()
    }

    /// A thought in the open, in secret, or both.
    fileprivate mutating func thinkingBlocks(_ thought: ReasoningPart) {
        if !thought.text.isEmpty || thought.signature != nil {
            beginObject()
            key("type")
            string("thinking")
            key("thinking")
            string(thought.text)
            key("signature")
            string(thought.signature ?? "")
            endObject()
        }
        if let redacted = thought.redacted {
            beginObject()
            key("type")
            string("redacted_thinking")
            key("data")
            string(redacted)
            endObject()
        }
    }

    /// A tool call; its input is an object in every case, since the SDKs' types want one.
    fileprivate mutating func toolUseBlock(_ call: ToolCall, id: String) {
        beginObject()
        key("type")
        string("tool_use")
        key("id")
        string(id)
        key("name")
        string(call.name)
        key("input")
        toolInput(call.arguments)
        endObject()
    }

    private mutating func toolInput(_ arguments: String) {
        let isEmpty = arguments.utf8.allSatisfy(\.isASCIIBlank)
        // Whatever is no object is kept where the client's own check of the input will find it.
        let value = try? JSONValue(parsing: Array(arguments.utf8))
        if let value, case .object = value {
            self.value(value)
        } else {
            beginObject()
            if !isEmpty {
                key("arguments")
                self.value(value ?? .string(arguments))
            }
            endObject()
        }
    }
}
