import Wire

extension OpenAIChatRequestDecoder {
    /// Reads one documented member that is not null.
    static func decode(
        _ field: RequestField, as key: Key, into request: inout GenerationRequest
    ) throws(Failure) {
        switch key {
        case .messages: request.turns = try turns(field)
        case .model: request.model = try field.string()
        case .stream: request.isStreamed = try field.boolean()
        case .streamOptions:
            _ = try field.object()
            request.wantsStreamedUsage = try field.member("include_usage")?.boolean() ?? false
        case .n: request.choiceCount = try field.integer(in: 1...maximumChoiceCount)
        case .stop: request.stopSequences = try stopSequences(field)
        case .maximumCompletionTokens: request.maximumOutputTokens = try field.integer(in: 1 ... .max)
        case .maximumTokens:
            // The older name of the two; the newer one counts where both are there, whichever came first.
            let maximum = try field.integer(in: 1 ... .max)
            let hasNewer = request.ignorable.contains { $0.feature == .maximumOutputTokens }
            if !hasNewer { request.maximumOutputTokens = maximum }
        case .tools: request.tools += try tools(field)
        case .functions: request.tools += try functions(field)
        case .toolChoice: request.toolChoice = try toolChoice(field)
        case .functionCall:
            let choice = try functionCallChoice(field)
            if request.toolChoice == nil { request.toolChoice = choice }
        case .parallelToolCalls: request.parallelToolCalls = try field.boolean()
        case .responseFormat: request.outputFormat = try outputFormat(field)
        case .reasoningEffort: request.reasoning = ReasoningOptions(effort: try field.string())
        case .metadata: request.metadata = try metadata(field)
        case .user: request.endUser = try field.string()
        case .webSearch, .webSearchOptions, .siteCount, .maximumWords:
            try decodeWebSearch(field, as: key, into: &request)
        case .temperature, .topP, .topK, .presencePenalty, .frequencyPenalty, .seed, .logitBias, .logprobs,
            .topLogprobs:
            try decodeSampling(field, as: key, into: &request.sampling)
        case .audio, .moderation, .prediction, .promptCacheOptions:
            request.otherMembers.members.append(.init(key: key.rawValue, value: .object(try field.object())))
        case .modalities:
            request.outputModalities = []
            for modality in try field.elements() { request.outputModalities.append(try modality.string()) }
        case .store:
            request.otherMembers.members.append(.init(key: key.rawValue, value: .bool(try field.boolean())))
        case .promptCacheKey, .promptCacheRetention, .safetyIdentifier, .serviceTier, .verbosity:
            request.otherMembers.members.append(.init(key: key.rawValue, value: .string(try field.string())))
        }
    }

    private static func decodeSampling(
        _ field: RequestField, as key: Key, into sampling: inout Sampling
    ) throws(Failure) {
        switch key {
        case .temperature: sampling.temperature = try field.number(in: 0...2)
        case .topP: sampling.topP = try field.number(in: 0...1)
        case .topK: sampling.topK = try field.integer()
        case .presencePenalty: sampling.presencePenalty = try field.number(in: -2...2)
        case .frequencyPenalty: sampling.frequencyPenalty = try field.number(in: -2...2)
        case .seed: sampling.seed = try field.integer()
        case .logprobs: sampling.logProbabilities = try field.boolean()
        case .topLogprobs: sampling.topLogProbabilities = try field.integer(in: 0...20)
        case .logitBias:
            for bias in try field.members() { _ = try bias.number(in: -100...100) }
            sampling.logitBias = try field.object()
        default: break
        }
    }

    /// OpenAI's `web_search_options`, and what the relays before this one took: `web_search`, `num_of_site` and
    /// `max_word`, at the top or among the options.
    private static func decodeWebSearch(
        _ field: RequestField, as key: Key, into request: inout GenerationRequest
    ) throws(Failure) {
        switch key {
        case .webSearch: request.webSearch.isOn = try field.boolean() || request.webSearch.isOn
        case .siteCount: request.webSearch.siteCount = try field.integer(in: siteCounts)
        case .maximumWords: request.webSearch.maximumWords = try field.integer(in: wordCounts)
        default:
            _ = try field.object()
            request.webSearch.isOn = true
            if let size = field.member("search_context_size") {
                request.webSearch.contextSize = try size.word(WebSearch.ContextSize.self)
            }
            if let count = field.member("num_of_site") {
                request.webSearch.siteCount = try count.integer(in: siteCounts)
            }
            if let count = field.member("max_word") {
                request.webSearch.maximumWords = try count.integer(in: wordCounts)
            }
            if let location = field.member("user_location") {
                request.webSearch.userLocation = try location.object()
                request.ignorable.append(
                    RequestParameter(name: "web_search_options.user_location", feature: .webSearchLocation))
            }
        }
    }

    /// How many sites a search may read: no service reads more, and a larger number is a slip.
    static let siteCounts = 1...100
    /// How many words a search may take over: more would not fit in a context window.
    static let wordCounts = 1...1_000_000

    /// Reads `stop`: one sequence, or an array of them.
    static func stopSequences(_ field: RequestField) throws(Failure) -> [String] {
        if case .string = field.value { return [try field.nonEmptyString()] }
        let elements = try field.elements(expected: "a string or an array of strings")
        guard elements.count <= maximumStopSequences else {
            throw field.invalid(
                "expected at most \(maximumStopSequences) stop sequences, but got \(elements.count)",
                code: "array_above_max_length")
        }
        var sequences: [String] = []
        for element in elements { sequences.append(try element.nonEmptyString()) }
        return sequences
    }

    private static func metadata(_ field: RequestField) throws(Failure) -> JSONObject {
        for label in try field.members() { _ = try label.string() }
        return try field.object()
    }

    private static func outputFormat(_ field: RequestField) throws(Failure) -> OutputFormat {
        _ = try field.object()
        switch try field.required("type").word(FormatType.self) {
        case .text: return .text
        case .jsonObject: return .jsonObject
        case .jsonSchema:
            let format = try field.required("json_schema")
            _ = try format.object()
            let schema = format.member("schema")
            _ = try schema?.object()
            return .jsonSchema(
                JSONSchemaFormat(
                    name: try format.required("name").nonEmptyString(),
                    description: try format.member("description")?.string(),
                    schema: schema?.value,
                    isStrict: try format.member("strict")?.boolean()))
        }
    }

    /// The values of `response_format.type`.
    private enum FormatType: String, CaseIterable {
        case text
        case jsonObject = "json_object"
        case jsonSchema = "json_schema"
    }
}
