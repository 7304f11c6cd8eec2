import Wire

/// Reads the body of `POST /v1/chat/completions`.
///
/// Every documented member is checked for its type (https://platform.openai.com/docs/api-reference/chat/create, and
/// openai-python 3.52.0, `types/chat/completion_create_params.py`); null means absent; of duplicates the last counts;
/// members nobody documented are kept and not complained about.
public enum OpenAIChatRequestDecoder {
    /// How many arrays and objects may be nested in a body; schemas of tools are the deepest honest use.
    public static let maximumDepth = 128
    /// How many answers may be asked for at once; each is an upstream call of its own.
    public static let maximumChoiceCount = 8
    /// OpenAI's limit on stop sequences.
    public static let maximumStopSequences = 4

    /// The request in neutral words; `model` is empty where the client named none.
    ///
    /// - Throws: a failure that names the member to blame, or the line and column where the body stops being JSON.
    public static func decode(
        _ body: [UInt8], maximumDepth: Int = maximumDepth
    ) throws(Failure) -> GenerationRequest {
        let (known, unknown) = try members(of: body, maximumDepth: maximumDepth)
        var request = GenerationRequest(model: "", turns: [])
        request.otherMembers = JSONObject(unknown)
        for (key, value) in known {
            let field = RequestField(value, named: key.rawValue)
            try decode(field, as: key, into: &request)
            if let feature = key.feature {
                request.ignorable.append(RequestParameter(name: key.rawValue, feature: feature))
            }
        }
        guard known.contains(where: { $0.key == .messages }) else {
            throw Failure(
                .invalidRequest, "Missing required parameter: 'messages'.", parameter: "messages",
                code: "missing_required_parameter")
        }
        guard request.turns.contains(where: { $0.parts.contains(where: \.saysSomething) }) else {
            throw Failure(
                .invalidRequest, "Invalid value for 'messages': there is no text in any message.",
                parameter: "messages", code: "empty_prompt")
        }
        return request
    }

    /// The documented members that are present, each once and in order, and all others.
    private static func members(
        of body: [UInt8], maximumDepth: Int
    ) throws(Failure) -> (known: [(key: Key, value: JSONValue)], unknown: [JSONObject.Member]) {
        let object = try JSONObject(requestBody: body, maximumDepth: maximumDepth)
        var known: [(key: Key, value: JSONValue)] = []
        var unknown: [JSONObject.Member] = []
        // A stranger's object may have millions of members, and as many of them may be unknown.
        known.reserveCapacity(min(object.members.count, 16))
        for member in object.members {
            guard let key = Key(rawValue: member.key) else {
                unknown.append(member)
                continue
            }
            if let index = known.firstIndex(where: { $0.key == key }) { known.remove(at: index) }
            if !member.value.isNull { known.append((key, member.value)) }
        }
        return (known, unknown)
    }

    /// The documented members of a request, and those of earlier relays for the web search.
    enum Key: String {
        case audio
        case frequencyPenalty = "frequency_penalty"
        case functionCall = "function_call"
        case functions
        case logitBias = "logit_bias"
        case logprobs
        case maximumCompletionTokens = "max_completion_tokens"
        case maximumTokens = "max_tokens"
        case maximumWords = "max_word"
        case messages
        case metadata
        case modalities
        case model
        case moderation
        case n
        case parallelToolCalls = "parallel_tool_calls"
        case prediction
        case presencePenalty = "presence_penalty"
        case promptCacheKey = "prompt_cache_key"
        case promptCacheOptions = "prompt_cache_options"
        case promptCacheRetention = "prompt_cache_retention"
        case reasoningEffort = "reasoning_effort"
        case responseFormat = "response_format"
        case safetyIdentifier = "safety_identifier"
        case seed
        case serviceTier = "service_tier"
        case siteCount = "num_of_site"
        case stop
        case store
        case stream
        case streamOptions = "stream_options"
        case temperature
        case toolChoice = "tool_choice"
        case tools
        case topK = "top_k"
        case topLogprobs = "top_logprobs"
        case topP = "top_p"
        case user
        case verbosity
        case webSearch = "web_search"
        case webSearchOptions = "web_search_options"

        /// What the member is about where an upstream may be unable to express it; nil where the relay does it.
        var feature: RequestParameter.Feature? {
            switch self {
            case .messages, .model, .n, .stop, .stream, .streamOptions: nil
            case .webSearch, .webSearchOptions, .siteCount, .maximumWords: nil
            case .temperature: .temperature
            case .topP: .topP
            case .topK: .topK
            case .presencePenalty: .presencePenalty
            case .frequencyPenalty: .frequencyPenalty
            case .seed: .seed
            case .logitBias: .logitBias
            case .logprobs: .logProbabilities
            case .topLogprobs: .topLogProbabilities
            case .maximumTokens, .maximumCompletionTokens: .maximumOutputTokens
            case .reasoningEffort: .reasoning
            case .verbosity: .verbosity
            case .tools, .functions: .tools
            case .toolChoice, .functionCall: .toolChoice
            case .parallelToolCalls: .parallelToolCalls
            case .responseFormat: .outputFormat
            case .modalities: .outputModalities
            case .audio: .audioOutput
            case .prediction: .prediction
            case .metadata: .metadata
            case .user, .safetyIdentifier: .endUser
            case .store: .storage
            case .serviceTier: .serviceTier
            case .promptCacheKey, .promptCacheOptions, .promptCacheRetention: .promptCaching
            case .moderation: .moderation
            }
        }
    }
}

extension Part {
    /// True when the part is more than white space.
    var saysSomething: Bool {
        switch self {
        case .text(let part): part.text.unicodeScalars.contains { !$0.properties.isWhitespace }
        case .refusal(let text): !text.isEmpty
        case .toolResult, .toolCall, .image, .audio, .video, .document, .reasoning, .vendor: true
        }
    }
}
