import Tokens

/// Counts the tokens of an answer that comes in pieces, and ends it where it has as many as were asked for.
///
/// Without a limit nothing is counted until somebody asks: the text waits, and what has gathered is counted in one go
/// now and then, so that it does not grow. Every byte is counted once at most.
struct AnswerTokens: Sendable {
    /// More text does not wait to be counted, in bytes.
    static let waitingBytes = 16 << 10

    private let encoding: ModelEncoding
    private let limit: Int?
    private var cutter: TokenCutter?
    private var counter: TokenCounter?
    private var waiting: [UInt8] = []

    /// Nothing was said yet.
    ///
    /// - Parameter limit: the most tokens of the answer, 1 or more; nil for any number.
    init(_ encoding: ModelEncoding, limit: Int?) {
        self.encoding = encoding
        self.limit = limit
        cutter = limit.map { TokenCutter(encoding.vocabulary, limit: encoding.vocabularyTokens(within: $0)) }
    }

    /// Whether the limit was reached and something cut off.
    var isFull: Bool { cutter?.isFull ?? false }

    /// Whether there is a limit.
    var isLimited: Bool { cutter != nil }

    /// Takes the next piece of what the model wrote, and gives what of it is within the limit.
    mutating func cut(_ text: String) -> String {
        cutter?.take(text) ?? text
    }

    /// Takes the next piece of what the client is given, to be counted.
    mutating func add(_ text: String) {
        waiting.append(contentsOf: text.utf8)
        if waiting.count > Self.waitingBytes { countWaiting() }
    }

    /// How many tokens the client was given: as many as the limit where it was reached.
    mutating func count() -> TokenCount {
        if isFull, let limit { return TokenCount(tokens: limit, isExact: encoding.isExact) }
        countWaiting()
        let tokens = min(limit ?? .max, encoding.tokens(counter?.tokens ?? 0))
        return TokenCount(tokens: tokens, isExact: encoding.isExact)
    }

    private mutating func countWaiting() {
        guard !waiting.isEmpty else { return }
        var counter = counter ?? TokenCounter(encoding.vocabulary)
        self.counter = nil
        counter.add(waiting.span)
        self.counter = counter
        waiting = []
    }
}
