import Testing

@testable import Dialects

struct OneMinProgressFilterTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let input: String
        let output: String
        var testDescription: String { input }
    }

    static let cases = [
        Case(input: "", output: ""),
        Case(input: "plain\ntext", output: "plain\ntext"),
        Case(input: "🌐 Crawling site https://a.example\nanswer", output: "answer"),
        Case(input: "  🌎\u{FE0F}  Crawling sites...\r\nanswer\n", output: "answer\n"),
        Case(input: "a\n🌐Crawling site x\nb", output: "a\nb"),
        Case(input: "a 🌐 Crawling site x\nb", output: "a 🌐 Crawling site x\nb"),
        Case(input: "🌐 Crawling", output: "🌐 Crawling"),
        Case(input: "🌐 Crawling the web\n", output: "🌐 Crawling the web\n"),
        Case(input: "🌑 Crawling site\n", output: "🌑 Crawling site\n"),
        Case(input: "🌐 Crawling site without an end", output: ""),
        Case(input: "🌐 Crawling site a\n🌍 Crawling site b\n\nanswer", output: "\nanswer"),
        Case(input: "🌐\u{FE0F}", output: "🌐\u{FE0F}"),
        Case(input: "         🌐 Crawling site", output: "         🌐 Crawling site"),
    ]

    @Test(arguments: cases, [1, 2, 3, 100])
    func `progress lines are taken out, whatever the pieces`(_ test: Case, size: Int) {
        var filter = OneMinProgressFilter()
        var output = ""
        var scalars = Array(test.input.unicodeScalars)[...]
        while !scalars.isEmpty {
            var piece = ""
            piece.unicodeScalars.append(contentsOf: scalars.prefix(size))
            scalars = scalars.dropFirst(size)
            output += filter.feed(piece)
        }
        output += filter.finish()
        #expect(output == test.output)
    }

    @Test func `a progress line without an end does not swallow an answer for ever`() {
        var filter = OneMinProgressFilter()
        let output = filter.feed("🌐 Crawling site " + String(repeating: "x", count: 5_000))
        #expect((2_000...5_000).contains(output.utf8.count))
    }
}

struct OneMinRepeatGuardTests {
    private func run(_ blocks: [String], whole: String?) -> [String] {
        var guarding = OneMinRepeatGuard()
        var output: [String] = []
        for block in blocks {
            let (earlier, now) = guarding.feed(block)
            output += [earlier, now].compactMap { $0 }
        }
        if let last = guarding.finish(whole: whole) { output.append(last) }
        return output
    }

    struct Case: Sendable {
        let blocks: [String]
        let whole: String?
        let output: [String]
    }

    @Test(arguments: [
        Case(blocks: ["a", "b"], whole: nil, output: ["a", "b"]),
        Case(blocks: ["a", "b", "ab"], whole: nil, output: ["a", "b"]),
        Case(blocks: ["a", "b", "ab"], whole: "ab", output: ["a", "b"]),
        Case(blocks: ["a", "b", "ab"], whole: "abab", output: ["a", "b", "ab"]),
        Case(blocks: ["a", "b", "ab"], whole: " abab\n", output: ["a", "b", "ab"]),
        Case(blocks: ["ok", "ok"], whole: "okok", output: ["ok", "ok"]),
        Case(blocks: ["ok", "ok"], whole: "ok", output: ["ok"]),
        Case(blocks: ["ok", "ok", "ok"], whole: nil, output: ["ok", "ok", "ok"]),
        Case(blocks: ["ok", "ok", "okok"], whole: "okok", output: ["ok", "ok"]),
        Case(blocks: ["ab", "ba"], whole: nil, output: ["ab", "ba"]),
        Case(blocks: ["é", "e\u{301}"], whole: nil, output: ["é", "e\u{301}"]),
        Case(blocks: ["all of it"], whole: "all of it", output: ["all of it"]),
    ]) func `only a last block that repeats everything is dropped`(_ test: Case) {
        #expect(run(test.blocks, whole: test.whole) == test.output)
    }
}
