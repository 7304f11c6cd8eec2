public import Wire

/// A tool that the model may call.
public struct Tool: Sendable, Equatable {
    /// What kind of tool it is, with that kind's details.
    public var kind: Kind
    /// Marks the end of a stretch of prompt worth caching.
    public var cacheMarker: CacheMarker?
    /// Where the tool stands in the client's request; nil where its index among the tools tells it.
    var place: String?

    /// A tool of any kind.
    public init(kind: Kind, cacheMarker: CacheMarker? = nil) {
        self.kind = kind
        self.cacheMarker = cacheMarker
    }

    /// A tool that may stand at another index of the client's request.
    init(kind: Kind, place: String) {
        self.init(kind: kind)
        self.place = place
    }

    /// Whether the client runs it, not the vendor.
    var isRunByClient: Bool { if case .vendor = kind { false } else { true } }

    /// The kinds of tools.
    public enum Kind: Sendable, Equatable {
        /// A function with JSON arguments, run by the client.
        case function(FunctionTool)
        /// A tool with free-form input, run by the client.
        case custom(CustomTool)
        /// A tool that the vendor runs itself, as it came.
        case vendor(type: String, json: JSONValue)
    }
}

/// A function with JSON arguments.
public struct FunctionTool: Sendable, Equatable {
    /// The name by which the model calls it.
    public var name: String
    /// What the function is for, told to the model.
    public var description: String?
    /// The JSON schema of its arguments; nil when it takes none.
    public var parameters: JSONValue?
    /// Whether arguments must fit the schema exactly.
    public var isStrict: Bool?
    /// True when it came by OpenAI's old `functions`, so that answers use `function_call`.
    public var isLegacy: Bool

    /// A function; everything but its name is optional.
    public init(
        name: String, description: String? = nil, parameters: JSONValue? = nil, isStrict: Bool? = nil,
        isLegacy: Bool = false
    ) {
        self.name = name
        self.description = description
        self.parameters = parameters
        self.isStrict = isStrict
        self.isLegacy = isLegacy
    }
}

/// A tool with free-form input.
public struct CustomTool: Sendable, Equatable {
    /// The name by which the model calls it.
    public var name: String
    /// What the tool is for, told to the model.
    public var description: String?
    /// The grammar of its input as it came; nil for any text.
    public var format: JSONValue?

    /// A tool; everything but its name is optional.
    public init(name: String, description: String? = nil, format: JSONValue? = nil) {
        self.name = name
        self.description = description
        self.format = format
    }
}

/// Which tools the model may or must call.
public enum ToolChoice: Sendable, Equatable {
    /// None at all.
    case none
    /// As the model thinks best.
    case automatic
    /// At least one.
    case required
    /// Exactly this one.
    case tool(name: String)
    /// Only some of them, as the vendor described the choice.
    case allowed(JSONValue)
}

/// A call that the model makes.
public struct ToolCall: Sendable, Equatable {
    /// The call's identifier, which its result repeats; nil for OpenAI's old `function_call`.
    public var id: String?
    /// The tool's name.
    public var name: String
    /// The arguments: JSON text for a function (not checked: models err), any text for a custom tool.
    public var arguments: String
    /// Whether a function or a custom tool is called.
    public var kind: Kind
    /// The vendor's proof that belongs to the call; must go back unchanged.
    public var signature: String?
    /// Marks the end of a stretch of prompt worth caching.
    public var cacheMarker: CacheMarker?

    /// A call of a function, or of a custom tool.
    public init(
        id: String?, name: String, arguments: String, kind: Kind = .function, signature: String? = nil
    ) {
        self.id = id
        self.name = name
        self.arguments = arguments
        self.kind = kind
        self.signature = signature
    }

    /// What is called.
    public enum Kind: Sendable, Equatable {
        case function, custom
    }
}

/// What a tool answered.
public struct ToolResult: Sendable, Equatable {
    /// The identifier of the call; nil for OpenAI's old `function` messages, which have a name only.
    public var callID: String?
    /// The tool's name where the dialect repeats it.
    public var name: String?
    /// The answer, in order.
    public var parts: [Part]
    /// Whether the tool failed; nil when the dialect cannot say.
    public var isError: Bool?
    /// Marks the end of a stretch of prompt worth caching.
    public var cacheMarker: CacheMarker?

    /// A result of any parts.
    public init(callID: String?, name: String? = nil, parts: [Part], isError: Bool? = nil) {
        self.callID = callID
        self.name = name
        self.parts = parts
        self.isError = isError
    }
}
