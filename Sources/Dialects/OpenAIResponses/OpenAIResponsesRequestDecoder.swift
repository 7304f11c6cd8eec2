import Wire

/// Reads the bodies of `POST /v1/responses` and `POST /v1/responses/input_tokens`.
///
/// Every documented member is checked for its type (https://platform.openai.com/docs/api-reference/responses/create, and
/// openai-python 3.52.0, `types/responses/response_create_params.py`); null means absent; of duplicates the last counts;
/// members nobody documented are kept and not complained about, except those of the chat dialect that would be missed.
public enum OpenAIResponsesRequestDecoder {
    /// How many arrays and objects may be nested in a body, as in the chat dialect.
    public static let maximumDepth = OpenAIChatRequestDecoder.maximumDepth

    /// The request; `generation.model` is empty where the client named none.
    ///
    /// - Parameter makeID: makes a unique identifier that begins with what it is given, such as `msg_`.
    /// - Throws: a failure that names the member to blame, or the line and column where the body stops being JSON.
    public static func decode(
        _ body: [UInt8], makeID: @Sendable (String) -> String
    ) throws(Failure) -> OpenAIResponsesRequest {
        let request = try read(body, makeID: makeID)
        guard !request.inputItems.isEmpty || request.needsHistory else {
            throw Failure(
                .invalidRequest,
                "Missing required parameter: one of 'input', 'previous_response_id' and 'conversation'.",
                parameter: "input", code: "missing_required_parameter")
        }
        if !request.needsHistory { _ = try request.request(after: []) }
        return request
    }

    /// The request of `POST /v1/responses/input_tokens`, whose members are some of a whole request's and none required.
    public static func decodeForCounting(
        _ body: [UInt8], makeID: @Sendable (String) -> String
    ) throws(Failure) -> OpenAIResponsesRequest {
        try read(body, makeID: makeID)
    }

    private static func read(
        _ body: [UInt8], makeID: @Sendable (String) -> String
    ) throws(Failure) -> OpenAIResponsesRequest {
        var members = ResponsesMembers()
        var unknown: [JSONObject.Member] = []
        for member in try JSONObject(requestBody: body, maximumDepth: maximumDepth).members {
            if let key = Key(rawValue: member.key) {
                members[key] = member.value.isNull ? nil : member.value
            } else if let place = movedMembers[member.key], !member.value.isNull {
                throw Failure(
                    .invalidRequest,
                    "Unsupported parameter: '\(member.key)'. In the Responses API, this parameter is '\(place)'.",
                    parameter: member.key, code: "unsupported_parameter")
            } else {
                unknown.append(member)
            }
        }
        var generation = GenerationRequest(model: "", turns: [])
        generation.otherMembers = JSONObject(unknown)
        var toolNames = ResponsesToolNames()
        for key in Key.allCases {
            guard let value = members[key] else { continue }
            let field = RequestField(value, named: key.rawValue)
            try decode(field, as: key, into: &generation, toolNames: &toolNames)
        }
        applyToolChoice(to: &generation)
        let stored = try conversation(members)
        let instructions = try members.field(.instructions).map { field throws(Failure) in
            [Turn(role: .system, text: try field.string())]
        }
        var request = OpenAIResponsesRequest(
            generation: generation, previousResponseID: stored.previousResponseID,
            conversationID: stored.conversationID,
            isStored: try members.field(.store)?.boolean() ?? true,
            inputItems: try members.field(.input).map { field throws(Failure) in
                try ResponsesItem.items(field, makeID: makeID)
            } ?? [],
            echo: OpenAIResponsesEcho(
                model: generation.model, members: members, conversationID: stored.conversationID,
                toolNames: toolNames),
            instructions: instructions ?? [])
        var transcript = ResponsesTranscript(
            beginningWith: request.instructions, unknownReferences: .skip)
        try transcript.add(request.inputItems, named: Key.input.rawValue)
        request.generation.turns = transcript.turns
        return request
    }

    /// What the request goes on after: a response or a conversation, but not both.
    private static func conversation(
        _ members: ResponsesMembers
    ) throws(Failure) -> (previousResponseID: String?, conversationID: String?) {
        let previous = try members.field(.previousResponseID)?.nonEmptyString()
        guard let field = members.field(.conversation) else { return (previous, nil) }
        guard previous == nil else {
            throw Failure(
                .invalidRequest,
                "Mutually exclusive parameters: 'previous_response_id' and 'conversation'. Ensure you are only "
                    + "providing one of them.",
                parameter: Key.conversation.rawValue, code: "mutually_exclusive_parameters")
        }
        if case .object = field.value { return (nil, try field.required("id").nonEmptyString()) }
        guard case .string = field.value else { throw field.wrongType(expected: "a string or an object") }
        return (nil, try field.nonEmptyString())
    }

    /// Members of the chat dialect and what they are called in this one: dropping them would change the answer.
    private static let movedMembers = [
        "messages": "input", "max_tokens": "max_output_tokens", "max_completion_tokens": "max_output_tokens",
        "response_format": "text.format", "reasoning_effort": "reasoning.effort",
        "verbosity": "text.verbosity",
        "functions": "tools", "function_call": "tool_choice",
    ]

    /// The documented members of a request, in the order in which they are looked at, and `stop`, which the API lacks
    /// but which clients of the chat dialect bring along and the relay can do.
    enum Key: String, CaseIterable {
        case model, input, instructions
        case previousResponseID = "previous_response_id"
        case conversation, prompt, background, store, stream
        case streamOptions = "stream_options"
        case temperature
        case topP = "top_p"
        case topLogprobs = "top_logprobs"
        case include
        case maximumOutputTokens = "max_output_tokens"
        case maximumToolCalls = "max_tool_calls"
        case stop, tools
        case toolChoice = "tool_choice"
        case parallelToolCalls = "parallel_tool_calls"
        case reasoning, text, truncation
        case contextManagement = "context_management"
        case metadata, user
        case safetyIdentifier = "safety_identifier"
        case promptCacheKey = "prompt_cache_key"
        case promptCacheRetention = "prompt_cache_retention"
        case promptCacheOptions = "prompt_cache_options"
        case serviceTier = "service_tier"
        case moderation
    }
}

/// The documented members of a request that are there and not null.
struct ResponsesMembers {
    private var values: [OpenAIResponsesRequestDecoder.Key: JSONValue] = [:]

    /// The value of a member.
    subscript(key: OpenAIResponsesRequestDecoder.Key) -> JSONValue? {
        get { values[key] }
        set { values[key] = newValue }
    }

    /// A member with its place.
    func field(_ key: OpenAIResponsesRequestDecoder.Key) -> RequestField? {
        values[key].map { RequestField($0, named: key.rawValue) }
    }
}
