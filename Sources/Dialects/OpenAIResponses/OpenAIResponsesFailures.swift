/// What is answered for things that are not stored, in the API's words.
///
/// An answer that was never stored, one that expired and one of another caller are told apart by nobody.
public enum OpenAIResponsesFailures {
    /// `previous_response_id` names no stored response: status 400, as the API has it.
    public static func previousResponse(_ id: String) -> Failure {
        Failure(
            .invalidRequest, "Previous response with id '\(id.prefix(64))' not found.",
            parameter: "previous_response_id", code: "previous_response_not_found")
    }

    /// A path names no stored response: status 404.
    public static func response(_ id: String) -> Failure {
        Failure(.objectNotFound, "Response with id '\(id.prefix(64))' not found.", code: "response_not_found")
    }

    /// A path or `conversation` names no stored conversation: status 404.
    public static func conversation(_ id: String) -> Failure {
        Failure(
            .objectNotFound, "Conversation with id '\(id.prefix(64))' not found.",
            code: "conversation_not_found")
    }

    /// A path names no item of a conversation: status 404.
    public static func item(_ id: String) -> Failure {
        Failure(.objectNotFound, "Item with id '\(id.prefix(64))' not found.", code: "item_not_found")
    }
}
