import Wire

/// What is wrong with a value, and where.
struct SchemaComplaint {
    /// The way from the root to the value, last step first.
    var steps: [Step] = []
    var text: String
    /// Whether the value is of the wrong kind altogether: the wrong type, or none of the listed values.
    var isAboutKind = false

    enum Step {
        case key(String)
        case index(Int)
    }

    init(_ text: String, isAboutKind: Bool = false) {
        self.text = text
        self.isAboutKind = isAboutKind
    }

    /// The same, seen from one level further out.
    func within(_ step: Step) -> SchemaComplaint {
        var complaint = self
        complaint.steps.append(step)
        return complaint
    }

    /// How far the value got before it was found wrong; among alternatives, the one meant gets furthest.
    var progress: Int { 2 * steps.count + (isAboutKind ? 0 : 1) }

    /// `$.items[2].price: expected a number, but got a string`.
    var sentence: String {
        var place = "$"
        for step in steps.reversed().prefix(Self.longestPlace) {
            switch step {
            case .index(let index): place += "[\(index)]"
            case .key(let key): place += Self.isPlain(key) ? ".\(key)" : "[\(SchemaComplaint.quoted(key))]"
            }
        }
        if steps.count > Self.longestPlace { place += "…" }
        return "\(place): \(text)"
    }

    private static let longestPlace = 32
    /// The most characters of a value or key in a sentence.
    private static let longestValue = 64
    /// The most characters of a list of values.
    private static let longestList = 300

    private static func isPlain(_ key: String) -> Bool {
        !key.isEmpty && key.utf8.count <= longestValue
            && key.utf8.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || $0 == UInt8(ascii: "_") }
    }

    /// A key in quotes, cut where it is long.
    static func quoted(_ key: String) -> String { brief(.string(key)) }

    /// A value as JSON, cut where it is long; arrays and objects are only named.
    static func brief(_ value: JSONValue) -> String {
        switch value {
        case .array, .object: return SchemaTypes(of: value).description
        case .string(let text):
            // Not by what is seen as characters: one can have any number of marks.
            let cut = String(String.UnicodeScalarView(text.unicodeScalars.prefix(longestValue)))
            let json = String(decoding: JSONValue.string(cut).serialized(), as: UTF8.self)
            return cut.utf8.count < text.utf8.count ? json.dropLast() + "…\"" : json
        case .number(let number): return String(number.text.prefix(longestValue))
        case .null, .bool: return String(decoding: value.serialized(), as: UTF8.self)
        }
    }

    /// Values as a list, with dots in place of those that make it long.
    static func list(_ values: [JSONValue]) -> String {
        var list = ""
        for (index, value) in values.enumerated() {
            if index > 0 { list += ", " }
            guard list.utf8.count < longestList else { return list + "…" }
            list += brief(value)
        }
        return list
    }

    /// A number without the point that whole ones need not have.
    static func number(_ number: Double) -> String {
        let text = number.description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
