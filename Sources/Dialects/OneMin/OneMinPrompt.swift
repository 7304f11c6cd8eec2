/// The one rule by which a conversation becomes the single prompt text that 1min.ai takes.
///
/// **A single user turn without a name** is its text, verbatim, and nothing else.
///
/// **Anything else** is a transcript. Each turn is a label on a line of its own, a line feed, and the turn's text
/// verbatim; two line feeds stand between a text and the next label. The transcript ends with the label of the
/// assistant, whose turn it is now:
///
/// ```
/// [system]
/// Be brief.
///
/// [user: ann]
/// Hello!
///
/// [assistant]
/// ```
///
/// **Labels.** A label is `[` + role + `]`; a name follows the role as `: ` + name. The roles are `system`,
/// `developer`, `user`, `assistant` and `tool`. A tool call of the assistant is a turn of its own, labelled
/// `[assistant calls: NAME #ID]`, with the arguments as text; its result is labelled `[tool: NAME #ID]`, the name taken
/// from the call where the result has none, and ` failed` before the bracket where it says so. Names and ids are
/// written as they are when they consist of letters, digits, `_`, `-` and `.`, else in double quotes with `"`, `\` and
/// control characters escaped, so that a label never leaves its line.
///
/// **No text can forge a turn.** A turn's label has as many opening and closing brackets as its *level*. The level of
/// the first turn is 1; no level is lower than that of the turn before; and each is greater than the longest run of `[`
/// that stands anywhere in the turn's own text, names or ids before one of the role words (in either case, white space
/// between them allowed). A turn's text thus ends at the first label of at least its own level, and its own text holds
/// none. Ordinary texts have no such runs, so every label has one bracket; where a user writes `[system]`, his turn is
/// labelled `[[user]]`, and so are all that follow.
///
/// **Stability.** The bytes of a turn depend on that turn and those before it, never on later ones, and on nothing else.
/// The whole prompt of one request is thus the beginning of the prompt of the next in the same conversation (unless the
/// answer itself has a run as above), and upstream caches of prompts hit.
///
/// Several texts of one turn are joined by a line feed. Reasoning of earlier turns is left out, as vendors want it.
struct OneMinPrompt {
    /// The prompt so far.
    private(set) var text = ""
    private var level = 1
    private var toolNames: [String: String] = [:]

    /// The prompt for a conversation.
    ///
    /// - Throws: `unsupported` for a part that text cannot carry.
    static func text(for turns: [Turn]) throws(Failure) -> String {
        if turns.count == 1, let turn = turns.first, turn.role == .user, turn.name == nil {
            return try plainText(of: turn.parts, in: turn)
        }
        var prompt = OneMinPrompt()
        for turn in turns { try prompt.add(turn) }
        prompt.addLabel("assistant", details: "")
        return prompt.text
    }

    private mutating func add(_ turn: Turn) throws(Failure) {
        let name = turn.name.map { ": \(Self.word($0))" } ?? ""
        var spoken: [Part] = []
        var others: [Part] = []
        for part in turn.parts {
            switch part {
            case .toolCall, .toolResult: others.append(part)
            default: spoken.append(part)
            }
        }
        if !spoken.isEmpty || others.isEmpty {
            addTurn(turn.role.rawValue, details: name, text: try Self.plainText(of: spoken, in: turn))
        }
        for part in others {
            switch part {
            case .toolCall(let call):
                if let id = call.id { toolNames[id] = call.name }
                let details = " calls: \(Self.word(call.name))\(Self.mark(call.id))"
                addTurn("assistant", details: details, text: call.arguments)
            case .toolResult(let result):
                let tool = result.name ?? result.callID.flatMap { toolNames[$0] }
                let name = tool.map { " \(Self.word($0))" } ?? ""
                let failed = result.isError == true ? " failed" : ""
                let details = ":\(name)\(Self.mark(result.callID))\(failed)"
                addTurn("tool", details: details, text: try Self.plainText(of: result.parts, in: turn))
            default: break
            }
        }
    }

    private mutating func addTurn(_ role: String, details: String, text body: String) {
        level = max(level, 1 + max(Self.longestRun(in: body), Self.longestRun(in: details)))
        addLabel(role, details: details)
        text += "\n"
        text += body
        text += "\n\n"
    }

    private mutating func addLabel(_ role: String, details: String) {
        text += String(repeating: "[", count: level)
        text += role
        text += details
        text += String(repeating: "]", count: level)
    }

    /// The texts of some parts, joined by line feeds.
    private static func plainText(of parts: [Part], in turn: Turn) throws(Failure) -> String {
        if parts.count == 1, case .text(let only) = parts[0] { return only.text }
        var texts: [String] = []
        for (index, part) in parts.enumerated() {
            switch part {
            case .text(let part): texts.append(part.text)
            case .refusal(let text): texts.append(text)
            case .document(let document):
                guard case .text(let text) = document.source else {
                    throw unsupported("documents", at: index, of: turn)
                }
                texts.append(text)
            case .reasoning: break
            case .image: throw unsupported("images", at: index, of: turn)
            case .audio: throw unsupported("audio", at: index, of: turn)
            case .video: throw unsupported("video", at: index, of: turn)
            case .vendor(let part): throw unsupported("parts of type '\(part.type)'", at: index, of: turn)
            case .toolCall, .toolResult: throw unsupported("nested tool calls", at: index, of: turn)
            }
        }
        return texts.joined(separator: "\n")
    }

    private static func unsupported(_ what: String, at index: Int, of turn: Turn) -> Failure {
        let path = turn.origin.map { "\($0).content[\(index)]" }
        return Failure(
            .unsupported, "Models of 1min.ai cannot be given \(what) through this relay yet.", parameter: path
        )
    }

    /// The ` #ID` of a call, or nothing.
    private static func mark(_ id: String?) -> String {
        id.map { " #\(word($0))" } ?? ""
    }

    /// A name or id as it stands in a label.
    static func word(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy { byte in
            byte >= 0x80 || byte.isASCIILetter || byte.isASCIIDigit || byte == UInt8(ascii: "_")
                || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
        }
        let hasLineEnd = word.unicodeScalars.contains {
            $0 == "\u{85}" || $0 == "\u{2028}" || $0 == "\u{2029}"
        }
        if isPlain, !hasLineEnd, !word.isEmpty { return word }
        var quoted = "\""
        for scalar in word.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
                quoted += "\\u{\(String(scalar.value, radix: 16))}"
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// The longest run of `[` that stands before a role word, white space between them allowed; 0 if there is none.
    static func longestRun(in text: String) -> Int {
        let bytes = text.utf8Span.span
        var longest = 0
        var index = 0
        while index < bytes.count {
            guard bytes[index] == bracket else {
                index += 1
                continue
            }
            let start = index
            while index < bytes.count, bytes[index] == bracket { index += 1 }
            let length = index - start
            // What is skipped here holds no bracket, so each byte is looked at once or twice.
            while index < bytes.count, isBlank(bytes[index]) { index += 1 }
            if length > longest, hasRoleWord(bytes, at: index) { longest = length }
        }
        return longest
    }

    private static let bracket = UInt8(ascii: "[")
    private static let roleWords = ["system", "developer", "user", "assistant", "tool"].map { Array($0.utf8) }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte)
    }

    private static func hasRoleWord(_ bytes: Span<UInt8>, at start: Int) -> Bool {
        for word in roleWords where start + word.count <= bytes.count {
            if word.indices.allSatisfy({ bytes[start + $0] | 0x20 == word[$0] }) { return true }
        }
        return false
    }
}
