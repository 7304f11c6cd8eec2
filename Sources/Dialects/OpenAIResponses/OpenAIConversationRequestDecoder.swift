public import Wire

/// Reads the bodies of the Conversations API.
public enum OpenAIConversationRequestDecoder {
    /// What a conversation is made of.
    public struct Creation: Sendable, Equatable {
        /// The client's labels.
        public var metadata: JSONObject
        /// The first items, each with a type and an identifier.
        public var items: [JSONValue]
    }

    /// The body of `POST /v1/conversations`; an empty one is as good as `{}`.
    public static func decodeCreation(
        _ body: [UInt8], makeID: @Sendable (String) -> String
    ) throws(Failure) -> Creation { throw Failure(.internalError, "") }

    /// The new labels in the body of `POST /v1/conversations/{id}`.
    public static func decodeUpdate(_ body: [UInt8]) throws(Failure) -> JSONObject {
        throw Failure(.internalError, "")
    }

    /// The items in the body of `POST /v1/conversations/{id}/items`, each with a type and an identifier.
    public static func decodeItems(
        _ body: [UInt8], makeID: @Sendable (String) -> String
    ) throws(Failure) -> [JSONValue] { throw Failure(.internalError, "") }
}
