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

    /// The body, and the parameters that it cannot express, in the client's spelling.
    ///
    /// The same request gives the same bytes. `request.model` is written as it stands. Several choices, stop
    /// sequences and the most tokens are the relay's work and not mentioned.
    ///
    /// - Throws: `unsupported` naming the parameter for tools, JSON output, spoken output, images, sound and files.
    public func encode(_ request: GenerationRequest) throws(Failure) -> (body: [UInt8], ignored: [String]) {
        try refuseUnsupported(request)
        let prompt = try OneMinPrompt.text(for: request.turns)
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
        if request.webSearch.isOn {
            writer.key("settings")
            writer.beginObject()
            writeWebSearch(request.webSearch, into: &writer)
            writer.endObject()
        }
        writer.endObject()
        writer.endObject()
        return (writer.bytes, ignored(request))
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
        let choice = request.toolChoice ?? .automatic
        if !request.tools.isEmpty, choice != .none {
            throw unsupported("Tools are", .tools, of: request)
        }
        switch choice {
        case .none, .automatic: break
        case .required, .tool, .allowed: throw unsupported("Forced tool calls are", .toolChoice, of: request)
        }
        switch request.outputFormat {
        case nil, .text: break
        case .jsonObject, .jsonSchema: throw unsupported("JSON output is", .outputFormat, of: request)
        }
        if request.outputModalities.contains(where: { $0 != "text" }) {
            throw unsupported("Output other than text is", .outputModalities, of: request)
        }
    }

    private func unsupported(
        _ subject: String, _ feature: RequestParameter.Feature, of request: GenerationRequest
    ) -> Failure {
        let name = request.ignorable.first { $0.feature == feature }?.name
        return Failure(
            .unsupported, "\(subject) not supported for models of 1min.ai by this relay yet.", parameter: name
        )
    }

    /// The names of parameters that would have changed something and cannot.
    private func ignored(_ request: GenerationRequest) -> [String] {
        var names: [String] = []
        for parameter in request.ignorable where !isSatisfied(parameter.feature, of: request) {
            if !names.contains(parameter.name) { names.append(parameter.name) }
        }
        return names
    }

    /// True when the answer is as the parameter wants it although it was not sent.
    private func isSatisfied(_ feature: RequestParameter.Feature, of request: GenerationRequest) -> Bool {
        switch feature {
        case .tools, .toolChoice, .parallelToolCalls: request.tools.isEmpty
        case .outputFormat, .outputModalities: true
        // The relay cuts the answer itself.
        case .maximumOutputTokens: true
        case .logProbabilities: request.sampling.logProbabilities == false
        case .webSearchLocation: !request.webSearch.isOn
        default: false
        }
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
