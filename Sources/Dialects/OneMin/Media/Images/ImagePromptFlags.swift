import Wire

/// The flags that people write behind a prompt for Midjourney, such as `--ar 16:9 --no text`, taken out of it.
///
/// https://docs.midjourney.com, "Parameter List". An em dash stands for two hyphens: phones
/// make one of them. Shape, seed and what is not wanted are understood for all models that have a member for it, the rest
/// for Midjourney alone; whatever is not understood stays in the prompt.
struct ImagePromptFlags: Sendable {
    /// The prompt without its flags.
    private(set) var prompt = ""
    /// The shape that is asked for.
    private(set) var shape: ImageShape?
    /// Values by the names of members.
    private(set) var values: [(field: ImageField, value: JSONValue)] = []
    /// Flags that the model does not have, such as `--cref`.
    private(set) var ignored: [String] = []

    /// What a flag stands for.
    private enum Meaning {
        case shape
        /// A member with the next word as its value.
        case member(String)
        /// A member with all words up to the next flag.
        case words(String)
        /// A member with one or more addresses.
        case addresses(String)
        /// A member with a value that is in the flag itself.
        case fixed(String, JSONValue)
        case niji
        /// Midjourney has it, 1min.ai has not; with a word behind it, or without.
        case other(hasValue: Bool)
    }

    private static let meanings: [String: Meaning] = [
        "ar": .shape, "aspect": .shape, "size": .shape, "no": .words("no"),
        "stylize": .member("stylize"), "s": .member("stylize"), "chaos": .member("chaos"),
        "c": .member("chaos"), "seed": .member("seed"), "weird": .member("weird"), "w": .member("weird"),
        "iw": .member("image_weight"), "ow": .member("omni_reference_weight"), "tile": .fixed("tile", true),
        "fast": .fixed("mode", "fast"), "relax": .fixed("mode", "relax"), "niji": .niji,
        "cref": .addresses("character_reference"), "sref": .addresses("style_reference"),
        "oref": .addresses("omni_reference"),
        "v": .other(hasValue: true), "version": .other(hasValue: true), "q": .other(hasValue: true),
        "quality": .other(hasValue: true), "style": .other(hasValue: true), "cw": .other(hasValue: true),
        "sw": .other(hasValue: true), "sv": .other(hasValue: true), "stop": .other(hasValue: true),
        "repeat": .other(hasValue: true), "r": .other(hasValue: true), "exp": .other(hasValue: true),
        "profile": .other(hasValue: true), "p": .other(hasValue: true), "raw": .other(hasValue: false),
        "turbo": .other(hasValue: false), "draft": .other(hasValue: false), "hd": .other(hasValue: false),
        "stealth": .other(hasValue: false), "public": .other(hasValue: false),
        "video": .other(hasValue: false),
    ]
    /// Those that other models than Midjourney's are understood to have, too.
    private static let common: Set<String> = ["ar", "aspect", "size", "no", "seed"]

    /// Takes the flags out of a prompt.
    ///
    /// - Throws: `invalidRequest` for a flag of Midjourney's without its value or with one out of range.
    init(_ text: String, for family: ImageFamily) throws(Failure) {
        var words = Words(text, isFlag: { Self.name($0, for: family) != nil })
        while let word = words.next() {
            guard let name = Self.name(word.text, for: family), let meaning = Self.meanings[name] else {
                prompt += word.space
                prompt += word.text
                continue
            }
            let isTaken = try take(meaning, named: name, from: &words, of: family)
            if !isTaken {
                guard !family.hasFlags else {
                    let value = words.value.map { "'\($0.prefix(64))' is none" } ?? "there is none behind it"
                    throw Self.invalid(name, "it needs a value, and \(value)")
                }
                prompt += word.space
                prompt += word.text
            }
        }
        let blanks = prompt.prefix { $0.isWhitespace }
        prompt.removeFirst(blanks.count)
        guard !prompt.isEmpty else {
            throw Failure(
                .invalidRequest, "Invalid value for 'prompt': there is no text in it but flags.",
                parameter: "prompt", code: "empty_prompt")
        }
    }

    /// The flag that a word is, without its dashes; nil when it is none that this family has.
    private static func name(_ word: Substring, for family: ImageFamily) -> String? {
        guard let dash = ["--", "—", "–"].first(where: { word.hasPrefix($0) }) else { return nil }
        let name = word.dropFirst(dash.count).lowercased()
        guard meanings[name] != nil, family.hasFlags || common.contains(name) else { return nil }
        return name
    }

    /// Takes a flag's value; false when there is none, and nothing was taken.
    private mutating func take(
        _ meaning: Meaning, named name: String, from words: inout Words, of family: ImageFamily
    ) throws(Failure) -> Bool {
        switch meaning {
        case .shape:
            guard let value = words.value, let shape = ImageShape(String(value), parameter: "prompt"),
                family.hasFlags || family.size.says(shape)
            else { return false }
            self.shape = shape
            words.skip()
        case .member(let member):
            guard let field = field(member, of: family), let value = words.value else {
                return passOver(name, if: family.hasFlags && words.value != nil, in: &words)
            }
            guard family.hasFlags || Int(value) != nil else { return false }
            try set(field, .string(String(value)), name)
            words.skip()
        case .words(let member):
            guard let field = family.field(named: member) ?? family.field(named: "negative_prompt") else {
                return false
            }
            let phrase = words.phrase { _ in true }
            guard !phrase.isEmpty else { return false }
            try set(field, .string(phrase), name)
        case .addresses(let member):
            // The first may be anything, such as `random`; further ones are told by looking like addresses.
            var isFirst = true
            let phrase = words.phrase { word in
                defer { isFirst = false }
                return isFirst || word.contains("/")
            }
            guard !phrase.isEmpty else { return false }
            guard let field = family.field(named: member) else {
                ignored.append("--\(name)")
                break
            }
            try set(field, .string(phrase), name)
        case .fixed(let member, let value):
            if let field = family.field(named: member) { try set(field, value, name) }
        case .niji:
            let version = words.value.flatMap { Int($0) }
            if version != nil { words.skip() }
            if let field = family.field(named: "isNiji6"), version ?? 6 == 6 {
                try set(field, true, name)
            } else {
                ignored.append("--niji")
            }
        case .other(let hasValue):
            if hasValue, words.value != nil { words.skip() }
            ignored.append("--\(name)")
        }
        return true
    }

    private func field(_ member: String, of family: ImageFamily) -> ImageField? {
        member == "seed" ? family.field(for: .seed) : family.field(named: member)
    }

    /// Names a flag that this version of Midjourney lacks.
    private mutating func passOver(_ name: String, if isFlag: Bool, in words: inout Words) -> Bool {
        guard isFlag else { return false }
        words.skip()
        ignored.append("--\(name)")
        return true
    }

    private mutating func set(_ field: ImageField, _ value: JSONValue, _ name: String) throws(Failure) {
        do {
            let value = try field.value(value, parameter: "--\(name)")
            values.removeAll { $0.field.name == field.name }
            values.append((field, value))
        } catch {
            var failure = error
            failure.parameter = "prompt"
            throw failure
        }
    }

    private static func invalid(_ name: String, _ reason: String) -> Failure {
        Failure(
            .invalidRequest, "Invalid value for '--\(name)': \(reason).", parameter: "prompt",
            code: "invalid_value")
    }
}

/// A text word by word, with the space before each.
private struct Words {
    private var words: [(space: Substring, text: Substring)] = []
    private var position = 0
    private let isFlag: (Substring) -> Bool

    init(_ text: String, isFlag: @escaping (Substring) -> Bool) {
        self.isFlag = isFlag
        var rest = text[...]
        while !rest.isEmpty {
            let space = rest.prefix { $0.isWhitespace }
            rest = rest[space.endIndex...]
            let word = rest.prefix { !$0.isWhitespace }
            rest = rest[word.endIndex...]
            words.append((space, word))
        }
    }

    mutating func next() -> (space: Substring, text: Substring)? {
        guard position < words.count else { return nil }
        defer { position += 1 }
        return words[position]
    }

    /// The next word, if it can be a value.
    var value: Substring? {
        guard position < words.count, !words[position].text.isEmpty, !isFlag(words[position].text) else {
            return nil
        }
        return words[position].text
    }

    /// Takes the next word away.
    mutating func skip() { position += 1 }

    /// Takes words up to the next flag, or one that does not belong.
    mutating func phrase(while belongs: (Substring) -> Bool) -> String {
        var phrase = ""
        while let word = value, belongs(word) {
            if !phrase.isEmpty { phrase += " " }
            phrase += word
            skip()
        }
        return phrase
    }
}
