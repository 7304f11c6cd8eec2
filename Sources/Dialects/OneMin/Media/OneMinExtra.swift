import Wire

/// A parameter of one model's own, which a client may send by its name at 1min.ai.
struct OneMinExtra: Sendable {
    /// The name, the same on both sides.
    let name: String
    /// What it takes.
    let kind: Kind

    /// What a parameter takes.
    enum Kind: Sendable {
        case text
        case flag
        case integer(ClosedRange<Int>)
        case number(ClosedRange<Double>)
        case object
    }

    init(_ name: String, _ kind: Kind = .text) {
        self.name = name
        self.kind = kind
    }

    /// The value in the form that 1min.ai takes; what comes out of a form is text whatever it means.
    ///
    /// - Throws: `invalidRequest` that names the parameter.
    func value(_ value: JSONValue) throws(Failure) -> JSONValue {
        let field = RequestField(value, named: name)
        switch kind {
        case .text: return .string(try field.string())
        case .object: return .object(try field.object())
        case .flag:
            switch value.stringValue {
            case "true": return true
            case "false": return false
            default: return .bool(try field.boolean())
            }
        case .integer(let range): return .number(JSONNumber(try number(field).integer(in: range)))
        case .number(let range):
            let field = number(field)
            _ = try field.number(in: range)
            return field.value
        }
    }

    /// The field with the number that a text is.
    private func number(_ field: RequestField) -> RequestField {
        guard let text = field.value.stringValue, let number = JSONNumber(text: text) else { return field }
        return RequestField(.number(number), named: name)
    }
}

extension [OneMinExtra] {
    /// Takes the members that have a row here into a prompt object, and names the others.
    ///
    /// - Returns: the names of those without a row, which are safe in a header and not too many.
    func take(_ members: JSONObject, into promptObject: inout JSONObject) throws(Failure) -> [String] {
        var ignored: [String] = []
        for member in members.members {
            if let extra = first(where: { $0.name == member.key }) {
                promptObject[member.key] = try extra.value(member.value)
            } else if Self.isPlainWord(member.key), ignored.count < Self.maximumNamedCount {
                ignored.append(member.key)
            }
        }
        return ignored
    }

    /// True when nothing in a name that a client made up can mean anything in a header.
    private static func isPlainWord(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || $0 == UInt8(ascii: "_") }
    }

    private static var maximumNamedCount: Int { 16 }
}
