import Wire

/// What a path asks for.
enum Route: Equatable {
    case root
    case health
    case models
    case model(id: String)
    case chatCompletions
    case completions
    case responses
    case responseTokens
    case messages
    case messageTokens
    case stored(StoredObject)
    case imageGenerations
    case imageEdits
    case imageVariations
    case transcriptions
    case translations
    case speech
    case files
    case file(id: String)
    case fileContent(id: String)
    case embeddings
    case moderations
    case probe(Probe)
    case unknown

    /// The names of routes in log lines and metrics: a bounded set.
    enum Name: String, CaseIterable {
        case root, health, models, model
        case chatCompletions = "chat_completions"
        case completions, responses
        case responseTokens = "response_tokens"
        case messages
        case messageTokens = "message_tokens"
        case stored
        case imageGenerations = "image_generations"
        case imageEdits = "image_edits"
        case imageVariations = "image_variations"
        case transcriptions, translations, speech, files, embeddings, moderations
        case probe
        case unknown
    }

    /// Finds the route of a decoded path, with or without `/v1` before and a slash behind it.
    ///
    /// Slashes written twice count as one, since clients join base URLs carelessly. All that follows `/models/` is the
    /// identifier, slashes included.
    init(path: String) {
        if path == "/v1/chat/completions" {
            self = .chatCompletions
            return
        }
        var rest = Self.withoutDoubleSlashes(path)[...]
        let hasVersion = rest == "/v1" || rest.hasPrefix("/v1/")
        if hasVersion { rest = rest.dropFirst(3) }
        if rest.count > 1, rest.hasSuffix("/") { rest.removeLast() }
        switch rest {
        case "/" where !hasVersion, "" where !hasVersion: self = .root
        case "/health" where !hasVersion: self = .health
        case "/models": self = .models
        case "/chat/completions": self = .chatCompletions
        case "/completions": self = .completions
        case "/responses": self = .responses
        case "/responses/input_tokens": self = .responseTokens
        case "/messages": self = .messages
        case "/messages/count_tokens": self = .messageTokens
        case "/images/generations": self = .imageGenerations
        case "/images/edits": self = .imageEdits
        case "/images/variations": self = .imageVariations
        case "/audio/transcriptions": self = .transcriptions
        case "/audio/translations": self = .translations
        case "/audio/speech": self = .speech
        case "/files": self = .files
        case "/embeddings": self = .embeddings
        case "/moderations": self = .moderations
        default:
            if rest.hasPrefix("/models/") {
                self = .model(id: String(rest.dropFirst(8)))
            } else if rest.hasPrefix("/health/"), let probe = Probe(rawValue: String(rest.dropFirst(8))) {
                self = .probe(probe)
            } else if rest.hasPrefix("/files/") {
                self = Self.file(rest.dropFirst(7))
            } else if let object = StoredObject(path: rest) {
                self = .stored(object)
            } else {
                self = .unknown
            }
        }
    }

    /// Finds the route of a request.
    ///
    /// Only in a model's identifier may a slash be escaped: elsewhere a web server's rule for a path would not see it.
    init(path: String, rawPath: String) {
        self.init(path: path)
        if case .model = self { return }
        let hasEscape = rawPath.utf8.span.firstIndex(of: UInt8(ascii: "%")) != nil
        if hasEscape, rawPath.lowercased().contains("%2f") { self = .unknown }
    }

    /// The route's name in log lines.
    var name: Name {
        switch self {
        case .root: .root
        case .health: .health
        case .models: .models
        case .model: .model
        case .chatCompletions: .chatCompletions
        case .completions: .completions
        case .responses: .responses
        case .responseTokens: .responseTokens
        case .messages: .messages
        case .messageTokens: .messageTokens
        case .stored: .stored
        case .imageGenerations: .imageGenerations
        case .imageEdits: .imageEdits
        case .imageVariations: .imageVariations
        case .transcriptions: .transcriptions
        case .translations: .translations
        case .speech: .speech
        case .files, .file, .fileContent: .files
        case .embeddings: .embeddings
        case .moderations: .moderations
        case .probe: .probe
        case .unknown: .unknown
        }
    }

    /// The methods it answers, for `Allow`; empty for an unknown path.
    var methods: [String] {
        switch self {
        case .root, .health, .models, .model: ["GET", "HEAD", "OPTIONS"]
        case .chatCompletions, .completions, .responses, .responseTokens, .messages, .messageTokens,
            .imageGenerations, .imageEdits, .imageVariations, .transcriptions, .translations, .speech,
            .embeddings, .moderations:
            ["POST", "OPTIONS"]
        case .files: ["GET", "HEAD", "POST", "OPTIONS"]
        case .file: ["GET", "HEAD", "DELETE", "OPTIONS"]
        case .fileContent: ["GET", "HEAD", "OPTIONS"]
        case .stored(let object): object.methods + ["OPTIONS"]
        case .probe(let probe): probe.methods
        case .unknown: []
        }
    }

    /// Whether it looks at the deployment rather than uses it.
    var isProbe: Bool { if case .probe = self { true } else { false } }

    /// What of the limits its requests count for; nil for what is not limited.
    var limitClass: LimitClass? {
        switch self {
        case .chatCompletions, .completions, .responses, .responseTokens, .messages, .messageTokens: .text
        case .imageGenerations, .imageEdits, .imageVariations: .image
        case .transcriptions, .translations, .speech: .audio
        case .files, .file, .fileContent, .stored: .files
        case .root, .health, .models, .model, .embeddings, .moderations, .probe, .unknown: nil
        }
    }

    /// Whether callers have to show a key.
    var needsCredential: Bool {
        switch self {
        case .root, .health, .unknown: false
        case .probe(let probe): probe.needsCredential
        default: true
        }
    }

    /// The route of what follows `/files/`.
    private static func file(_ rest: Substring) -> Route {
        let words = rest.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...StoredObject.maximumIDBytes).contains(words[0].utf8.count) else { return .unknown }
        switch words.count {
        case 1: return .file(id: String(words[0]))
        case 2 where words[1] == "content": return .fileContent(id: String(words[0]))
        default: return .unknown
        }
    }

    private static func withoutDoubleSlashes(_ path: String) -> String {
        guard path.contains("//") else { return path }
        var result = ""
        for character in path where character != "/" || result.last != "/" { result.append(character) }
        return result
    }
}
