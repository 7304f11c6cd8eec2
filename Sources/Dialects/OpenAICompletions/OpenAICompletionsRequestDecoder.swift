import Wire

/// Reads the body of `POST /v1/completions`, the API before chat.
///
/// Members are those of https://platform.openai.com/docs/api-reference/completions/create (openai-python,
/// `types/completion_create_params.py`), under the same rules as those of chat: null means absent, of duplicates the
/// last counts, unknown members are kept. Three differ from OpenAI:
///
/// - `max_tokens` has no default. OpenAI's 16 was made for a model that never stops by itself; here it would cut answers.
/// - `suffix`, prompts of token numbers and a `best_of` above `n` are refused: no upstream could do what they ask for.
/// - `logprobs` is read, and left to the upstream's encoder to report; every answer has `"logprobs":null`.
public enum OpenAICompletionsRequestDecoder {
    /// How many answers may be asked for at once, all prompts together; each is an upstream call of its own.
    public static let maximumChoiceCount = OpenAIChatRequestDecoder.maximumChoiceCount

    /// The request in neutral words; `model` is empty where the client named none.
    ///
    /// - Throws: a failure that names the member to blame, or the line and column where the body stops being JSON.
    public static func decode(_ body: [UInt8]) throws(Failure) -> OpenAICompletionsRequest {
        var shared = GenerationRequest(model: "", turns: [])
        var prompts: [Prompt]?
        var echo = false
        var bestOf: RequestField?
        for member in try members(of: body) {
            let field = RequestField(member.value, named: member.key)
            if let key = OwnKey(rawValue: member.key) {
                switch key {
                case .prompt: prompts = try self.prompts(field)
                case .echo: echo = try field.boolean()
                case .bestOf: bestOf = field
                case .suffix: try refuseSuffix(field)
                case .logprobs:
                    shared.sampling.topLogProbabilities = try field.integer(in: 0...5)
                    shared.ignorable.append(RequestParameter(name: "logprobs", feature: .logProbabilities))
                }
            } else if let key = OpenAIChatRequestDecoder.Key(rawValue: member.key), sharedKeys.contains(key) {
                try OpenAIChatRequestDecoder.decode(field, as: key, into: &shared)
                if let feature = key.feature {
                    shared.ignorable.append(RequestParameter(name: key.rawValue, feature: feature))
                }
            } else {
                shared.otherMembers.members.append(member)
            }
        }
        guard let prompts else {
            throw Failure(
                .invalidRequest, "Missing required parameter: 'prompt'.", parameter: "prompt",
                code: "missing_required_parameter")
        }
        if let bestOf, try bestOf.integer(in: 1...20) > shared.choiceCount {
            throw Failure(
                .unsupported, "'best_of' above 'n' is not supported.", parameter: bestOf.path,
                code: "unsupported_parameter")
        }
        guard prompts.count * shared.choiceCount <= maximumChoiceCount else {
            throw Failure(
                .invalidRequest,
                "Invalid value for 'prompt': expected at most \(maximumChoiceCount) answers in all, but "
                    + "\(prompts.count) prompts with 'n' of \(shared.choiceCount) ask for more.",
                parameter: "prompt", code: "array_above_max_length")
        }
        return OpenAICompletionsRequest(
            requests: prompts.map { prompt in
                var request = shared
                var turn = Turn(role: .user, text: prompt.text)
                turn.origin = prompt.path
                request.turns = [turn]
                return request
            },
            prompts: prompts.map(\.text), choicesPerPrompt: shared.choiceCount, echo: echo,
            isStreamed: shared.isStreamed, wantsStreamedUsage: shared.wantsStreamedUsage)
    }

    /// The members that are not those of chat.
    private enum OwnKey: String {
        case prompt, echo, suffix, logprobs
        case bestOf = "best_of"
    }

    /// The members that mean the same as in chat.
    private static let sharedKeys: Set<OpenAIChatRequestDecoder.Key> = [
        .frequencyPenalty, .logitBias, .maximumTokens, .model, .n, .presencePenalty, .seed, .stop, .stream,
        .streamOptions, .temperature, .topP, .user,
    ]

    private struct Prompt {
        var text: String
        var path: String
    }

    private static func prompts(_ field: RequestField) throws(Failure) -> [Prompt] {
        let fields =
            if case .string = field.value { [field] } else {
                try field.elements(expected: "a string or an array of strings")
            }
        guard !fields.isEmpty else {
            throw field.invalid("expected at least one prompt", code: "empty_array")
        }
        // Before each is looked at, so that the first complaint is the one that matters.
        guard fields.count <= maximumChoiceCount else {
            throw field.invalid(
                "expected at most \(maximumChoiceCount) prompts, but got \(fields.count)",
                code: "array_above_max_length")
        }
        var prompts: [Prompt] = []
        for element in fields {
            switch element.value {
            case .number, .array:
                throw Failure(
                    .unsupported, "Prompts made of token numbers are not supported; send text instead.",
                    parameter: field.path, code: "unsupported_parameter")
            default: break
            }
            let text = try element.string()
            guard text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
                throw element.invalid("there is no text in the prompt", code: "empty_prompt")
            }
            prompts.append(Prompt(text: text, path: element.path))
        }
        return prompts
    }

    private static func refuseSuffix(_ field: RequestField) throws(Failure) {
        guard try !field.string().isEmpty else { return }
        throw Failure(
            .unsupported, "'suffix' is not supported: text can be continued, but not filled in.",
            parameter: field.path, code: "unsupported_parameter")
    }

    /// The members that are not null, each once: of duplicates the last.
    private static func members(of body: [UInt8]) throws(Failure) -> [JSONObject.Member] {
        let object = try JSONObject(
            requestBody: body, maximumDepth: OpenAIChatRequestDecoder.maximumDepth)
        var seen: Set<String> = []
        let last = object.members.reversed().filter { seen.insert($0.key).inserted && !$0.value.isNull }
        return last.reversed()
    }
}
