public import Wire

/// Writes the objects of the Responses and Conversations API that are no answers of a model.
public enum OpenAIResponsesObjects {
    /// The body of `DELETE /v1/responses/{id}`.
    public static func deletedResponse(id: String) -> [UInt8] { [] }
    /// The body of `POST /v1/responses/input_tokens`.
    public static func inputTokens(_ count: Int) -> [UInt8] { [] }
    /// A page of items: the body of `GET /v1/responses/{id}/input_items` and `GET /v1/conversations/{id}/items`.
    ///
    /// - Parameter items: all items, oldest first.
    public static func list(_ items: [JSONValue], page: OpenAIResponsesPage) throws(Failure) -> [UInt8] { [] }
    /// A list of these items alone, as after adding them: the body of `POST /v1/conversations/{id}/items`.
    public static func list(_ items: [JSONValue]) -> [UInt8] { [] }
    /// One item: the body of `GET /v1/conversations/{id}/items/{item_id}`.
    public static func item(_ item: JSONValue) -> [UInt8] { item.serialized() }
    /// A conversation: the body of `POST /v1/conversations`, and of `GET` and `POST /v1/conversations/{id}`.
    public static func conversation(id: String, created: Int, metadata: JSONObject) -> [UInt8] { [] }
    /// The body of `DELETE /v1/conversations/{id}`.
    public static func deletedConversation(id: String) -> [UInt8] { [] }
    /// The output items of a stored response object, for the history of a later request; empty when it has none.
    public static func outputItems(ofResponse response: [UInt8]) -> [JSONValue] { [] }
}
