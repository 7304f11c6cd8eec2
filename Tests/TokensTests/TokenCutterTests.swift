import Testing
import Tokens

struct TokenCutterTests {
    static let text = "The quick brown fox — 我能吞下玻璃而不伤身体 👍🎉 don't 12345\n\n  and so on."

    @Test(arguments: [1, 2, 3, 5, 1000])
    func `it lets through as many tokens as the limit says`(_ size: Int) {
        let whole = TokenCounter.tokens(in: Self.text, .o200kBase)
        for limit in 0...(whole + 2) {
            var cutter = TokenCutter(.o200kBase, limit: limit)
            var passed = ""
            var rest = Self.text[...]
            while !rest.isEmpty {
                passed += cutter.take(String(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            #expect(Self.text.hasPrefix(passed))
            #expect(cutter.isFull == (limit < whole))
            #expect(cutter.tokens == min(limit, whole))
            if limit >= whole { #expect(passed == Self.text) }
            if limit == 0 { #expect(passed.isEmpty) }
        }
    }

    @Test func `it cuts at the end of a token`() {
        var cutter = TokenCutter(.o200kBase, limit: 3)
        #expect(cutter.take("The quick brown fox jumps") == "The quick brown")
        #expect(cutter.isFull)
        #expect(cutter.take(" over") == "")
        #expect(cutter.tokens == 3)
    }

    @Test func `it cuts a giant piece at the end of a token`() {
        var cutter = TokenCutter(.o200kBase, limit: 100)
        var passed = ""
        for _ in 0..<300 { passed += cutter.take("aaaaaaaa") }
        #expect(passed == String(repeating: "a", count: 800))
    }

    @Test func `it never cuts inside a character`() {
        // Each of these takes more than one token, so most limits fall inside one.
        let text = "𓀀𓀁𓀂𓀃"
        for limit in 0..<TokenCounter.tokens(in: text, .o200kBase) {
            var cutter = TokenCutter(.o200kBase, limit: limit)
            let passed = cutter.take(text)
            #expect(text.hasPrefix(passed))
            #expect(TokenCounter.tokens(in: passed, .o200kBase) <= limit)
        }
    }

    @Test func `what was passed stays passed where the tokens change`() {
        // One token for the word, two for its start and one letter more.
        var cutter = TokenCutter(.o200kBase, limit: 1)
        #expect(cutter.take("hello") == "hello")
        #expect(cutter.take("x") == "")
        #expect(cutter.isFull)
    }

    @Test func `a limit below zero lets nothing through`() {
        var cutter = TokenCutter(.cl100kBase, limit: -1)
        #expect(cutter.take("") == "")
        #expect(!cutter.isFull)
        #expect(cutter.take("a") == "")
        #expect(cutter.isFull)
    }
}
