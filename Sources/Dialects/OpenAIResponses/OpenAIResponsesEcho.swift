import Wire

/// What every response object repeats of the request that it answers.
public struct OpenAIResponsesEcho: Sendable, Equatable {
    /// The model's name as the answer gives it; the client's own word unless the relay puts another here.
    public var model: String
    /// The members in the order in which they are written, with OpenAI's defaults where the client said nothing.
    var members: JSONObject

    /// The echo of a request's members; `model` is written apart from them.
    init(model: String, members: JSONObject) {
        self.model = model
        self.members = members
    }
}
