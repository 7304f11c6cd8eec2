public import Wire

/// Writes the objects of the Responses and Conversations API that are no answers of a model.
public enum OpenAIResponsesObjects {
    /// The body of `DELETE /v1/responses/{id}`.
    public static func deletedResponse(id: String) -> [UInt8] {
        deleted("response", id: id)
    }

    /// The body of `POST /v1/responses/input_tokens`.
    public static func inputTokens(_ count: Int) -> [UInt8] {
        object("response.input_tokens") { writer in
            writer.key("input_tokens")
            writer.int(count)
        }
    }

    /// A conversation: the body of `POST /v1/conversations`, of `GET` and `POST /v1/conversations/{id}`, and of
    /// `DELETE /v1/conversations/{id}/items/{item_id}`.
    ///
    /// - Parameter created: seconds since 1970.
    public static func conversation(id: String, created: Int, metadata: JSONObject) -> [UInt8] {
        object("conversation", id: id) { writer in
            writer.key("created_at")
            writer.int(created)
            writer.key("metadata")
            writer.value(.object(metadata))
        }
    }

    /// The body of `DELETE /v1/conversations/{id}`.
    public static func deletedConversation(id: String) -> [UInt8] {
        deleted("conversation.deleted", id: id)
    }

    /// The output items of a stored response object, for the history of a later request; empty when it has none.
    public static func outputItems(ofResponse response: [UInt8]) -> [JSONValue] {
        // Stored bytes were written here; ones that cannot be read any more have nothing to say.
        let value = try? JSONValue(parsing: response.span, selecting: ["output": .everything])
        return value?["output"]?.arrayValue ?? []
    }

    /// A page of items that a store has made: the body of `GET /v1/responses/{id}/input_items`, and of `GET` and `POST
    /// /v1/conversations/{id}/items`.
    ///
    /// - Parameters:
    ///   - items: the items of the page in its order, each with its identifier and as JSON.
    ///   - hasMore: whether others come after them.
    public static func list(_ items: [(id: String, bytes: [UInt8])], hasMore: Bool) -> [UInt8] {
        object("list") { writer in
            writer.key("data")
            writer.beginArray()
            for item in items { writer.raw(item.bytes) }
            writer.endArray()
            writer.key("first_id")
            writer.stringOrNull(items.first?.id)
            writer.key("last_id")
            writer.stringOrNull(items.last?.id)
            writer.key("has_more")
            writer.bool(hasMore)
        }
    }

    private static func deleted(_ type: String, id: String) -> [UInt8] {
        object(type, id: id) { writer in
            writer.key("deleted")
            writer.bool(true)
        }
    }

    private static func object(
        _ type: String, id: String? = nil, _ members: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        if let id {
            writer.key("id")
            writer.string(id)
        }
        writer.key("object")
        writer.string(type)
        members(&writer)
        writer.endObject()
        return writer.bytes
    }
}
