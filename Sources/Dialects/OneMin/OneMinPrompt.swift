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
/// Where the client begins the answer itself (Anthropic's prefill), that text stands below the last label, and the prompt
/// ends with it.
///
/// **Labels.** A label is `[` + role + `]`; a name follows the role as `: ` + name. The roles are `system`,
/// `developer`, `user`, `assistant` and `tool`. Names are written as they are when they consist of letters, digits, `_`,
/// `-` and `.`, else in double quotes with `"`, `\` and control characters escaped, so that a label never leaves its
/// line.
///
/// **Tools.** What a model has to know about tools and the form of its answer (`EmulationPrompt`) is a system turn behind
/// the system and developer turns that the conversation begins with; what holds for the next answer alone is a system
/// turn at the end. A tool call stands in the text of the assistant's turn just as the model is told to write it
/// (`ToolMarker`). Its result is a turn labelled `[tool: NAME #N]`, where N counts the conversation's calls from 1 and the
/// name is the call's where the result has none, with ` failed` before the bracket where it says so.
///
/// **No text can forge a turn.** A turn's label has as many opening and closing brackets as its *level*. The level of
/// the first turn is 1; no level is lower than that of the turn before; and each is greater than the longest run of `[`
/// that stands anywhere in the turn's own text, names or ids before one of the role words (in either case, white space
/// between them allowed). A turn's text thus ends at the first label of at least its own level, and its own text holds
/// none. Ordinary texts have no such runs, so every label has one bracket; where a user writes `[system]`, his turn is
/// labelled `[[user]]`, and so are all that follow. A text that would need more than 64 is refused.
///
/// **Stability.** The bytes of a turn depend on that turn and those before it, never on later ones, and on nothing else.
/// The whole prompt of one request is thus the beginning of the prompt of the next in the same conversation (unless the
/// answer itself has a run as above, or a text has the tag of the calls), and upstream caches of prompts hit.
///
/// Several texts of one turn are joined by a line feed, but empty ones before a call are left out. Reasoning of earlier
/// turns is left out, as vendors want it.
///
/// **Pictures and documents** go beside the prompt. In a transcript `[image N]` and `[file N]` (with its name behind a
/// colon) stand where they were given, N being their number among what goes beside it; the same picture given again has
/// the same number.
struct OneMinPrompt {
    /// The prompt so far.
    private(set) var text = ""
    /// The pictures that go beside it, by the names that the service gave them.
    private(set) var images: [String] = []
    /// The documents that go beside it, likewise.
    private(set) var files: [String] = []
    /// How many brackets the labels have by now; nil when there are none.
    private(set) var labelLevel: Int?
    private var level = 1
    private let marker: ToolMarker
    private var callCount = 0
    /// The calls so far: the latest of each id, and of each name.
    private var calls: [String: (name: String, number: Int)] = [:]
    private var latest: [String: Int] = [:]

    /// The prompt for a conversation without tools and form.
    ///
    /// - Throws: `unsupported` for a part that text cannot carry, `invalidRequest` for a text no label can be told from.
    static func text(for turns: [Turn]) throws(Failure) -> String {
        var request = GenerationRequest(model: "", turns: turns)
        request.toolChoice = ToolChoice.none
        return try OneMinPrompt(turns, Emulation.Draft(request)).text
    }

    /// The prompt for a conversation.
    ///
    /// - Parameter continuesLastTurn: whether the last turn, of an assistant, is the beginning of the answer.
    /// - Throws: `unsupported` for a part that text cannot carry, `invalidRequest` for a text no label can be told from.
    init(
        _ turns: [Turn], continuesLastTurn: Bool = false, _ draft: Emulation.Draft
    ) throws(Failure) {
        marker = draft.marker
        let instructions = draft.instructions
        if instructions == nil, turns.count == 1, let turn = turns.first, turn.role == .user,
            turn.name == nil,
            turn.parts.allSatisfy({ !$0.isToolPart })
        {
            let texts = try texts(of: turn.parts, in: turn, marksMedia: false)
            text = texts.count == 1 ? texts[0] : texts.joined(separator: "\n")
            return
        }
        let start = turns.firstIndex { $0.role != .system && $0.role != .developer } ?? turns.endIndex
        for turn in turns[..<start] { try add(turn) }
        if let instructions { try addTurn("system", details: "", text: instructions) }
        let prefill = continuesLastTurn ? turns.last : nil
        for turn in prefill == nil ? turns[start...] : turns[start...].dropLast() { try add(turn) }
        if let reminder = draft.tools.reminder { try addTurn("system", details: "", text: reminder) }
        if let prefill {
            try addBeginning(prefill)
        } else {
            addLabel("assistant", details: "")
        }
        labelLevel = level
    }

    private mutating func add(_ turn: Turn) throws(Failure) {
        let name = turn.name.map { ": \(Self.word($0))" } ?? ""
        var spoken: [String] = []
        // Reasoning alone is an empty turn, as is none at all; a turn of results alone has no text of its own.
        var isDue = turn.parts.isEmpty
        for (index, part) in turn.parts.enumerated() {
            switch part {
            case .toolCall(let call):
                callCount += 1
                if let id = call.id { calls[id] = (call.name, callCount) }
                latest[call.name] = callCount
                // Clients send an empty text beside a call, which is all that the model said.
                spoken.removeAll(where: \.isEmpty)
                spoken.append(marker.block(call))
                isDue = true
            case .toolResult(let result):
                if isDue {
                    try addTurn(turn.role.rawValue, details: name, text: spoken.joined(separator: "\n"))
                }
                spoken = []
                isDue = false
                try add(result, at: index, of: turn)
            default:
                if let text = try text(of: part, at: turn.place(ofPart: index)?.path) {
                    spoken.append(text)
                }
                isDue = true
            }
        }
        if isDue { try addTurn(turn.role.rawValue, details: name, text: spoken.joined(separator: "\n")) }
    }

    private mutating func add(_ result: ToolResult, at index: Int, of turn: Turn) throws(Failure) {
        let call = result.callID.flatMap { calls[$0] }
        let tool = result.name ?? call?.name
        let number = result.callID == nil ? tool.flatMap { latest[$0] } : call?.number
        let name = tool.map { " \(Self.word($0))" } ?? ""
        let mark = number.map { " #\($0)" } ?? ""
        let failed = result.isError == true ? " failed" : ""
        let details = name + mark + failed
        let place = turn.place(ofPart: index)
        var texts: [String] = []
        for (inner, part) in result.parts.enumerated() {
            if let text = try text(of: part, at: place.map { "\($0.content)[\(inner)]" }) {
                texts.append(text)
            }
        }
        let text = texts.joined(separator: "\n")
        try addTurn("tool", details: details.isEmpty ? "" : ":\(details)", text: text)
    }

    /// Adds the beginning of the answer: nothing stands between it and what the model writes.
    private mutating func addBeginning(_ turn: Turn) throws(Failure) {
        try addTurn("assistant", details: "", text: texts(of: turn.parts, in: turn).joined(separator: "\n"))
        text.removeLast(2)
    }

    /// The most brackets of a label: each turn has them twice, and a request has many turns.
    private static let maximumLevel = 64

    private mutating func addTurn(_ role: String, details: String, text body: String) throws(Failure) {
        level = max(level, 1 + max(Self.longestRun(in: body), Self.longestRun(in: details)))
        guard level <= Self.maximumLevel else {
            throw Failure(
                .invalidRequest,
                "A text has \(level - 1) opening brackets before the name of a role; "
                    + "at most \(Self.maximumLevel - 1) can be told from the labels of the turns.")
        }
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

    /// The texts of some parts.
    private mutating func texts(
        of parts: [Part], in turn: Turn, marksMedia: Bool = true
    ) throws(Failure) -> [String] {
        var texts: [String] = []
        for (index, part) in parts.enumerated() {
            let text = try text(of: part, at: turn.place(ofPart: index)?.path, marksMedia: marksMedia)
            if let text { texts.append(text) }
        }
        return texts
    }

    /// The text of one part; nil for one that is left out.
    private mutating func text(
        of part: Part, at path: @autoclosure () -> String?, marksMedia: Bool = true
    ) throws(Failure) -> String? {
        switch part {
        case .text(let part): return part.text
        case .refusal(let text): return text
        case .document(let document):
            if let text = document.writtenText { return text }
            guard case .uploaded(let file) = document.source else {
                throw Self.unsupported("documents from there", at: path())
            }
            let number = Self.number(of: file, in: &files)
            guard marksMedia else { return nil }
            return "[file \(number)\(document.name.map { ": \(Self.word($0))" } ?? "")]"
        case .reasoning: return nil
        case .image(let image):
            guard case .uploaded(let file) = image.source else {
                throw Self.unsupported("images from there", at: path())
            }
            let number = Self.number(of: file, in: &images)
            return marksMedia ? "[image \(number)]" : nil
        case .audio: throw Self.unsupported("audio", at: path())
        case .video: throw Self.unsupported("video", at: path())
        case .vendor(let part): throw Self.unsupported("parts of type '\(part.type)'", at: path())
        case .toolCall, .toolResult: throw Self.unsupported("nested tool calls", at: path())
        }
    }

    /// The number of something among what goes beside the prompt, from 1.
    private static func number(of file: String, in files: inout [String]) -> Int {
        if let index = files.firstIndex(of: file) { return index + 1 }
        files.append(file)
        return files.count
    }

    private static func unsupported(_ what: String, at path: String?) -> Failure {
        Failure(
            .unsupported, "Models of 1min.ai cannot be given \(what) through this relay.", parameter: path
        )
    }

    /// A name as it stands in a label.
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

extension Part {
    /// True for a tool call or a tool's result.
    fileprivate var isToolPart: Bool {
        switch self {
        case .toolCall, .toolResult: true
        default: false
        }
    }
}
