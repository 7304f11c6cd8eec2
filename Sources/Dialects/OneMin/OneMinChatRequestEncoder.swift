import Wire

/// Writes the body of 1min.ai's chat call, `POST /api/chat-with-ai`.
///
/// https://docs.1min.ai/docs/api/chat-with-ai-api: there is one prompt text and nothing to steer the model with, so most
/// parameters are reported as ignored, and what would make the answer wrong is refused.
public struct OneMinChatRequestEncoder: Sendable {
    /// How many sites a web search reads where the request does not say; nil for the service's default of 3.
    public var defaultSiteCount: Int?
    /// How many words a web search takes over where the request does not say; nil for the service's default of 1000.
    public var defaultMaximumWords: Int?

    /// An encoder with the operator's defaults for the web search.
    public init(defaultSiteCount: Int? = nil, defaultMaximumWords: Int? = nil) {
        self.defaultSiteCount = defaultSiteCount
        self.defaultMaximumWords = defaultMaximumWords
    }

    /// The path and query of the call.
    public static func path(isStreamed: Bool) -> String {
        isStreamed ? "/api/chat-with-ai?isStreaming=true" : "/api/chat-with-ai"
    }

    /// A body, and what goes with it.
    public struct Encoded: Sendable {
        /// The body of the call.
        public var body: [UInt8]
        /// The parameters that it cannot express, in the client's spelling.
        public var ignored: [String]
        /// How the answer is to be read.
        public var emulation: Emulation
        /// Whether the web search is on, by the request's own switch or by a tool.
        public var searchesWeb: Bool
    }

    /// Writes a request.
    ///
    /// The same request gives the same bytes. `request.model` is written as it stands. Several choices, stop
    /// sequences and the most tokens are the relay's work and not mentioned. Tools and the form of the answer are
    /// explained in the prompt; a vendor's search tool switches the web search on, other tools of vendors are ignored.
    /// Pictures and documents have to be uploaded before: their sources are `.uploaded`.
    ///
    /// - Parameter followUp: turns of `EmulatedAnswer.followUp` to put behind those of the request.
    /// - Throws: `unsupported` naming the parameter for spoken output, sound and films, and for a forced tool that cannot be
    ///   called; and what a strict schema is refused for.
    public func encode(
        _ request: GenerationRequest, options: Emulation.Options = .init(), followUp: [Turn] = []
    ) throws(Failure) -> Encoded {
        try refuseUnsupported(request)
        // Of the request alone: the further call has the same tags, and what the model said can forge nothing.
        let draft = try Emulation.Draft(request)
        let rendered = try OneMinPrompt(
            request.turns + followUp, continuesLastTurn: request.continuesLastTurn && followUp.isEmpty, draft)
        let emulation = Emulation.shared(draft, labelLevel: rendered.labelLevel, options: options)
        let prompt = rendered.text
        let search = WebSearch(request)
        var writer = JSONWriter(capacity: 256 + prompt.utf8.count + prompt.utf8.count / 8)
        writer.beginObject()
        writer.key("type")
        writer.string("UNIFY_CHAT_WITH_AI")
        writer.key("model")
        writer.string(request.model)
        writer.key("promptObject")
        writer.beginObject()
        writer.key("prompt")
        writer.string(prompt)
        if search.isOn {
            writer.key("settings")
            writer.beginObject()
            writeWebSearch(search, into: &writer)
            writer.endObject()
        }
        writeAttachments(rendered, into: &writer)
        writer.endObject()
        writer.endObject()
        return Encoded(
            body: writer.bytes, ignored: ignored(request), emulation: emulation, searchesWeb: search.isOn)
    }

    /// Pictures go by their path; documents by their uuid, for by their path they are silently left out.
    private func writeAttachments(_ prompt: OneMinPrompt, into writer: inout JSONWriter) {
        guard !prompt.images.isEmpty || !prompt.files.isEmpty else { return }
        writer.key("attachments")
        writer.beginObject()
        for (key, names) in [("images", prompt.images), ("files", prompt.files)] where !names.isEmpty {
            writer.key(named: key)
            writer.beginArray()
            for name in names { writer.string(name) }
            writer.endArray()
        }
        writer.endObject()
    }

    private func writeWebSearch(_ search: WebSearch, into writer: inout JSONWriter) {
        writer.key("webSearchSettings")
        writer.beginObject()
        writer.key("webSearch")
        writer.bool(true)
        if let count = search.siteCount ?? search.contextSize?.siteCount ?? defaultSiteCount {
            writer.key("numOfSite")
            writer.int(count)
        }
        if let count = search.maximumWords ?? search.contextSize?.maximumWords ?? defaultMaximumWords {
            writer.key("maxWord")
            writer.int(count)
        }
        writer.endObject()
    }

    private func refuseUnsupported(_ request: GenerationRequest) throws(Failure) {
        if request.outputModalities.contains(where: { $0 != "text" }) {
            throw Failure(
                .unsupported,
                "Chat models of 1min.ai give text only.",
                parameter: request.ignorable.first { $0.feature == .outputModalities }?.name)
        }
    }

    /// The names of parameters that would have changed something and cannot.
    private func ignored(_ request: GenerationRequest) -> [String] {
        var names: [String] = []
        for parameter in request.ignorable where !isSatisfied(parameter.feature, of: request) {
            if !names.contains(parameter.name) { names.append(parameter.name) }
        }
        let searches = WebSearch(request).isOn
        for case .vendor(let type, _) in request.tools.map(\.kind) where !(searches && WebSearch.isTool(type))
        {
            let name = type.isPlainWord ? "tools.\(type)" : "tools"
            if !names.contains(name) { names.append(name) }
        }
        return names
    }

    /// True when the answer is as the parameter wants it although it was not sent.
    private func isSatisfied(_ feature: RequestParameter.Feature, of request: GenerationRequest) -> Bool {
        switch feature {
        // By emulation.
        case .tools, .toolChoice, .parallelToolCalls, .outputFormat: true
        case .outputModalities: true
        // The relay cuts the answer itself.
        case .maximumOutputTokens: true
        case .logProbabilities: request.sampling.logProbabilities == false
        case .webSearchLocation: !WebSearch(request).isOn
        default: false
        }
    }
}

extension WebSearch {
    /// The search that a request wants, by its own switch or by a tool.
    fileprivate init(_ request: borrowing GenerationRequest) {
        self = request.webSearch
        // Where the model is to decide among tools, a search before every answer would be paid for.
        guard !request.tools.contains(where: \.isRunByClient) else { return }
        for case .vendor(let type, let json) in request.tools.map(\.kind) where Self.isTool(type) {
            isOn = true
            contextSize = contextSize ?? json["search_context_size"]?.stringValue.flatMap(ContextSize.init)
        }
    }

    /// True for the types of OpenAI's and Anthropic's search tools, which end in a date or `preview`.
    fileprivate static func isTool(_ type: String) -> Bool { type.hasPrefix("web_search") }
}

extension String {
    /// True when nothing in it can mean anything in a header.
    fileprivate var isPlainWord: Bool {
        (1...64).contains(utf8.count)
            && utf8.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || $0 == UInt8(ascii: "_") }
    }
}

extension WebSearch.ContextSize {
    /// OpenAI gives no numbers; `medium` is 1min.ai's own default and the others lie around it.
    fileprivate var siteCount: Int {
        switch self {
        case .low: 1
        case .medium: 3
        case .high: 6
        }
    }

    /// As `siteCount`; `low` is what earlier relays used.
    fileprivate var maximumWords: Int {
        switch self {
        case .low: 500
        case .medium: 1000
        case .high: 2000
        }
    }
}
