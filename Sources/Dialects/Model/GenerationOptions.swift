public import Wire

/// How the next token is chosen; nil wherever the client did not say.
public struct Sampling: Sendable, Equatable {
    /// 0 to 2: higher is more random.
    public var temperature: Double?
    /// 0 to 1: only the likeliest tokens up to this share are considered.
    public var topP: Double?
    /// Only this many of the likeliest tokens are considered.
    public var topK: Int?
    /// -2 to 2: pushes away from whatever was said at all.
    public var presencePenalty: Double?
    /// -2 to 2: pushes away from what was said often.
    public var frequencyPenalty: Double?
    /// Asks for the same answer again.
    public var seed: Int?
    /// Token identifiers with a bias of -100 to 100.
    public var logitBias: JSONObject?
    /// Whether the logarithm of each token's probability is wanted.
    public var logProbabilities: Bool?
    /// 0 to 20: how many alternatives per token are wanted.
    public var topLogProbabilities: Int?

    /// Nothing said.
    public init() {}
}

/// How much the model should think before it answers; nil wherever the client did not say.
public struct ReasoningOptions: Sendable, Equatable {
    /// OpenAI's word: `none`, `minimal`, `low`, `medium`, `high` or a newer one.
    public var effort: String?
    /// Anthropic's and Gemini's number of tokens.
    public var budgetTokens: Int?
    /// Which summary of the thought is wanted: `auto`, `concise`, `detailed`.
    public var summary: String?
    /// Whether the thought itself is wanted in the answer.
    public var includesThoughts: Bool?

    /// An effort, or nothing said.
    public init(effort: String? = nil) {
        self.effort = effort
    }
}

/// The form of the answer.
public enum OutputFormat: Sendable, Equatable {
    /// Plain text.
    case text
    /// Any JSON object.
    case jsonObject
    /// JSON that fits a schema.
    case jsonSchema(JSONSchemaFormat)
}

/// A schema for the answer.
public struct JSONSchemaFormat: Sendable, Equatable {
    /// The schema's name; nil where the dialect has none.
    public var name: String?
    /// What the schema is for, told to the model.
    public var description: String?
    /// The schema; nil stands for any JSON.
    public var schema: JSONValue?
    /// Whether the answer must fit the schema exactly.
    public var isStrict: Bool?

    /// A schema with or without its details.
    public init(name: String?, description: String? = nil, schema: JSONValue?, isStrict: Bool? = nil) {
        self.name = name
        self.description = description
        self.schema = schema
        self.isStrict = isStrict
    }
}

/// Whether and how the model may search the web.
public struct WebSearch: Sendable, Equatable {
    /// True when the request switches the search on.
    ///
    /// The numbers below can be there without it: a client may switch the search on by the model's name.
    public var isOn: Bool
    /// How many sites to read; nil for the operator's or the vendor's default.
    public var siteCount: Int?
    /// How many words to take over from them; nil for the operator's or the vendor's default.
    public var maximumWords: Int?
    /// How much of the context window the search may fill.
    public var contextSize: ContextSize?
    /// Where the user is, as the client said it.
    public var userLocation: JSONObject?

    /// The search off and nothing else said, or on.
    public init(isOn: Bool = false) {
        self.isOn = isOn
    }

    /// OpenAI's three sizes.
    public enum ContextSize: String, Sendable, Hashable, CaseIterable {
        case low, medium, high
    }
}
