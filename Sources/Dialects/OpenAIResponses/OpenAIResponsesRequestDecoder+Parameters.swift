import Wire

extension OpenAIResponsesRequestDecoder {
    /// Reads one documented member that is not null.
    static func decode(
        _ field: RequestField, as key: Key, into request: inout GenerationRequest,
        toolNames: inout ResponsesToolNames
    ) throws(Failure) {
        if let feature = key.feature {
            request.ignorable.append(RequestParameter(name: key.rawValue, feature: feature))
        }
        switch key {
        case .model: request.model = try field.string()
        case .stream: request.isStreamed = try field.boolean()
        case .temperature: request.sampling.temperature = try field.number(in: 0...2)
        case .topP: request.sampling.topP = try field.number(in: 0...1)
        case .topLogprobs: request.sampling.topLogProbabilities = try field.integer(in: 0...20)
        case .maximumOutputTokens: request.maximumOutputTokens = try field.integer(in: 1 ... .max)
        case .stop: request.stopSequences = try OpenAIChatRequestDecoder.stopSequences(field)
        case .tools: request.tools = try tools(field, names: &toolNames, into: &request)
        case .toolChoice: request.toolChoice = try toolChoice(field)
        case .parallelToolCalls: request.parallelToolCalls = try field.boolean()
        case .reasoning: try decodeReasoning(field, into: &request)
        case .text: try decodeText(field, into: &request)
        case .include: try decodeInclude(field, into: &request)
        case .metadata: request.metadata = try OpenAIResponsesMetadata.labels(field)
        case .user: request.endUser = try field.string()
        case .background: try refuse(field, unless: try !field.boolean(), "Background responses are")
        case .prompt: try refuse(field, unless: false, "Prompt templates are")
        case .truncation:
            if try field.word(Truncation.self) == .auto {
                request.ignorable.append(RequestParameter(name: key.rawValue, feature: .vendorOnly))
            }
        case .maximumToolCalls: _ = try field.integer(in: 1 ... .max)
        case .contextManagement: _ = try field.elements(expected: "an array of objects")
        case .streamOptions, .moderation, .promptCacheOptions:
            request.otherMembers.members.append(.init(key: key.rawValue, value: .object(try field.object())))
        case .promptCacheKey, .promptCacheRetention, .safetyIdentifier, .serviceTier:
            request.otherMembers.members.append(.init(key: key.rawValue, value: .string(try field.string())))
        // The whole request's, not the generation's.
        case .input, .instructions, .previousResponseID, .conversation, .store: break
        }
    }

    /// Refuses what would change the answer, or when it comes, if it were dropped.
    private static func refuse(
        _ field: RequestField, unless isHarmless: Bool, _ subject: String
    ) throws(Failure) {
        guard !isHarmless else { return }
        throw Failure(
            .unsupported, "\(subject) not supported by this relay.", parameter: field.path)
    }

    /// The summary needs no place among what may be ignored: thoughts are given whenever there are any.
    private static func decodeReasoning(
        _ field: RequestField, into request: inout GenerationRequest
    ) throws(Failure) {
        _ = try field.object()
        guard !(try field.members().isEmpty) else { return }
        var options = ReasoningOptions()
        if let effort = field.member("effort") {
            options.effort = try effort.string()
            request.ignorable.append(RequestParameter(name: "reasoning.effort", feature: .reasoning))
        }
        options.summary = try (field.member("summary") ?? field.member("generate_summary"))?.string()
        request.reasoning = options
    }

    private static func decodeText(
        _ field: RequestField, into request: inout GenerationRequest
    ) throws(Failure) {
        _ = try field.object()
        if let verbosity = field.member("verbosity") {
            request.otherMembers.members.append(
                .init(key: "verbosity", value: .string(try verbosity.string())))
            request.ignorable.append(RequestParameter(name: "text.verbosity", feature: .verbosity))
        }
        guard let format = field.member("format") else { return }
        request.outputFormat = try outputFormat(format)
        request.ignorable.append(RequestParameter(name: "text.format", feature: .outputFormat))
    }

    private static func outputFormat(_ format: RequestField) throws(Failure) -> OutputFormat {
        _ = try format.object()
        switch try format.required("type").word(FormatType.self) {
        case .text: return .text
        case .jsonObject: return .jsonObject
        case .jsonSchema:
            let schema = try format.required("schema")
            _ = try schema.object()
            return .jsonSchema(
                JSONSchemaFormat(
                    name: try format.required("name").nonEmptyString(),
                    description: try format.member("description")?.string(),
                    schema: schema.value,
                    isStrict: try format.member("strict")?.boolean()))
        }
    }

    /// Most of what can be included belongs to tools that the vendor runs; of the rest only the probabilities are missed.
    private static func decodeInclude(
        _ field: RequestField, into request: inout GenerationRequest
    ) throws(Failure) {
        for element in try field.elements(expected: "an array of strings") {
            guard try element.string() == "message.output_text.logprobs" else { continue }
            request.sampling.logProbabilities = true
            request.ignorable.append(RequestParameter(name: field.path, feature: .logProbabilities))
        }
    }

    /// The values of `text.format.type`.
    private enum FormatType: String, CaseIterable {
        case text
        case jsonObject = "json_object"
        case jsonSchema = "json_schema"
    }

    /// The values of `truncation`.
    private enum Truncation: String, CaseIterable {
        case auto, disabled
    }
}

extension OpenAIResponsesRequestDecoder.Key {
    /// What the member is about where an upstream may be unable to express it.
    ///
    /// Nil where the relay does it (what is stored is the relay's own) and where a part of the member decides.
    fileprivate var feature: RequestParameter.Feature? {
        switch self {
        case .model, .input, .instructions, .previousResponseID, .conversation, .store, .metadata: nil
        case .stream, .streamOptions, .stop, .background, .prompt, .maximumToolCalls: nil
        case .reasoning, .text, .include, .truncation: nil
        case .temperature: .temperature
        case .topP: .topP
        case .topLogprobs: .topLogProbabilities
        case .maximumOutputTokens: .maximumOutputTokens
        case .tools: .tools
        case .toolChoice: .toolChoice
        case .parallelToolCalls: .parallelToolCalls
        case .contextManagement: .vendorOnly
        case .user, .safetyIdentifier: .endUser
        case .promptCacheKey, .promptCacheRetention, .promptCacheOptions: .promptCaching
        case .serviceTier: .serviceTier
        case .moderation: .moderation
        }
    }
}
