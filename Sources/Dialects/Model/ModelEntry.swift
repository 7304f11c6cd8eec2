/// A model that an upstream offers.
public struct ModelEntry: Sendable, Equatable {
    /// The identifier to send as `model`; may contain `:`, `/` and `.`.
    public var id: String
    /// The company behind the model, in lower case, such as `openai`.
    public var provider: String
    /// The name for people; nil where none is known.
    public var name: String?
    /// What the model can be used for.
    public var kinds: Set<Kind>
    /// The upstream's own flags, as they came.
    public var features: [String]
    /// What may go in, in lower case: `text`, `image`, `audio`…; nil when unknown.
    public var inputModalities: [String]?
    /// What may come out, in lower case: `text`, `image`, `audio`…; nil when unknown.
    public var outputModalities: [String]?
    /// The size of the context window in tokens; nil when unknown.
    public var contextWindow: Int?
    /// The most tokens that an answer may have; nil when unknown.
    public var maximumOutputTokens: Int?
    /// When the model was added, in seconds since 1970; nil when unknown.
    public var created: Int?

    /// A model of which only identifier, provider and kinds are known.
    public init(id: String, provider: String, name: String? = nil, kinds: Set<Kind>) {
        self.id = id
        self.provider = provider
        self.name = name
        self.kinds = kinds
        self.features = []
    }

    /// What may go in as far as is known or follows from the kinds; nil when neither says anything.
    ///
    /// Of a model that chats, text alone is sure, so that it is told only what the vendor says.
    public var inputs: [String]? {
        inputModalities ?? (kinds.contains(.chat) ? nil : Self.united(kinds, \.inputs))
    }

    /// What comes out as far as is known or follows from the kinds; nil when neither says anything.
    public var outputs: [String]? { outputModalities ?? Self.united(kinds, \.outputs) }

    /// The words of several kinds, each once; nil for none.
    private static func united(_ kinds: Set<Kind>, _ words: (Kind) -> [String]) -> [String]? {
        let all = Set(kinds.flatMap(words))
        let ordered = ["text", "image", "audio"].filter(all.contains)
        return ordered.isEmpty ? nil : ordered
    }

    /// Whether pictures may go in; nil when unknown.
    public var acceptsImages: Bool? { inputModalities.map { $0.contains("image") } }

    /// What a model can be used for.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case chat, imageGeneration, imageEditing, imageVariation, speechToText, audioTranslation, textToSpeech

        /// What goes into every model of the kind.
        fileprivate var inputs: [String] {
            switch self {
            case .chat, .imageGeneration, .textToSpeech: ["text"]
            case .imageEditing: ["text", "image"]
            case .imageVariation: ["image"]
            case .speechToText, .audioTranslation: ["audio"]
            }
        }

        /// What comes out of every model of the kind.
        fileprivate var outputs: [String] {
            switch self {
            case .chat, .speechToText, .audioTranslation: ["text"]
            case .imageGeneration, .imageEditing, .imageVariation: ["image"]
            case .textToSpeech: ["audio"]
            }
        }
    }
}
