import Tokens

/// Counts the tokens of an answer that comes in pieces, and ends it where it has as many as were asked for.
///
/// Without a limit nothing is counted until somebody asks: the text waits, and what has gathered is counted in one go
/// now and then, so that it does not grow. Every byte is counted once at most; with a limit twice, as it comes and as the
/// client is given it.
struct AnswerTokens: Sendable {
    /// More text does not wait to be counted, in bytes.
    static let waitingBytes = 4 << 10

    private let encoding: ModelEncoding
    private let limit: Int?
    // Each one or none. In arrays, so that a stream that needs neither has two pointers for them and not 370 bytes.
    private var cutter: [TokenCutter]
    private var counter: [TokenCounter] = []
    private var waiting: [UInt8] = []
    /// Bytes within the limit that the client was not given, or not yet.
    private var withheldBytes = 0

    /// Nothing was said yet.
    ///
    /// - Parameter limit: the most tokens of the answer, 1 or more; nil for any number.
    init(_ encoding: ModelEncoding, limit: Int?) {
        self.encoding = encoding
        self.limit = limit
        cutter = (limit.map { [$0] } ?? []).map { limit in
            TokenCutter(encoding.vocabulary, limit: encoding.vocabularyTokens(within: limit))
        }
    }

    /// Whether the client was given nothing.
    var isEmpty: Bool { counter.isEmpty && waiting.isEmpty }

    /// Whether the limit was reached and something cut off.
    var isFull: Bool { cutter.first?.isFull ?? false }

    /// Whether text waits for what follows it: see `TokenCutter.take`.
    var isWaiting: Bool { cutter.first?.isWaiting ?? false }

    /// Takes the next piece of what the model wrote, and gives what is within the limit.
    mutating func cut(_ text: String, mayWait: Bool = false) -> String {
        guard !cutter.isEmpty else { return text }
        let piece = cutter[0].take(text, mayWait: mayWait)
        withheldBytes += piece.utf8.count
        return piece
    }

    /// Gives what of the text that waits is within the limit; nothing that belongs to it follows.
    mutating func finishCut() -> String {
        guard isWaiting else { return "" }
        let piece = cutter[0].finish()
        withheldBytes += piece.utf8.count
        return piece
    }

    /// Takes the next piece of what the client is given, to be counted.
    mutating func add(_ text: String) {
        withheldBytes -= text.utf8.count
        waiting.append(contentsOf: text.utf8)
        if waiting.count > Self.waitingBytes { countWaiting() }
    }

    /// How many tokens the client was given: as many as the limit where it was given all that is within.
    mutating func count() -> TokenCount {
        if isFull, withheldBytes == 0, let limit {
            return TokenCount(tokens: limit, isExact: encoding.isExact)
        }
        countWaiting()
        let tokens = min(limit ?? .max, encoding.tokens(counter.first?.tokens ?? 0))
        return TokenCount(tokens: tokens, isExact: encoding.isExact)
    }

    private mutating func countWaiting() {
        guard !waiting.isEmpty else { return }
        if counter.isEmpty { counter = [TokenCounter(encoding.vocabulary)] }
        let text = waiting
        waiting = []
        counter[0].add(text.span)
    }
}
