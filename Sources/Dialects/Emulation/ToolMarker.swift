/// The tags around a tool call in a model's text: `<tool_call>` and `</tool_call>`, or with a number that no text has.
///
/// A text that holds the tag, such as a result that a tool fetched from somewhere, could make the model repeat it, and
/// its words would become a call. So the number of a request's tag stands nowhere in the request's own texts: `_2` where
/// a text has the tag without a number, and so on.
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
    private static func collectLevels(in text: String, into levels: inout Set<Int>) {
        let bytes = text.utf8Span.span
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "<") else {
                index += 1
                continue
            }
            index += 1
            // Nothing skipped here is a `<`, so each byte is looked at once or twice.
            var next = index
            while next < bytes.count, bytes[next].isASCIIBlank || bytes[next] == UInt8(ascii: "/") {
                next += 1
            }
            index = next
            guard next + wordBytes.count <= bytes.count else { continue }
            guard wordBytes.indices.allSatisfy({ bytes[next + $0].lowercasedASCII == wordBytes[$0] })
            else { continue }
            next += wordBytes.count
            levels.insert(number(in: bytes, at: next) ?? 1)
        }
    }

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
