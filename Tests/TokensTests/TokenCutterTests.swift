import Testing
import Tokens

struct TokenCutterTests {
    static let text = "The quick brown fox — 我能吞下玻璃而不伤身体 👍🎉 don't 12345\n\n  and so on."

    /// What of the text is passed on, in pieces of so many characters.
    private static func pass(
        by size: Int, through cutter: inout TokenCutter, mayWait: Bool = false
    ) -> String {
        var passed = ""
        var rest = text[...]
        while !rest.isEmpty {
            passed += cutter.take(String(rest.prefix(size)), mayWait: mayWait)
            rest = rest.dropFirst(size)
        }
        return passed
    }

    @Test(arguments: [1, 2, 3, 5, 1000])
    func `it lets through as many tokens as the limit says`(_ size: Int) {
        let whole = TokenCounter.tokens(in: Self.text, .o200kBase)
        for limit in 0...(whole + 2) {
            var cutter = TokenCutter(.o200kBase, limit: limit)
            let passed = Self.pass(by: size, through: &cutter)
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

    @Test(arguments: [
        (["x retu", "rn y"], 2, "x return"),
        (["Hello don'", "t 1"], 2, "Hello don't"),
        (["return résu", "mé don't"], 2, "return résumé"),
        (["f(x): retu", "rn naïve"], 4, "f(x): return"),
        (["x", " re", "t", "u", "r", "n", " y"], 2, "x return"),
        (["x retu"], 2, "x ret"),
        (["x retu", ""], 2, "x ret"),
        (["x retu", "rn"], 2, "x return"),
    ])
    func `an unfinished word is decided about when it is finished`(
        _ pieces: [String], _ limit: Int, _ expected: String
    ) {
        var cutter = TokenCutter(.o200kBase, limit: limit)
        let passed = pieces.map { cutter.take($0, mayWait: true) }.joined() + cutter.finish()
        #expect(passed == expected)
        let text = pieces.joined()
        var whole = TokenCutter(.o200kBase, limit: limit)
        #expect(whole.take(text) == expected)
        #expect(cutter.isFull == whole.isFull && !cutter.isWaiting)
    }

    @Test(arguments: [1, 2, 3, 5, 1000])
    func `waiting loses nothing and makes nothing up`(_ size: Int) {
        let whole = TokenCounter.tokens(in: Self.text, .o200kBase)
        for limit in 0...(whole + 2) {
            var cutter = TokenCutter(.o200kBase, limit: limit)
            var passed = Self.pass(by: size, through: &cutter, mayWait: true)
            passed += cutter.finish()
            var atOnce = TokenCutter(.o200kBase, limit: limit)
            let expected = atOnce.take(Self.text)
            // Blanks are passed on as they come, and can turn out to belong to a token behind the limit.
            #expect(passed.hasPrefix(expected))
            #expect(passed.dropFirst(expected.count).allSatisfy { $0.isWhitespace })
            #expect(cutter.isFull == (limit < whole))
        }
    }

    @Test func `a word without end is not waited for`() {
        var cutter = TokenCutter(.o200kBase, limit: 10)
        var passed = ""
        for _ in 0..<100 { passed += cutter.take("xqzjvkw", mayWait: true) }
        #expect(cutter.isFull && !passed.isEmpty)
    }
}
