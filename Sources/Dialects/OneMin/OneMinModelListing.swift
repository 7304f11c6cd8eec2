import Wire

/// Reads 1min.ai's list of models, `GET /models?feature=…`; it needs no key.
///
/// The listing is not documented; its members were seen in live answers.
public enum OneMinModelListing {
    /// How many models of one answer are read; the service had 103 in October 2026.
    public static let maximumModels = 5_000

    /// The path and query of the list of one kind.
    public static func path(for kind: ModelEntry.Kind) -> String {
        "/models?feature=\(feature(of: kind))"
    }

    /// The models of one answer, in its order, each with all kinds that its flags name and the kind that was asked for.
    ///
    /// Only active models are given: the others are listed too and refused when called. Where none is active the flag
    /// does not mean what it seems to, and all are given.
    ///
    /// - Throws: `upstreamFailed` when the answer is no such list.
    public static func decode(_ body: [UInt8], kind: ModelEntry.Kind) throws(Failure) -> [ModelEntry] {
        // The reason would help nobody.
        guard let json = try? JSONValue(mending: body.span, maximumDepth: 64),
            let models = json["models"]?.arrayValue
        else { throw Failure(.upstreamFailed, "1min.ai: the list of models cannot be read.") }
        var all: [ModelEntry] = []
        var active: [ModelEntry] = []
        var seen: Set<String> = []
        for model in models.prefix(maximumModels) {
            guard let entry = entry(model, kind: kind), seen.insert(entry.id).inserted else { continue }
            all.append(entry)
            if model["status"]?.stringValue.map({ $0.uppercased() == "ACTIVE" }) ?? true {
                active.append(entry)
            }
        }
        return active.isEmpty ? all : active
    }

    private static func entry(_ model: JSONValue, kind: ModelEntry.Kind) -> ModelEntry? {
        guard let id = model["modelId"]?.stringValue, !id.isEmpty else { return nil }
        let provider = model["provider"]?.stringValue ?? model["group"]?.stringValue ?? "1min"
        let features = model["features"]?.arrayValue?.compactMap(\.stringValue) ?? []
        var kinds: Set<ModelEntry.Kind> = [kind]
        for other in ModelEntry.Kind.allCases where features.contains(feature(of: other)) {
            kinds.insert(other)
        }
        var entry = ModelEntry(
            id: id, provider: provider.lowercased(), name: model["name"]?.stringValue, kinds: kinds)
        entry.features = features
        entry.inputModalities = words(model["modality"]?["INPUT"])
        entry.outputModalities = words(model["modality"]?["OUTPUT"])
        let sizes = model["creditMetadata"]
        entry.contextWindow = size(sizes?["CONTEXT"])
        entry.maximumOutputTokens = size(sizes?["MAX_OUTPUT_TOKEN"])
        entry.created = model["createdAt"]?.stringValue.flatMap { CivilTime.seconds(iso8601: $0) }
        return entry
    }

    private static func words(_ value: JSONValue?) -> [String]? {
        value?.arrayValue.map { $0.compactMap { $0.stringValue?.lowercased() } }
    }

    /// A number of tokens; 0 stands for unknown.
    private static func size(_ value: JSONValue?) -> Int? {
        value?.intValue.flatMap { $0 > 0 ? $0 : nil }
    }

    private static func feature(of kind: ModelEntry.Kind) -> String {
        switch kind {
        case .chat: "UNIFY_CHAT_WITH_AI"
        case .imageGeneration: "IMAGE_GENERATOR"
        case .imageEditing: "IMAGE_EDITOR"
        case .imageVariation: "IMAGE_VARIATOR"
        case .speechToText: "SPEECH_TO_TEXT"
        case .audioTranslation: "AUDIO_TRANSLATOR"
        case .textToSpeech: "TEXT_TO_SPEECH"
        }
    }
}
