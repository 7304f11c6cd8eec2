import Testing
import Tokens

@testable import Relay

struct AnswerTokensTests {
    private let text = String(repeating: "Some words, and 日本語 too.\n", count: 3000)

    @Test(arguments: [1, 7, 1000, 1_000_000]) func `what comes in pieces counts as the whole`(_ size: Int) {
        var answer = AnswerTokens(ModelEncoding(model: "gpt-4o"), limit: nil)
        var rest = text[...]
        while !rest.isEmpty {
            answer.add(String(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        let tokens = TokenCounter.tokens(in: text, .o200kBase)
        #expect(answer.count() == TokenCount(tokens: tokens, isExact: true))
        // Asking changes nothing.
        #expect(answer.count().tokens == tokens)
        #expect(!answer.isFull)
    }

    @Test(arguments: [1, 2, 5, 100]) func `a limit is reached to the token, and said so`(_ limit: Int) {
        for model in ["gpt-4o", "gpt-4", "claude-3-haiku"] {
            let encoding = ModelEncoding(model: model)
            var answer = AnswerTokens(encoding, limit: limit)
            var kept = ""
            for character in text.prefix(1000) where !answer.isFull {
                let piece = answer.cut(String(character))
                kept += piece
                answer.add(piece)
            }
            #expect(answer.isFull)
            #expect(answer.count() == TokenCount(tokens: limit, isExact: encoding.isExact))
            #expect(text.hasPrefix(kept))
            #expect(
                TokenCounter.tokens(in: kept, encoding.vocabulary)
                    <= encoding.vocabularyTokens(within: limit))
        }
    }

    @Test func `an answer within its limit counts what it has`() {
        var answer = AnswerTokens(ModelEncoding(model: "claude-3-haiku"), limit: 3)
        answer.add(answer.cut("two words"))
        #expect(!answer.isFull && answer.count() == TokenCount(tokens: 3, isExact: false))
        var nothing = AnswerTokens(ModelEncoding(model: "gpt-4o"), limit: 3)
        #expect(nothing.count() == TokenCount(tokens: 0, isExact: true))
    }

    @Test(arguments: ["gpt-4o", "claude-3-haiku", "minimax-m2"])
    func `the largest limit is as good as none`(_ model: String) {
        for limit in [Int.max, Int.max - 1, Int.max / 100 * 99, Int.max / 100 + 1] {
            var answer = AnswerTokens(ModelEncoding(model: model), limit: limit)
            #expect(answer.cut("two words") == "two words" && !answer.isFull)
        }
    }
}
