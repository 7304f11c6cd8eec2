import Wire

/// A value of a request together with the place where it stands, so that every complaint can name it.
///
/// Messages and codes follow those of the OpenAI API.
struct RequestField {
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

    /// The path, such as `messages[2].content`.
    var path: String { place.path { "[\($0)]" } }

    /// The member of this name, or nil where it is absent or null or this is no object.
    func member(_ name: String) -> RequestField? {
        guard let member = value[name], !member.isNull else { return nil }
        return RequestField(member, at: .key(name, of: place))
    }

    /// The member of this name.
    ///
    /// - Throws: `missing_required_parameter` where it is absent or null.
    func required(_ name: String) throws(Failure) -> RequestField {
        if let member = member(name) { return member }
        throw Failure(
            .invalidRequest, "Missing required parameter: '\(path).\(name)'.", parameter: "\(path).\(name)",
            code: "missing_required_parameter")
    }

    /// The value as a string.
    func string(expected: String = "a string") throws(Failure) -> String {
        guard let string = value.stringValue else { throw wrongType(expected: expected) }
        return string
    }

    /// The value as a string with at least one character.
    func nonEmptyString() throws(Failure) -> String {
        let string = try string()
        guard !string.isEmpty else {
            throw invalid("expected a string that is not empty", code: "empty_string")
        }
        return string
    }

    /// The value as a boolean.
    func boolean() throws(Failure) -> Bool {
        guard let boolean = value.boolValue else { throw wrongType(expected: "a boolean") }
        return boolean
    }

    /// The value as a whole number within bounds.
    func integer(in range: ClosedRange<Int> = .min ... .max) throws(Failure) -> Int {
        guard case .number(let number) = value else { throw wrongType(expected: "an integer") }
        guard let integer = number.intValue else {
            if let double = number.doubleValue, double.magnitude < 9e15 {
                throw wrongType(expected: "an integer")
            }
            let isNegative = number.text.hasPrefix("-")
            throw outOfRange(isNegative ? "too small" : "too large", code: "integer", isBelow: isNegative)
        }
        if integer < range.lowerBound {
            throw outOfRange("below the minimum of \(range.lowerBound)", code: "integer", isBelow: true)
        }
        if integer > range.upperBound {
            throw outOfRange("above the maximum of \(range.upperBound)", code: "integer", isBelow: false)
        }
        return integer
    }

    /// The value as a number within bounds.
    func number(in range: ClosedRange<Double>) throws(Failure) -> Double {
        guard case .number(let number) = value else { throw wrongType(expected: "a number") }
        let double = number.doubleValue ?? (number.text.hasPrefix("-") ? -.infinity : .infinity)
        if double < range.lowerBound {
            throw outOfRange("below the minimum of \(range.lowerBound)", code: "decimal", isBelow: true)
        }
        if double > range.upperBound {
            throw outOfRange("above the maximum of \(range.upperBound)", code: "decimal", isBelow: false)
        }
        return double
    }

    /// The value as an object.
    func object() throws(Failure) -> JSONObject {
        guard let object = value.objectValue else { throw wrongType(expected: "an object") }
        return object
    }

    /// The members of the value that are not null, each with its place.
    func members() throws(Failure) -> [RequestField] {
        try object().members.filter { !$0.value.isNull }.map { member in
            // A key as long as a novel would make the path one.
            RequestField(member.value, at: .key(String(member.key.prefix(64)), of: place))
        }
    }

    /// The elements of the value, each with its place.
    func elements(expected: String = "an array") throws(Failure) -> [RequestField] {
        guard let array = value.arrayValue else { throw wrongType(expected: expected) }
        return array.enumerated().map { index, element in
            RequestField(element, at: .index(index, of: place))
        }
    }

    /// The value as one of a few words.
    func word<Word: RawRepresentable & CaseIterable>(
        _ type: Word.Type
    ) throws(Failure) -> Word where Word.RawValue == String {
        let string = try string()
        if let word = Word(rawValue: string) { return word }
        throw unknownWord(string, known: Word.allCases.map(\.rawValue))
    }

    /// The complaint that a value is of the wrong type.
    func wrongType(expected: String) -> Failure {
        let article =
            switch value {
            case .null: ""
            case .array, .object: "an "
            case .bool, .number, .string: "a "
            }
        return Failure(
            .invalidRequest,
            "Invalid type for '\(path)': expected \(expected), but got \(article)\(value.typeName) instead.",
            parameter: path, code: "invalid_type")
    }

    /// The complaint that a value is of the right type but wrong.
    func invalid(_ reason: String, code: String = "invalid_value") -> Failure {
        Failure(.invalidRequest, "Invalid value for '\(path)': \(reason).", parameter: path, code: code)
    }

    /// The complaint that a word is none of the known ones.
    func unknownWord(_ word: String, known: [String]) -> Failure {
        let list = known.map { "'\($0)'" }.joined(separator: ", ")
        // A word as long as a novel would make the message one.
        return Failure(
            .invalidRequest,
            "Invalid value for '\(path)': '\(word.prefix(64))'. Supported values are: \(list).",
            parameter: path, code: "invalid_value")
    }

    private func outOfRange(_ relation: String, code: String, isBelow: Bool) -> Failure {
        invalid("the number is \(relation)", code: code + (isBelow ? "_below_min_value" : "_above_max_value"))
    }
}
