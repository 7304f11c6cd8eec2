public import Wire

/// Reads the bodies of the Conversations API.
///
/// https://platform.openai.com/docs/api-reference/conversations; members nobody documented are not complained about.
public enum OpenAIConversationRequestDecoder {
    /// How many items may be added at once.
    public static let maximumItemCount = 20

    /// What a conversation is made of.
    public struct Creation: Sendable, Equatable {
        /// The client's labels.
        public var metadata: JSONObject
        /// The first items, each with a type and an identifier.
        public var items: [JSONValue]
    }

    /// The body of `POST /v1/conversations`; none at all is as good as `{}`.
    public static func decodeCreation(
        _ body: [UInt8], makeID: @Sendable (String) -> String
    ) throws(Failure) -> Creation {
        guard !body.isEmpty else { return Creation(metadata: JSONObject(), items: []) }
        let object = try object(body)
        var creation = Creation(metadata: JSONObject(), items: [])
        if let metadata = member("metadata", of: object) {
            creation.metadata = try OpenAIResponsesMetadata.labels(metadata)
        }
        if let items = member("items", of: object) {
            creation.items = try Self.items(items, makeID: makeID)
        }
        return creation
    }

    /// The new labels in the body of `POST /v1/conversations/{id}`, in the place of the old ones.
    public static func decodeUpdate(_ body: [UInt8]) throws(Failure) -> JSONObject {
        let object = try object(body)
        guard object["metadata"] != nil else { throw missing("metadata") }
        guard let metadata = member("metadata", of: object) else { return JSONObject() }
        return try OpenAIResponsesMetadata.labels(metadata)
    }

    /// The items in the body of `POST /v1/conversations/{id}/items`, each with a type and an identifier.
    public static func decodeItems(
        _ body: [UInt8], makeID: @Sendable (String) -> String
    ) throws(Failure) -> [JSONValue] {
        guard let items = member("items", of: try object(body)) else { throw missing("items") }
        return try Self.items(items, makeID: makeID)
    }

    private static func object(_ body: [UInt8]) throws(Failure) -> JSONObject {
        try JSONObject(requestBody: body, maximumDepth: OpenAIResponsesRequestDecoder.maximumDepth)
    }

    private static func member(_ name: String, of object: JSONObject) -> RequestField? {
        guard let value = object[name], !value.isNull else { return nil }
        return RequestField(value, named: name)
    }

    private static func missing(_ name: String) -> Failure {
        Failure(
            .invalidRequest, "Missing required parameter: '\(name)'.", parameter: name,
            code: "missing_required_parameter")
    }

    /// Reads and checks items: what is wrong with one is said now, not when a response goes on after it.
    private static func items(
        _ field: RequestField, makeID: @Sendable (String) -> String
    ) throws(Failure) -> [JSONValue] {
        let elements = try field.elements(expected: "an array of objects")
        guard elements.count <= maximumItemCount else {
            throw field.invalid(
                "expected at most \(maximumItemCount) items, but got \(elements.count)",
                code: "array_above_max_length")
        }
        let items = try ResponsesItem.items(field, makeID: makeID)
        for (index, item) in items.enumerated() where item["type"]?.stringValue == "item_reference" {
            throw elements[index].invalid("a conversation holds items themselves, not references to them")
        }
        var transcript = ResponsesTranscript(beginningWith: [], unknownReferences: .refuse)
        try transcript.add(items, named: field.path)
        return items
    }
}
