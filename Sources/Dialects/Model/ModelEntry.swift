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

    /// Whether pictures may go in; nil when unknown.
    public var acceptsImages: Bool? { inputModalities.map { $0.contains("image") } }

    /// What a model can be used for.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case chat, imageGeneration, imageEditing, imageVariation, speechToText, audioTranslation, textToSpeech
    }
}
