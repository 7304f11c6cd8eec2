/// Lets a text through until it has so many tokens: what `max_tokens` asks for, where an upstream cannot do it.
public struct TokenCutter: Sendable {
    private var counter: TokenCounter
    private let limit: Int

    /// The limit was exceeded: something has been cut.
    public private(set) var isFull = false

    /// Nothing let through yet. A negative `limit`, in tokens, is taken for 0.
    public init(_ vocabulary: Vocabulary, limit: Int) {
        counter = TokenCounter(vocabulary)
        self.limit = max(limit, 0)
    }

    /// The tokens of the text so far, at most the limit.
    public var tokens: Int { min(counter.tokens, limit) }

    /// What of `text`, the next piece, may be passed on.
    ///
    /// All of it while the whole text has no more tokens than the limit. The piece that exceeds it is cut at the end of
    /// the last token within the limit, or at the end of the last character that is whole there; everything after it
    /// comes back empty. What was passed on before stays passed on, also where this piece changed its tokens.
    public mutating func take(_ text: String) -> String {
        guard !isFull else { return "" }
        var reached = counter.settled
        counter.add(text, keeping: true)
        guard counter.tokens > limit else { return text }
        isFull = true

        let bytes = counter.text
        let passed = bytes.count - text.utf8.count
        // What was unfinished before this text came is still there, whether it is finished now or not.
        let first = counter.keptFrom
        var end = first
        bytes.withUnsafeBufferPointer { bytes in
            guard reached < limit, let start = bytes.baseAddress else { return }
            TokenEngine(counter.vocabulary).forEachEnd(start + first, count: bytes.count - first) {
                tokenEnd in
                end = first + tokenEnd
                reached += 1
                return reached < limit
            }
        }
        while end > passed && end < bytes.count && bytes[end] & 0xC0 == 0x80 { end -= 1 }
        guard end > passed else { return "" }
        return String(decoding: bytes[passed..<end], as: UTF8.self)
    }
}
