import Wire

/// Reads the labels that a client hangs on what is stored.
enum OpenAIResponsesMetadata {
    /// https://platform.openai.com/docs/api-reference/responses/create#responses_create-metadata
    private static let maximumCount = 16
    private static let maximumKeyCharacters = 64
    private static let maximumValueCharacters = 512

    /// The labels, which are strings.
    static func labels(_ field: RequestField) throws(Failure) -> JSONObject {
        let object = try field.object()
        guard object.members.count <= maximumCount else {
            throw field.invalid(
                "expected at most \(maximumCount) members, but got \(object.members.count)",
                code: "object_above_max_properties")
        }
        for member in object.members where member.key.count > maximumKeyCharacters {
            throw field.invalid(
                "expected keys of at most \(maximumKeyCharacters) characters, but got one of \(member.key.count)",
                code: "string_above_max_length")
        }
        for label in try field.members() {
            let text = try label.string()
            guard text.count <= maximumValueCharacters else {
                throw label.invalid(
                    "expected at most \(maximumValueCharacters) characters, but got \(text.count)",
                    code: "string_above_max_length")
            }
        }
        return object
    }
}
