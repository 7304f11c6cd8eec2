import Wire

/// A member of `promptObject` that a family of image models has.
struct ImageField: Sendable {
    /// What may stand in it.
    enum Kind: Sendable {
        /// Any text.
        case text
        /// The asset path of a picture, or its address.
        case picture
        /// Up to so many of these.
        case pictures(Int)
        /// One of these words.
        case words([String])
        case integer(ClosedRange<Int>)
        case number(ClosedRange<Double>)
        case flag
    }

    /// A member of OpenAI's API that says the same.
    enum Meaning: String, Sendable {
        case quality, style, background, seed
        case outputFormat = "output_format"
        case outputCompression = "output_compression"
    }

    /// The name, as 1min.ai spells it.
    let name: String
    /// What may stand in it.
    let kind: Kind
    /// What is sent when the client does not say; nil for members that may be absent.
    var standard: JSONValue?
    /// The member of OpenAI's API that it stands for.
    var meaning: Meaning?
    /// What the words of that member become; an empty one cannot be said. Words without a translation stay as they are.
    var translation: [String: String] = [:]

    init(
        _ name: String, _ kind: Kind, standard: JSONValue? = nil, for meaning: Meaning? = nil,
        translating translation: [String: String] = [:]
    ) {
        self.name = name
        self.kind = kind
        self.standard = standard
        self.meaning = meaning
        self.translation = translation
    }

    /// The value as 1min.ai wants it; values of forms are texts, whatever they mean.
    ///
    /// - Parameter parameter: the client's name for it, for the complaint.
    func value(_ given: JSONValue, parameter: String) throws(Failure) -> JSONValue {
        let field = RequestField(read(given), named: parameter)
        switch kind {
        case .text, .picture: return .string(try field.nonEmptyString())
        case .pictures(let most):
            let elements = field.value.arrayValue == nil ? [field] : try field.elements()
            guard elements.count <= most else {
                throw field.invalid("expected at most \(most) pictures", code: "array_above_max_length")
            }
            var paths: [JSONValue] = []
            for element in elements { paths.append(.string(try element.nonEmptyString())) }
            return .array(paths)
        case .words(let words):
            let word = try field.string()
            guard let known = words.first(where: { $0.lowercased() == word.lowercased() }) else {
                throw field.unknownWord(word, known: words)
            }
            return .string(known)
        case .integer(let range): return .number(JSONNumber(try field.integer(in: range)))
        case .number(let range):
            _ = try field.number(in: range)
            return field.value
        case .flag: return .bool(try field.boolean())
        }
    }

    /// The value with a text read as what it has to be, and a number written out where a word is wanted.
    private func read(_ given: JSONValue) -> JSONValue {
        switch (kind, given) {
        case (.integer, .string(let text)), (.number, .string(let text)):
            // People write .5, which is no number in JSON.
            JSONNumber(text: text.hasPrefix(".") ? "0" + text : text).map(JSONValue.number) ?? given
        case (.flag, .string("true")), (.flag, .string("1")): true
        case (.flag, .string("false")), (.flag, .string("0")): false
        case (.words, .number(let number)), (.text, .number(let number)): .string(number.text)
        default: given
        }
    }

    /// What may stand in it, for README; nil where that is anything.
    var values: String? {
        switch kind {
        case .text, .picture, .flag: nil
        case .pictures(let most): "at most \(most)"
        case .words(let words):
            // The words of OpenAI's API, where the model has others for the same.
            words.map { word in
                let isOwn = meaning == .outputFormat || meaning == .background
                return isOwn ? translation.first { $0.value == word }?.key ?? word : word
            }.joined(separator: "/")
        case .integer(let range):
            range.upperBound > 1 << 30 ? nil : "\(range.lowerBound)–\(range.upperBound)"
        case .number(let range): "\(range.lowerBound.short)–\(range.upperBound.short)"
        }
    }
}

extension Double {
    /// Without the fraction of a whole number.
    fileprivate var short: String {
        JSONNumber(self)?.intValue.map { String($0) } ?? description
    }
}
