import Wire

/// A value of a request together with the place where it stands, so that every complaint can name it.
///
/// Messages and paths are those of the Anthropic API, which words its complaints as Pydantic does
/// (https://docs.pydantic.dev/latest/errors/validation_errors/).
struct AnthropicField {
    /// The value itself.
    let value: JSONValue
    /// Where the value stands.
    private let place: FieldPlace

    /// A member of the request's top-level object.
    init(_ value: JSONValue, named name: String) {
        self.init(value, at: .key(name, of: nil))
    }

    private init(_ value: JSONValue, at place: FieldPlace) {
        self.value = value
        self.place = place
    }

    /// The path, such as `messages.2.content`.
    var path: String { place.path { ".\($0)" } }

    /// The member of this name, or nil where it is absent or null or this is no object.
    func member(_ name: String) -> AnthropicField? {
        guard let member = value[name], !member.isNull else { return nil }
        return AnthropicField(member, at: .key(name, of: place))
    }

    /// The member of this name.
    func required(_ name: String) throws(Failure) -> AnthropicField {
        if let member = member(name) { return member }
        throw Self.missing("\(path).\(name)")
    }

    /// The complaint that a member is absent.
    static func missing(_ path: String) -> Failure {
        Failure(.invalidRequest, "\(path): Field required", parameter: path)
    }

    /// The value as a string.
    func string() throws(Failure) -> String {
        guard let string = value.stringValue else { throw wrong("Input should be a valid string") }
        return string
    }

    /// The value as a string with at least one character.
    func nonEmptyString() throws(Failure) -> String {
        let string = try string()
        guard !string.isEmpty else { throw wrong("String should have at least 1 character") }
        return string
    }

    /// The value as a boolean.
    func boolean() throws(Failure) -> Bool {
        guard let boolean = value.boolValue else { throw wrong("Input should be a valid boolean") }
        return boolean
    }

    /// The value as a whole number that is not below a minimum.
    func integer(from minimum: Int) throws(Failure) -> Int {
        guard let integer = value.intValue else { throw wrong("Input should be a valid integer") }
        guard integer >= minimum else {
            throw wrong("Input should be greater than or equal to \(minimum)")
        }
        return integer
    }

    /// The value as a number from 0 to 1, the only range that the dialect has.
    func share() throws(Failure) -> Double {
        guard case .number(let number) = value else { throw wrong("Input should be a valid number") }
        let double = number.doubleValue ?? (number.text.hasPrefix("-") ? -.infinity : .infinity)
        guard double >= 0 else { throw wrong("Input should be greater than or equal to 0") }
        guard double <= 1 else { throw wrong("Input should be less than or equal to 1") }
        return double
    }

    /// The value as an object.
    @discardableResult
    func object() throws(Failure) -> JSONObject {
        guard let object = value.objectValue else { throw wrong("Input should be an object") }
        return object
    }

    /// The elements of the value, each with its place.
    func elements() throws(Failure) -> [AnthropicField] {
        guard let array = value.arrayValue else { throw wrong("Input should be a valid list") }
        return array.enumerated().map { index, element in
            AnthropicField(element, at: .index(index, of: place))
        }
    }

    /// The value as one of a few words.
    func word<Word: RawRepresentable & CaseIterable>(
        _ type: Word.Type
    ) throws(Failure) -> Word where Word.RawValue == String {
        if let word = Word(rawValue: try string()) { return word }
        let words = Word.allCases.map { "'\($0.rawValue)'" }
        let list = words.dropLast().joined(separator: ", ")
        throw wrong("Input should be \(list)\(list.isEmpty ? "" : " or ")\(words.last ?? "nothing")")
    }

    /// The value as this one word.
    func expect(_ word: String) throws(Failure) {
        guard try string() == word else { throw wrong("Input should be '\(word)'") }
    }

    /// The complaint about a `type` that is none of the known ones; the path is that of the whole.
    func unknownTag(_ tag: String, known: [String]) -> Failure {
        let list = known.map { "'\($0)'" }.joined(separator: ", ")
        // A word as long as a novel would make the message one.
        return wrong(
            "Input tag '\(tag.prefix(64))' found using 'type' does not match any of the expected tags: \(list)"
        )
    }

    /// A complaint about the value.
    func wrong(_ reason: String, _ kind: Failure.Kind = .invalidRequest) -> Failure {
        Failure(kind, "\(path): \(reason)", parameter: path)
    }
}
