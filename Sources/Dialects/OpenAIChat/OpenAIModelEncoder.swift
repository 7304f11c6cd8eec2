import Wire

/// Writes models as the OpenAI API does, with what is known beyond it as further members.
///
/// https://platform.openai.com/docs/api-reference/models/object; `context_length`, `input_modalities`,
/// `output_modalities` and `capabilities` are what other gateways and their clients call them.
public enum OpenAIModelEncoder {
    /// The body of `GET /v1/models`.
    public static func list(_ models: [ModelEntry]) -> [UInt8] {
        var writer = JSONWriter(capacity: 64 + models.count * 320)
        writer.beginObject()
        writer.key("object")
        writer.string("list")
        writer.key("data")
        writer.beginArray()
        for model in models { writer.model(model) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    /// The body of `GET /v1/models/{id}`.
    public static func model(_ model: ModelEntry) -> [UInt8] {
        var writer = JSONWriter(capacity: 320)
        writer.model(model)
        return writer.bytes
    }
}

extension JSONWriter {
    /// One model object; `created` is 0 where it is unknown, since clients expect a number.
    fileprivate mutating func model(_ model: ModelEntry) {
        beginObject()
        key("id")
        string(model.id)
        key("object")
        string("model")
        key("created")
        int(model.created ?? 0)
        key("owned_by")
        string(model.provider)
        if let name = model.name {
            key("name")
            string(name)
        }
        if let contextWindow = model.contextWindow {
            key("context_length")
            int(contextWindow)
        }
        if let maximum = model.maximumOutputTokens {
            key("max_output_tokens")
            int(maximum)
        }
        modalities(of: model)
        key("capabilities")
        beginObject()
        for kind in ModelEntry.Kind.allCases where model.kinds.contains(kind) {
            key(named: kind.openAIWord)
            bool(true)
        }
        // Of a model that edits images it would tell nothing new.
        if model.kinds.contains(.chat), let acceptsImages = model.acceptsImages {
            key("vision")
            bool(acceptsImages)
        }
        endObject()
        endObject()
    }

    /// What goes in and what comes out, as far as it is known.
    mutating func modalities(of model: ModelEntry) {
        if let inputs = model.inputs {
            key("input_modalities")
            strings(inputs)
        }
        if let outputs = model.outputs {
            key("output_modalities")
            strings(outputs)
        }
    }

    private mutating func strings(_ words: [String]) {
        beginArray()
        for word in words { string(word) }
        endArray()
    }
}

extension ModelEntry.Kind {
    /// The capability's name in a model object.
    fileprivate var openAIWord: String {
        switch self {
        case .chat: "chat"
        case .imageGeneration: "image_generation"
        case .imageEditing: "image_editing"
        case .imageVariation: "image_variation"
        case .speechToText: "speech_to_text"
        case .audioTranslation: "audio_translation"
        case .textToSpeech: "text_to_speech"
        }
    }
}
