public import Wire

/// What a client asks for, in words that belong to no vendor.
///
/// The model is a superset: everything that a chat dialect can say has a place here, so that a decoder never has to
/// drop anything and an encoder alone decides what its upstream cannot express.
public struct GenerationRequest: Sendable, Equatable {
    /// The model as the client named it; empty when the client named none.
    public var model: String
    /// The conversation, oldest turn first. System instructions are turns too.
    public var turns: [Turn]
    /// True when the last turn is the beginning of the answer, which the model is to go on with.
    public var continuesLastTurn: Bool
    /// The tools that the model may call.
    public var tools: [Tool]
    /// Which tools the model may or must call; nil when the client did not say.
    public var toolChoice: ToolChoice?
    /// Whether several tools may be called at once; nil when the client did not say.
    public var parallelToolCalls: Bool?
    /// The form of the answer; nil and `.text` both mean plain text.
    public var outputFormat: OutputFormat?
    /// What may come out, such as `text` and `audio`; empty when the client did not say.
    public var outputModalities: [String]
    /// How the next token is chosen.
    public var sampling: Sampling
    /// The most tokens that the answer may have; nil when the client did not say.
    public var maximumOutputTokens: Int?
    /// Texts at which the answer ends; they are not part of it.
    public var stopSequences: [String]
    /// How many answers the client wants, 1 or more.
    public var choiceCount: Int
    /// How much the model should think; nil when the client did not say.
    public var reasoning: ReasoningOptions?
    /// Whether and how the model may search the web.
    public var webSearch: WebSearch
    /// True when the answer is to be sent piece by piece.
    public var isStreamed: Bool
    /// True when a streamed answer is to end with its token counts.
    public var wantsStreamedUsage: Bool
    /// The client's own labels for the request.
    public var metadata: JSONObject?
    /// The client's name for the person behind the request.
    public var endUser: String?
    /// The parameters that an upstream may be unable to express, in the client's spelling and order.
    ///
    /// What the relay can do itself (streaming, several choices, stop sequences) is not listed.
    public var ignorable: [RequestParameter]
    /// Documented members that have no place of their own here and members nobody documented, as they came.
    ///
    /// Their meaning is the client dialect's; an upstream of the same dialect can be given them unchanged.
    public var otherMembers: JSONObject

    /// A request with nothing but a model and turns.
    public init(model: String, turns: [Turn]) {
        self.model = model
        self.turns = turns
        self.continuesLastTurn = false
        self.tools = []
        self.outputModalities = []
        self.sampling = Sampling()
        self.stopSequences = []
        self.choiceCount = 1
        self.webSearch = WebSearch()
        self.isStreamed = false
        self.wantsStreamedUsage = false
        self.ignorable = []
        self.otherMembers = JSONObject()
    }
}
