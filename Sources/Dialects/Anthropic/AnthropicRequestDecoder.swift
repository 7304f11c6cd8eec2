import Wire

/// Reads the bodies of `POST /v1/messages` and `POST /v1/messages/count_tokens`.
///
/// Every documented member is checked for its type (https://docs.claude.com/en/api/messages, and anthropic 2.12.0,
/// `types/message_create_params.py` with its beta twin); null means absent; of duplicates the last counts; members nobody
/// documented are kept and not complained about.
public enum AnthropicRequestDecoder {
    /// How many arrays and objects may be nested in a body; schemas of tools are the deepest honest use.
    public static let maximumDepth = 128
    /// Anthropic's limit on messages.
    public static let maximumMessages = 100_000
    /// How many stop sequences there may be: each costs work for every byte, and no client is known to send more.
    public static let maximumStopSequences = 100
    /// Anthropic's least number of tokens to think with.
    public static let minimumThinkingBudget = 1024

    /// The request in neutral words; `model` is empty where the client named none.
    ///
    /// - Throws: a failure that names the member to blame, or the line and column where the body stops being JSON.
    public static func decode(_ body: [UInt8]) throws(Failure) -> GenerationRequest {
        let request = try decodeForCounting(body)
        guard let maximum = request.maximumOutputTokens else { throw AnthropicField.missing("max_tokens") }
        if let budget = request.reasoning?.budgetTokens, budget >= maximum {
            throw Failure(
                .invalidRequest, "`max_tokens` must be greater than `thinking.budget_tokens`.",
                parameter: "max_tokens")
        }
        return request
    }

    /// The request whose tokens are to be counted: as ``decode(_:)``, but `max_tokens` is not needed.
    public static func decodeForCounting(_ body: [UInt8]) throws(Failure) -> GenerationRequest {
        let (known, unknown) = try members(of: body)
        var request = GenerationRequest(model: "", turns: [])
        request.otherMembers = JSONObject(unknown)
        request.wantsStreamedUsage = true
        for (key, value) in known {
            try decode(AnthropicField(value, named: key.rawValue), as: key, into: &request)
            if let feature = key.feature {
                request.ignorable.append(RequestParameter(name: key.rawValue, feature: feature))
            }
        }
        guard known.contains(where: { $0.key == .messages }) else { throw AnthropicField.missing("messages") }
        guard
            request.turns.contains(where: { $0.role != .system && $0.parts.contains(where: \.saysSomething) })
        else {
            throw Failure(
                .invalidRequest, "messages: text content blocks must contain non-whitespace text",
                parameter: "messages")
        }
        try findPrefill(in: &request)
        return request
    }

    /// An assistant's text at the end is the beginning of the answer, which then is only what follows.
    private static func findPrefill(in request: inout GenerationRequest) throws(Failure) {
        guard let last = request.turns.last, last.role == .assistant,
            last.parts.contains(where: \.saysSomething),
            last.parts.allSatisfy({ if case .text = $0 { true } else { false } })
        else { return }
        if let format = request.outputFormat, format != .text {
            throw Failure(
                .invalidRequest, "The beginning of the answer cannot be given together with its JSON schema.",
                parameter: last.origin)
        }
        request.continuesLastTurn = true
    }

    /// The documented members that are present, each once and in order, and all others.
    private static func members(
        of body: [UInt8]
    ) throws(Failure) -> (known: [(key: Key, value: JSONValue)], unknown: [JSONObject.Member]) {
        guard !body.isEmpty else {
            throw Failure(.invalidRequest, "The request body is empty; a JSON object was expected.")
        }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: body, maximumDepth: maximumDepth)
        } catch {
            throw Failure(
                .invalidRequest,
                "The request body is not valid JSON: \(error.message) at line \(error.line), "
                    + "column \(error.column) (byte \(error.offset)).")
        }
        guard let object = value.objectValue else {
            throw Failure(
                .invalidRequest,
                "The request body must be a JSON object, but it is of type \(value.typeName).")
        }
        var known: [(key: Key, value: JSONValue)] = []
        var unknown: [JSONObject.Member] = []
        for member in object.members {
            guard let key = Key(rawValue: member.key) else {
                unknown.append(member)
                continue
            }
            known.removeAll { $0.key == key }
            if !member.value.isNull { known.append((key, member.value)) }
        }
        return (known, unknown)
    }

    /// The documented members of a request.
    enum Key: String {
        case billingPolicy = "billing_policy"
        case cacheControl = "cache_control"
        case compaction
        case container
        case contextManagement = "context_management"
        case diagnostics
        case fallbackCreditToken = "fallback_credit_token"
        case fallbacks
        case inferenceGeo = "inference_geo"
        case maximumTokens = "max_tokens"
        case mcpServers = "mcp_servers"
        case messages
        case metadata
        case model
        case outputConfig = "output_config"
        case outputFormat = "output_format"
        case serviceTier = "service_tier"
        case speed
        case stopSequences = "stop_sequences"
        case stream
        case system
        case temperature
        case thinking
        case thread
        case toolChoice = "tool_choice"
        case tools
        case topK = "top_k"
        case topP = "top_p"
        case userProfileID = "user_profile_id"

        /// What the member is about where an upstream may be unable to express it; nil where the relay does it or
        /// where its own members are named.
        var feature: RequestParameter.Feature? {
            switch self {
            case .messages, .model, .outputConfig, .stopSequences, .stream, .system: nil
            case .thread, .compaction: nil
            case .temperature: .temperature
            case .topP: .topP
            case .topK: .topK
            case .maximumTokens: .maximumOutputTokens
            case .thinking: .reasoning
            case .tools: .tools
            case .toolChoice: .toolChoice
            case .outputFormat: .outputFormat
            case .metadata: .endUser
            case .serviceTier: .serviceTier
            case .cacheControl: .promptCaching
            case .billingPolicy, .container, .contextManagement, .diagnostics, .fallbackCreditToken,
                .fallbacks,
                .inferenceGeo, .mcpServers, .speed, .userProfileID:
                .vendorOnly
            }
        }
    }
}
