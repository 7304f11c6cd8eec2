/// The members of an object that somebody will look at: the others are checked when parsing, but not made into values.
///
/// `["user": ["name": .everything]]` keeps of `{"user":{"name":"Ann","id":7},"time":1}` only `{"user":{"name":"Ann"}}`.
public struct JSONSelection: Sendable, ExpressibleByDictionaryLiteral {
    /// What is wanted of each wanted member; nil where all members are.
    private let members: [(key: StaticString, selection: JSONSelection)]?

    /// All that there is.
    public static let everything = JSONSelection(members: nil)

    private init(members: [(key: StaticString, selection: JSONSelection)]?) {
        self.members = members
    }

    /// The members of these names, and of each what is selected there; an array's elements count like itself.
    public init(dictionaryLiteral members: (StaticString, JSONSelection)...) {
        self.init(members: members.map { ($0.0, $0.1) })
    }

    /// What is wanted of a member; nil when it is to be left out.
    ///
    /// A key with escapes may say anything and is as rare as that: its member is kept.
    func member(_ key: JSONLexer.StringToken, in bytes: Span<UInt8>) -> JSONSelection? {
        guard let members else { return self }
        guard !key.hasEscapes else { return .everything }
        let name = bytes.extracting(key.content)
        for member in members where name.says(member.key) { return member.selection }
        return nil
    }
}

extension Span<UInt8> {
    /// Whether these are the bytes of a literal.
    fileprivate func says(_ literal: StaticString) -> Bool {
        guard count == literal.utf8CodeUnitCount else { return false }
        return literal.withUTF8Buffer { literal in
            for index in indices where self[index] != literal[index] { return false }
            return true
        }
    }
}
