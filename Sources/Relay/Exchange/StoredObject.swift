/// What a path names of what the relay keeps for callers: responses, conversations and their items.
///
/// https://platform.openai.com/docs/api-reference/responses and …/conversations
enum StoredObject: Equatable, Sendable {
    case response(id: String)
    case inputItems(response: String)
    case conversations
    case conversation(id: String)
    case items(conversation: String)
    case item(id: String, conversation: String)

    /// Finds the object of a path without `/v1` and without a slash at its end; nil for other paths.
    init?(path: Substring) {
        let words = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard words.allSatisfy({ (1...Self.maximumIDBytes).contains($0.utf8.count) }) else { return nil }
        switch (words.first, words.count) {
        // Other calls of the API, which are not there.
        case ("responses", 2) where words[1] == "compact": return nil
        case ("responses", 2): self = .response(id: words[1])
        case ("responses", 3) where words[2] == "input_items": self = .inputItems(response: words[1])
        case ("conversations", 1): self = .conversations
        case ("conversations", 2): self = .conversation(id: words[1])
        case ("conversations", 3) where words[2] == "items": self = .items(conversation: words[1])
        case ("conversations", 4) where words[2] == "items":
            self = .item(id: words[3], conversation: words[1])
        default: return nil
        }
    }

    /// The methods it answers.
    var methods: [String] {
        switch self {
        case .response, .item: ["GET", "HEAD", "DELETE"]
        case .inputItems: ["GET", "HEAD"]
        case .conversations: ["POST"]
        case .conversation: ["GET", "HEAD", "POST", "DELETE"]
        case .items: ["GET", "HEAD", "POST"]
        }
    }

    /// Whether a request with this method makes something that is kept from then on.
    func isMade(by method: String) -> Bool {
        switch self {
        case .conversations, .items: method == "POST"
        case .response, .inputItems, .conversation, .item: false
        }
    }

    /// Longer identifiers were never given out.
    static let maximumIDBytes = 128
}
