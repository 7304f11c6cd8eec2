import Wire

extension AnthropicRequestDecoder {
    /// Reads one documented member that is not null.
    static func decode(
        _ field: AnthropicField, as key: Key, into request: inout GenerationRequest
    ) throws(Failure) {
        switch key {
        case .messages: request.turns += try turns(field)
        case .system: request.turns = try systemTurns(field) + request.turns
        case .model: request.model = try field.string()
        case .stream: request.isStreamed = try field.boolean()
        case .maximumTokens: request.maximumOutputTokens = try field.integer(from: 1)
        case .stopSequences: request.stopSequences = try stopSequences(field)
        case .temperature: request.sampling.temperature = try field.share()
        case .topP: request.sampling.topP = try field.share()
        case .topK: request.sampling.topK = try field.integer(from: 0)
        case .tools: try decodeTools(field, into: &request)
        case .toolChoice: try decodeToolChoice(field, into: &request)
        case .thinking: try decodeThinking(field, into: &request)
        case .outputConfig: try decodeOutputConfig(field, into: &request)
        case .outputFormat: request.outputFormat = try outputFormat(field)
        case .metadata:
            try field.object()
            request.endUser = try field.member("user_id")?.string()
        case .thread:
            // The SDK's tool runner tries it and, told by this very code, goes on without.
            throw AnthropicErrorEncoder.threadUnsupported(
                field.wrong("Threads are not supported", .unsupported))
        case .compaction:
            // Without it the answer would be to another conversation.
            throw field.wrong("This relay cannot do what it asks for", .unsupported)
        case .cacheControl:
            _ = try cacheMarker(field)
            keep(field, as: key, in: &request)
        case .billingPolicy, .contextManagement, .diagnostics:
            try field.object()
            keep(field, as: key, in: &request)
        case .mcpServers:
            for server in try field.elements() { try server.object() }
            keep(field, as: key, in: &request)
        case .inferenceGeo, .serviceTier, .speed, .userProfileID:
            _ = try field.string()
            keep(field, as: key, in: &request)
        case .container, .fallbackCreditToken, .fallbacks: keep(field, as: key, in: &request)
        }
    }

    /// Keeps a member that only the vendor can use.
    private static func keep(_ field: AnthropicField, as key: Key, in request: inout GenerationRequest) {
        request.otherMembers.members.append(.init(key: key.rawValue, value: field.value))
    }

    private static func stopSequences(_ field: AnthropicField) throws(Failure) -> [String] {
        let elements = try field.elements()
        guard elements.count <= maximumStopSequences else {
            throw field.wrong("List should have at most \(maximumStopSequences) items, not \(elements.count)")
        }
        var sequences: [String] = []
        for element in elements { sequences.append(try element.nonEmptyString()) }
        return sequences
    }

    private static func decodeThinking(
        _ field: AnthropicField, into request: inout GenerationRequest
    ) throws(Failure) {
        try field.object()
        var reasoning = request.reasoning ?? ReasoningOptions()
        switch try field.required("type").word(ThinkingType.self) {
        case .enabled:
            reasoning.budgetTokens = try field.required("budget_tokens").integer(from: minimumThinkingBudget)
            reasoning.includesThoughts = try showsThoughts(field)
        case .adaptive: reasoning.includesThoughts = try showsThoughts(field)
        case .disabled, .betweenTools:
            reasoning.effort = "none"
            reasoning.includesThoughts = false
        }
        request.reasoning = reasoning
    }

    private static func showsThoughts(_ field: AnthropicField) throws(Failure) -> Bool {
        try field.member("display")?.string() != "omitted"
    }

    private static func decodeOutputConfig(
        _ field: AnthropicField, into request: inout GenerationRequest
    ) throws(Failure) {
        try field.object()
        if let effort = field.member("effort") {
            let word = try effort.nonEmptyString()
            var reasoning = request.reasoning ?? ReasoningOptions()
            // Thinking that was switched off stays off.
            if reasoning.effort == nil { reasoning.effort = word }
            request.reasoning = reasoning
            request.ignorable.append(RequestParameter(name: "output_config.effort", feature: .reasoning))
        }
        if let format = field.member("format") {
            request.outputFormat = try outputFormat(format)
            request.ignorable.append(RequestParameter(name: "output_config.format", feature: .outputFormat))
        }
        if field.member("task_budget") != nil {
            request.ignorable.append(
                RequestParameter(name: "output_config.task_budget", feature: .vendorOnly))
        }
    }

    private static func outputFormat(_ field: AnthropicField) throws(Failure) -> OutputFormat {
        try field.object()
        try field.required("type").expect("json_schema")
        let schema = try field.required("schema")
        try schema.object()
        // Not called strict: that word stands for OpenAI's subset of JSON Schema, and Anthropic's is another.
        return .jsonSchema(JSONSchemaFormat(name: nil, schema: schema.value))
    }

    /// Reads a `cache_control`.
    static func cacheMarker(_ marker: AnthropicField) throws(Failure) -> CacheMarker {
        try marker.object()
        try marker.required("type").expect("ephemeral")
        return CacheMarker(timeToLive: try marker.member("ttl")?.string())
    }

    /// The values of `thinking.type`.
    private enum ThinkingType: String, CaseIterable {
        case enabled, adaptive, disabled
        case betweenTools = "between_tools"
    }
}
