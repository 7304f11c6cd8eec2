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
    /// Where parts stand that are not the elements of `origin`'s `content` in the same order, by their index.
    public var places: [Int: Place] = [:]

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

    /// Where a part stands in the client's request.
    public struct Place: Sendable, Equatable {
        /// The part itself, such as `messages.2.content.1`.
        public var path: String
        /// The list of what is inside the part, such as `messages.2.content.1.content`.
        public var content: String

        /// The place of a part and of what it holds.
        public init(_ path: String, content: String) {
            self.path = path
            self.content = content
        }
    }

    /// Adds a part that stands in a place of its own; of what the model and the client write nobody complains.
    mutating func add(_ part: Part, at place: Place) {
        switch part {
        case .text, .refusal, .reasoning: break
        default: places[parts.count] = place
        }
        parts.append(part)
    }

    /// Where a part stands in the client's request; nil where that is not known.
    public func place(ofPart index: Int) -> Place? {
        if let place = places[index] { return place }
        return origin.map { Place("\($0).content[\(index)]", content: "\($0).content") }
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
