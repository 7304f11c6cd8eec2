import Testing
import Tokens

struct TokenEstimateTests {
    /// A text and its true count in the vocabulary `o200k_base`, or nearly so.
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let text: String
        let count: Int
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "nothing", text: "", count: 0),
        Case(name: "English", text: "The quick brown fox jumps over the lazy dog.", count: 10),
        Case(name: "German", text: "Das Pferd frisst keinen Gurkensalat.", count: 10),
        Case(name: "Russian", text: "Съешь же ещё этих мягких французских булок", count: 15),
        Case(name: "Chinese", text: "我能吞下玻璃而不伤身体", count: 9),
        Case(name: "emoji", text: "👍🎉", count: 4),
        Case(name: "numbers", text: "3.14159 26535", count: 6),
    ]

    @Test(arguments: cases)
    func `the estimate has the right size`(_ test: Case) {
        let tokens = TokenEstimate.tokens(in: test.text)
        #expect(tokens >= test.count / 2 && tokens <= test.count * 2)
    }

    @Test(arguments: cases)
    func `pieces count like the whole`(_ test: Case) {
        let bytes = Array(test.text.utf8)
        for size in [1, 2, 3, 7] {
            var estimate = TokenEstimate()
            var start = 0
            while start < bytes.count {
                let end = min(start + size, bytes.count)
                let piece = Array(bytes[start..<end])
                estimate.add(piece.span)
                start = end
            }
            #expect(estimate.tokens == TokenEstimate.tokens(in: test.text))
        }
    }

    @Test func `a text that is not empty has at least one token`() {
        #expect(TokenEstimate.tokens(in: "a") == 1)
        #expect(TokenEstimate.tokens(in: "\u{0}") == 1)
    }
}
