/// One message of a conversation.
public struct Turn: Sendable, Equatable {
    /// Who speaks.
    public var role: Role
    /// The speaker's name where a dialect has one, to tell several users apart.
    public var name: String?
    /// What is said, in order.
    public var parts: [Part]
    /// Where the turn stands in the client's request, such as `messages[2]`, so that complaints can name it.
    public var origin: String?

    /// A turn of any parts.
    public init(role: Role, name: String? = nil, parts: [Part]) {
        self.role = role
        self.name = name
        self.parts = parts
    }

    /// A turn of one text.
    public init(role: Role, name: String? = nil, text: String) {
        self.init(role: role, name: name, parts: [.text(TextPart(text))])
    }

    /// Who speaks in a turn.
    public enum Role: String, Sendable, Hashable {
        /// Instructions with the highest standing.
        case system
        /// Instructions of the application's author; the newer word for `system`.
        case developer
        /// The person.
        case user
        /// The model.
        case assistant
        /// A tool that the model called; its parts are tool results.
        case tool
    }
}
