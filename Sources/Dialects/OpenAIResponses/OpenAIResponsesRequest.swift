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

    /// The identifiers of the items that the input refers to (`item_reference`), in order.
    public var referencedItemIDs: [String] { [] }

    /// True when the turns depend on what was stored before.
    public var needsHistory: Bool {
        previousResponseID != nil || conversationID != nil || !referencedItemIDs.isEmpty
    }

    /// Puts stored items in the place of the references to them.
    ///
    /// - Parameter items: items with an `id`, as they were stored; those that nothing refers to are left aside.
    public mutating func resolveReferences(with items: [JSONValue]) throws(Failure) {}

    /// The request in a conversation: the instructions, then the turns of stored items, then its own input.
    ///
    /// - Parameter history: input and output items of earlier responses, oldest first.
    /// - Throws: a failure that names the reference which nothing in the history fits.
    public func request(after history: [JSONValue]) throws(Failure) -> GenerationRequest { generation }
}
