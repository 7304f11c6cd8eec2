import Dialects

extension ModelEntry.Kind {
    /// What a model of the kind does: `The model x … .`
    var does: String {
        switch self {
        case .chat: "chats"
        case .imageGeneration: "makes images"
        case .imageEditing: "edits images"
        case .imageVariation: "makes variations of images"
        case .speechToText: "transcribes speech"
        case .audioTranslation: "translates speech"
        case .textToSpeech: "reads text aloud"
        }
    }

    /// What a model of another kind cannot: `It cannot … .`
    var deed: String {
        switch self {
        case .chat: "chat"
        case .imageGeneration: "make images"
        case .imageEditing: "edit images"
        case .imageVariation: "make variations of images"
        case .speechToText: "transcribe speech"
        case .audioTranslation: "translate speech"
        case .textToSpeech: "read text aloud"
        }
    }

    /// What a request without a model means, the first that there is; empty where OpenAI's API wants one named.
    ///
    /// `dall-e-2` is what https://platform.openai.com/docs/api-reference/images says; the others are its successors,
    /// for the day when it is no longer listed.
    var standardModels: [String] {
        switch self {
        case .chat, .speechToText, .audioTranslation, .textToSpeech: []
        case .imageGeneration, .imageEditing: ["dall-e-2", "gpt-image-1-mini", "gpt-image-1", "gpt-image-2"]
        case .imageVariation: ["dall-e-2"]
        }
    }
}

extension ModelEntry {
    /// Adds what the list of another kind says of the same model; what is known already counts more.
    mutating func unite(with other: ModelEntry) {
        kinds.formUnion(other.kinds)
        for feature in other.features where !features.contains(feature) { features.append(feature) }
        name = name ?? other.name
        inputModalities = inputModalities ?? other.inputModalities
        outputModalities = outputModalities ?? other.outputModalities
        contextWindow = contextWindow ?? other.contextWindow
        maximumOutputTokens = maximumOutputTokens ?? other.maximumOutputTokens
        created = created ?? other.created
    }
}
