import Wire

/// Writes complete answers as a `text_completion` object.
///
/// https://platform.openai.com/docs/api-reference/completions/object
public struct OpenAICompletionsResultEncoder: ResultEncoder {
    private let id: String
    private let created: Int
    private let model: String
    private let echoes: [String]

    /// An encoder for the answers to all prompts of one request.
    ///
    /// - Parameters:
    ///   - id: the answer's identifier, such as `cmpl-…`.
    ///   - created: seconds since 1970.
    ///   - echoes: what each choice begins with, in order; empty for nothing.
    public init(id: String, created: Int, model: String, echoes: [String] = []) {
        self.id = id
        self.created = created
        self.model = model
        self.echoes = echoes
    }

    /// The body for the choices in order, those of the first prompt first; `usage` is that of all of them together.
    ///
    /// A refusal is the text where there is no other; thoughts have no place in this API.
    public func encode(_ choices: [GenerationResult], usage: Usage?) -> [UInt8] {
        let textBytes = choices.reduce(0) { $0 + $1.text.utf8.count }
        var writer = JSONWriter(capacity: 512 + textBytes + textBytes / 8)
        writer.beginObject()
        writer.key("id")
        writer.string(id)
        writer.key("object")
        writer.string("text_completion")
        writer.key("created")
        writer.int(created)
        writer.key("model")
        writer.string(model)
        writer.key("choices")
        writer.beginArray()
        for (index, choice) in choices.enumerated() {
            let text = choice.text
            writer.beginObject()
            writer.key("text")
            writer.string(
                (index < echoes.count ? echoes[index] : "") + (text.isEmpty ? choice.refusal : text))
            writer.key("index")
            writer.int(index)
            writer.key("logprobs")
            writer.null()
            writer.key("finish_reason")
            writer.string(choice.finishReason.openAIWord().description)
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
