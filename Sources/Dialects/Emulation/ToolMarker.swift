/// The tags around a tool call in a model's text: `<tool_call>` and `</tool_call>`, or with a number that no text has.
///
/// A text that holds the tag, such as a result that a tool fetched from somewhere, could make the model repeat it, and
/// its words would become a call. So the number of a request's tag stands nowhere in the request's own texts: `_2` where
/// a text has the tag without a number, and so on. An encoded tag counts, since a model may decode what it repeats.
struct ToolMarker: Sendable, Equatable {
    /// 1 for the tag without a number.
    let level: Int

    /// The tag's name.
    var name: String { level == 1 ? Self.word : "\(Self.word)_\(level)" }
    /// What begins a call.
    var start: String { "<\(name)>" }
    /// What ends a call.
    var end: String { "</\(name)>" }

    /// A tag with a number.
    init(level: Int = 1) {
        self.level = level
    }

    /// The tag with the smallest number that stands in none of the texts.
    init(absentFrom texts: some Sequence<String>) {
        var taken: Set<Int> = []
        for text in texts { Self.collectLevels(in: text, into: &taken) }
        var level = 1
        while taken.contains(level) { level += 1 }
        self.level = level
    }

    private static let word = "tool_call"
    private static let wordBytes = Array(word.utf8)

    /// Adds the number of each tag that a text holds, in either case, white space allowed around `<` and `/`.
    ///
    /// A model that repeats a text may decode it on the way, so the `<` may be encoded too: `&lt;`, `&#60;`, `\u003c`,
    /// `%3C`, or any character beyond ASCII that looks like it.
    private static func collectLevels(in text: String, into levels: inout Set<Int>) {
        let bytes = text.utf8Span.span
        var index = 0
        while index + wordBytes.count <= bytes.count {
            guard bytes[index] | 0x20 == wordBytes[0],
                wordBytes.indices.allSatisfy({ bytes[index + $0].lowercasedASCII == wordBytes[$0] })
            else {
                index += 1
                continue
            }
            let end = index + wordBytes.count
            if isOpened(bytes, before: index) { levels.insert(number(in: bytes, at: end) ?? 1) }
            index = end
        }
    }

    /// Whether a `<` stands before an offset, written in whatever way.
    private static func isOpened(_ bytes: Span<UInt8>, before start: Int) -> Bool {
        var index = start
        // Between two words each byte is looked at once.
        while index > 0, bytes[index - 1].isASCIIBlank || slashes.contains(bytes[index - 1]) { index -= 1 }
        guard index > 0 else { return false }
        switch bytes[index - 1] {
        case UInt8(ascii: "<"), UInt8(ascii: ";"), 0x80...: return true
        case UInt8(ascii: "c"), UInt8(ascii: "C"): return index > 1 && bytes[index - 2] == UInt8(ascii: "3")
        default: return false
        }
    }

    private static let slashes = Array("/\\".utf8)

    /// The number behind the tag's word; nil when there is none.
    private static func number(in bytes: Span<UInt8>, at start: Int) -> Int? {
        guard start < bytes.count, bytes[start] == UInt8(ascii: "_") else { return nil }
        var index = start + 1
        var value = 0
        while index < bytes.count, bytes[index].isASCIIDigit, value < 1_000_000 {
            value = value * 10 + Int(bytes[index] - UInt8(ascii: "0"))
            index += 1
        }
        return index > start + 1 ? value : nil
    }
}
