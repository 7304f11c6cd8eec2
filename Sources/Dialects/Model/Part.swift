public import Wire

/// One piece of a turn or of an answer.
public enum Part: Sendable, Equatable {
    case text(TextPart)
    case image(ImagePart)
    case audio(AudioPart)
    case video(VideoPart)
    case document(DocumentPart)
    case toolCall(ToolCall)
    case toolResult(ToolResult)
    case reasoning(ReasoningPart)
    case refusal(String)
    /// Something that only one vendor has, as it came; only an encoder of the same dialect can use it.
    case vendor(VendorPart)
}

/// Text, with what a dialect may hang on it.
public struct TextPart: Sendable, Equatable {
    /// The text itself.
    public var text: String
    /// Sources that the text quotes, as the vendor described them.
    public var citations: [JSONValue]
    /// Marks the end of a stretch of prompt worth caching.
    public var cacheMarker: CacheMarker?

    /// Text without citations.
    public init(_ text: String, cacheMarker: CacheMarker? = nil) {
        self.text = text
        self.citations = []
        self.cacheMarker = cacheMarker
    }
}

/// Where the bytes of an image, a sound or a document are.
public enum MediaSource: Sendable, Equatable {
    /// An address to fetch from.
    case url(String)
    /// The bytes themselves in base64, not yet checked, with their media type where it was given.
    case base64(String, mediaType: String?)
    /// A file uploaded before.
    case file(id: String)
    /// Plain text given in place.
    case text(String)
    /// A file that the upstream has already, by the name that it goes by there. No decoder makes one.
    case uploaded(String)
}

/// A picture.
public struct ImagePart: Sendable, Equatable {
    /// Where the picture is.
    public var source: MediaSource
    /// How closely to look: OpenAI's `auto`, `low`, `high` or a newer word.
    public var detail: String?
    /// How large the picture is, where its bytes were looked at.
    public var size: ImageSize?
    /// Marks the end of a stretch of prompt worth caching.
    public var cacheMarker: CacheMarker?

    /// A picture from any source.
    public init(source: MediaSource, detail: String? = nil, cacheMarker: CacheMarker? = nil) {
        self.source = source
        self.detail = detail
        self.cacheMarker = cacheMarker
    }
}

/// A sound.
public struct AudioPart: Sendable, Equatable {
    /// Where the sound is.
    public var source: MediaSource
    /// The container, such as `wav` or `mp3`, where it was given.
    public var format: String?
    /// Marks the end of a stretch of prompt worth caching.
    public var cacheMarker: CacheMarker?

    /// A sound from any source.
    public init(source: MediaSource, format: String? = nil, cacheMarker: CacheMarker? = nil) {
        self.source = source
        self.format = format
        self.cacheMarker = cacheMarker
    }
}

/// A film.
public struct VideoPart: Sendable, Equatable {
    /// Where the film is.
    public var source: MediaSource
    /// Start, end and frame rate as the vendor spells them.
    public var options: JSONObject?

    /// A film from any source.
    public init(source: MediaSource, options: JSONObject? = nil) {
        self.source = source
        self.options = options
    }
}

/// A document.
public struct DocumentPart: Sendable, Equatable {
    /// Where the document is.
    public var source: MediaSource
    /// The file's name.
    public var name: String?
    /// The title that citations use.
    public var title: String?
    /// What the client says about the document.
    public var context: String?
    /// Whether the answer may cite the document.
    public var citationsEnabled: Bool?
    /// Marks the end of a stretch of prompt worth caching.
    public var cacheMarker: CacheMarker?

    /// A document from any source.
    public init(source: MediaSource, name: String? = nil, cacheMarker: CacheMarker? = nil) {
        self.source = source
        self.name = name
        self.cacheMarker = cacheMarker
    }

    /// A document of plain text as a model is given it that knows texts alone, its name and what is said of it first;
    /// nil for any other document.
    public var writtenText: String? {
        guard case .text(let text) = source else { return nil }
        return [name, title, context, text].compactMap(\.self).filter { !$0.isEmpty }.joined(separator: "\n")
    }
}

/// What the model thought before it spoke.
public struct ReasoningPart: Sendable, Equatable {
    /// The vendor's identifier of the thought.
    public var id: String?
    /// The thought, or its summary; empty when only `redacted` came.
    public var text: String
    /// The vendor's proof that the thought is its own; must go back unchanged.
    public var signature: String?
    /// The thought in a form only the vendor can read; must go back unchanged.
    public var redacted: String?

    /// A thought in plain text.
    public init(text: String, signature: String? = nil, redacted: String? = nil, id: String? = nil) {
        self.id = id
        self.text = text
        self.signature = signature
        self.redacted = redacted
    }
}

/// A part that only one dialect knows.
public struct VendorPart: Sendable, Equatable {
    /// The part's type in its dialect.
    public var type: String
    /// The whole part as it came.
    public var json: JSONValue

    /// Keeps a part as it came.
    public init(type: String, json: JSONValue) {
        self.type = type
        self.json = json
    }
}

/// Marks the end of a stretch of prompt that the client wants cached.
public struct CacheMarker: Sendable, Equatable {
    /// How long to keep it, in the vendor's spelling (`5m`, `1h`, `30m`); nil for the vendor's default.
    public var timeToLive: String?

    /// A marker with the vendor's default life, or another.
    public init(timeToLive: String? = nil) {
        self.timeToLive = timeToLive
    }
}
