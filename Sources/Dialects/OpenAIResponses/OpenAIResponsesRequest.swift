public import Wire

/// A request to the Responses API: what is asked for, and what else the dialect wants to know of it.
public struct OpenAIResponsesRequest: Sendable, Equatable {
    /// The request in neutral words with its own turns only: the instructions first, then its own input.
    ///
    /// References to items that are not part of the request are left out; `request(after:)` resolves them.
    public var generation: GenerationRequest
    /// The response that the conversation goes on after.
    public var previousResponseID: String?
    /// The conversation that the request belongs to.
    public var conversationID: String?
    /// Whether the response is to be kept for later requests; true where the client did not say.
    public var isStored: Bool
    /// The request's own input as items with a type and an identifier each, as they are stored and listed.
    public var inputItems: [JSONValue]
    /// What every response object repeats.
    public var echo: OpenAIResponsesEcho
    /// The turn of the request's instructions, which is no item.
    var instructions: [Turn]

    /// The identifiers of the items that the input refers to (`item_reference`), in order.
    public var referencedItemIDs: [String] {
        inputItems.compactMap { $0["type"]?.stringValue == "item_reference" ? $0["id"]?.stringValue : nil }
    }

    /// True when the turns depend on what was stored before.
    public var needsHistory: Bool {
        previousResponseID != nil || conversationID != nil || !referencedItemIDs.isEmpty
    }

    /// Puts stored items in the place of the references to them, wherever they were stored.
    ///
    /// Needed for references to items that are not in the history of `request(after:)`: clients that send the whole
    /// conversation refer to single items in it.
    ///
    /// - Parameter items: items with an `id`, as they were stored; those that nothing refers to are left aside.
    public mutating func resolveReferences(with items: [JSONValue]) {
        var known: [String: JSONValue] = [:]
        for item in items { if let id = item["id"]?.stringValue { known[id] = item } }
        inputItems = inputItems.map { item in
            guard item["type"]?.stringValue == "item_reference", let id = item["id"]?.stringValue else {
                return item
            }
            return known[id] ?? item
        }
    }

    /// The request in a conversation: the instructions, then the turns of stored items, then its own input.
    ///
    /// A reference to an item of the history stands for nothing more: the item is there already.
    ///
    /// - Parameter history: input and output items of earlier responses, oldest first.
    /// - Throws: a failure that names the reference which nothing fits, or says that there is nothing to answer.
    public func request(after history: [JSONValue]) throws(Failure) -> GenerationRequest {
        var transcript = ResponsesTranscript(beginningWith: instructions, unknownReferences: .refuse)
        try transcript.add(history, named: "history")
        transcript.forgetPlaces()
        try transcript.add(inputItems, named: "input")
        var request = generation
        request.turns = transcript.turns
        guard request.turns.contains(where: { $0.parts.contains(where: \.saysSomething) }) else {
            throw Failure(
                .invalidRequest, "Invalid value for 'input': there is no text in any item.",
                parameter: "input",
                code: "empty_prompt")
        }
        return request
    }
}
