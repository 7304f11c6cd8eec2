/// Counts the tokens of a text that grows, exactly as tiktoken counts the whole.
///
/// A piece of text that nothing further can change is counted once and forgotten; what is kept is the piece at the end,
/// mostly a word. The pieces added may end anywhere, even inside a character. Bytes that are no UTF-8 count as the
/// U+FFFD that `String(decoding:as:)` puts in their place, and so does an unfinished character at the end.
public struct TokenCounter: Sendable {
    let vocabulary: Vocabulary
    /// Whole characters: first those that are counted in `settled`, `head` bytes, then the unfinished piece.
    private(set) var text: [UInt8] = []
    private(set) var head = 0
    /// Where `head` was before the latest text that was added with `keeping`.
    private(set) var keptFrom = 0
    /// The tokens of all that comes before the unfinished piece.
    private(set) var settled = 0
    private var repair = UTF8Repair()
    private var progress = PieceScanner.Progress()
    private var unfinished = UnfinishedPiece()
    /// The answer, where giving it takes more than a look at a few bytes.
    private var known: Int?

    /// Bytes that are copied at a time.
    private static let blockBytes = 16 * 1024

    /// Nothing counted yet.
    public init(_ vocabulary: Vocabulary) {
        self.vocabulary = vocabulary
    }

    /// Counts a further piece of the text.
    public mutating func add(_ text: String) {
        add(text, keeping: false)
    }

    /// Counts a further piece of the text given as UTF-8, which may begin or end inside a character.
    public mutating func add(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { bytes in
            var start = 0
            while start < bytes.count {
                let end = min(start + Self.blockBytes, bytes.count)
                compact()
                repair.append(UnsafeBufferPointer(rebasing: bytes[start..<end]), to: &text)
                settle()
                start = end
            }
        }
        answer()
    }

    /// The tokens of everything added so far, as if the text ended here.
    ///
    /// A question costs at most as much as counting a few hundred bytes, however long the text.
    public var tokens: Int {
        if let known { return known }
        guard head < text.count else { return settled }
        return settled
            + withTail { bytes, count in
                TokenEngine(vocabulary).count(bytes, count: count, isEnd: true).tokens
            }
    }

    /// The tokens of a whole text.
    public static func tokens(in text: String, _ vocabulary: Vocabulary) -> Int {
        tokens(in: text.utf8Span.span, vocabulary)
    }

    /// The tokens of a whole text given as UTF-8.
    public static func tokens(in bytes: Span<UInt8>, _ vocabulary: Vocabulary) -> Int {
        let counted = bytes.withUnsafeBufferPointer { bytes in
            guard let start = bytes.baseAddress else { return TokenEngine.Count() }
            return TokenEngine(vocabulary).count(start, count: bytes.count, isEnd: true)
        }
        guard counted.bytes < bytes.count else { return counted.tokens }
        // No UTF-8 from somewhere in this piece on.
        var rest = TokenCounter(vocabulary)
        rest.add(bytes.extracting(counted.bytes...))
        return counted.tokens + rest.tokens
    }

    /// Counts a further piece of the text; with `keeping`, what it adds stays in `text`.
    mutating func add(_ piece: String, keeping: Bool) {
        // Nothing does not end an unfinished character.
        guard !piece.isEmpty else { return }
        compact()
        keptFrom = head
        repair.finish(&text)
        piece.utf8Span.span.withUnsafeBufferPointer { bytes in
            var start = 0
            while start < bytes.count {
                var end = keeping ? bytes.count : min(start + Self.blockBytes, bytes.count)
                // A block must not end inside a character.
                while end < bytes.count && bytes[end] & 0xC0 == 0x80 { end -= 1 }
                if !keeping { compact() }
                text += bytes[start..<end]
                settle()
                start = end
            }
        }
        answer()
    }

    /// Drops bytes that are counted, when there are more of them than of others.
    private mutating func compact() {
        guard head > 0, head >= text.count - head else { return }
        text.removeSubrange(..<head)
        head = 0
    }

    /// Counts the pieces that are finished.
    private mutating func settle() {
        guard head < text.count else { return }
        let counted = withTail { bytes, count in
            TokenEngine(vocabulary).count(bytes, count: count, isEnd: false, progress: progress)
        }
        progress = counted.progress
        guard counted.bytes > 0 else { return }
        settled += counted.tokens
        head += counted.bytes
        unfinished.reset()
    }

    /// Finds the answer where the getter could not do it in little time.
    private mutating func answer() {
        known = nil
        let isReplaced = !repair.unfinished.isEmpty
        guard isReplaced || text.count - head >= UnfinishedPiece.shortestBytes else { return }
        if isReplaced { text += UTF8Repair.replacement }
        var unfinished = UnfinishedPiece()
        swap(&unfinished, &self.unfinished)
        let engine = TokenEngine(vocabulary)
        let tail = withTail { bytes, count in
            count < UnfinishedPiece.shortestBytes
                ? engine.count(bytes, count: count, isEnd: true).tokens
                : unfinished.tokens(
                    bytes, count: count, progress: progress, isReplaced: isReplaced, engine: engine)
        }
        swap(&unfinished, &self.unfinished)
        if isReplaced { text.removeLast(UTF8Repair.replacement.count) }
        known = settled + tail
    }

    /// Lends the unfinished piece, at least one byte.
    private func withTail<Result>(_ body: (UnsafePointer<UInt8>, Int) -> Result) -> Result {
        text.withUnsafeBufferPointer { bytes in
            // There is a byte, so there is an address.
            guard let start = bytes.baseAddress else { preconditionFailure("no unfinished piece") }
            return body(start + head, bytes.count - head)
        }
    }
}
