/// Lets a text through until it has so many tokens: what `max_tokens` asks for, where an upstream cannot do it.
public struct TokenCutter: Sendable {
    private var counter: TokenCounter
    private let limit: Int
    /// Text that further text decides about.
    private var waiting = ""
    /// The tokens of the finished pieces before the latest text.
    private var settledBefore = 0

    /// What exceeds the limit by more tokens is decided about at once: hardly any word has fewer for being longer.
    private static let mostUndecided = 3

    /// The limit was exceeded: something has been cut.
    public private(set) var isFull = false

    /// Nothing let through yet. A negative `limit`, in tokens, is taken for 0.
    public init(_ vocabulary: Vocabulary, limit: Int) {
        counter = TokenCounter(vocabulary)
        self.limit = max(limit, 0)
    }

    /// Whether text waits for what follows.
    public var isWaiting: Bool { !waiting.isEmpty }

    /// The tokens of the text so far, at most the limit.
    public var tokens: Int { min(counter.tokens, limit) }

    /// What of `text`, the next piece, may be passed on, with what waited for it.
    ///
    /// All of it while the whole text has no more tokens than the limit. The piece that exceeds it is cut at the end of
    /// the last token within the limit, or at the end of the last character that is whole there; everything after it
    /// comes back empty. What was passed on before stays passed on, also where this piece changed its tokens.
    ///
    /// - Parameter mayWait: whether text may be kept back that only an unfinished word makes exceed the limit: " retu" has
    ///   two tokens, and " return" one. `finish` gives what of it was within the limit after all.
    public mutating func take(_ text: String, mayWait: Bool = false) -> String {
        // The counter does not take nothing for the latest text either.
        guard !isFull, !text.isEmpty else { return "" }
        settledBefore = counter.settled
        counter.add(text, keeping: true)
        let text = waiting.isEmpty ? text : waiting + text
        waiting = ""
        guard counter.tokens > limit else { return text }
        if mayWait, counter.settled < limit, counter.tokens - limit <= Self.mostUndecided {
            waiting = text
            return ""
        }
        return cut(text)
    }

    /// What of the text that waits may be passed on, now that nothing follows it.
    public mutating func finish() -> String {
        guard isWaiting else { return "" }
        let text = waiting
        waiting = ""
        return cut(text)
    }

    /// Cuts text at the limit, which is exceeded, in what is not passed on.
    private mutating func cut(_ text: String) -> String {
        isFull = true
        let bytes = counter.text
        // Negative where the counter has no more of it.
        let passed = bytes.count - text.utf8.count
        // What was unfinished before the latest text came is still there, whether it is finished now or not.
        let first = counter.keptFrom
        var reached = settledBefore
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
        return String(decoding: text.utf8.prefix(end - passed), as: UTF8.self)
    }
}
