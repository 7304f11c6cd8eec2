import Dialects
import Testing

struct StopSequenceCutterTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let stops: [String]
        let input: String
        let output: String
        var stop: String?
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "none given", stops: [], input: "abc", output: "abc"),
        Case(name: "none found", stops: ["xyz"], input: "abcxy", output: "abcxy"),
        Case(name: "at the start", stops: ["ab"], input: "abc", output: "", stop: "ab"),
        Case(name: "in the middle", stops: ["\n\n"], input: "a\nb\n\nc", output: "a\nb", stop: "\n\n"),
        Case(name: "at the end", stops: ["END"], input: "so be it END", output: "so be it ", stop: "END"),
        Case(name: "a false start", stops: ["aab"], input: "aaab", output: "a", stop: "aab"),
        Case(name: "two false starts", stops: ["abac"], input: "ababac!", output: "ab", stop: "abac"),
        Case(name: "the first of two", stops: ["yy", "x"], input: "axyy", output: "a", stop: "x"),
        Case(name: "the longer at the same byte", stops: ["c", "bc"], input: "abc", output: "a", stop: "bc"),
        Case(name: "one inside the other", stops: ["abc", "b"], input: "abc", output: "a", stop: "b"),
        Case(
            name: "more than ASCII", stops: ["»ende«"], input: "grün »ende« x", output: "grün ",
            stop: "»ende«"),
        Case(name: "half a character in common", stops: ["é"], input: "è ê", output: "è ê"),
        Case(name: "an emoji", stops: ["👋"], input: "hi 👍👋", output: "hi 👍", stop: "👋"),
    ]

    @Test(arguments: cases, [1, 2, 3, 100])
    func `the answer ends at the first stop sequence, whatever the pieces`(_ test: Case, size: Int) {
        var cutter = StopSequenceCutter(test.stops)
        var output = ""
        var stop: String?
        var characters = Array(test.input)[...]
        while !characters.isEmpty {
            let result = cutter.feed(String(characters.prefix(size)))
            characters = characters.dropFirst(size)
            output += result.text
            stop = stop ?? result.stop
        }
        output += cutter.finish()
        #expect(output == test.output)
        #expect(stop == test.stop)
    }

    @Test func `only what could begin a stop sequence is held back`() {
        var cutter = StopSequenceCutter(["</done>"])
        #expect(cutter.feed("text").text == "text")
        #expect(cutter.feed("a<").text == "a")
        #expect(cutter.feed("/do").text == "")
        #expect(cutter.feed("g>").text == "</dog>")
        #expect(cutter.finish() == "")
    }

    @Test func `nothing passes after the stop`() {
        var cutter = StopSequenceCutter(["."])
        #expect(cutter.feed("one. two").text == "one")
        let after = cutter.feed("three")
        #expect(after.text == "" && after.stop == ".")
        #expect(cutter.finish() == "")
    }

    @Test func `a cutter without sequences is not active`() {
        #expect(!StopSequenceCutter([]).isActive)
        #expect(!StopSequenceCutter([""]).isActive)
        #expect(StopSequenceCutter(["x"]).isActive)
    }

    @Test(.timeLimit(.minutes(1))) func `a hostile sequence costs no more than a plain one`() {
        var cutter = StopSequenceCutter([String(repeating: "a", count: 5_000) + "b"])
        var count = 0
        for _ in 0..<200 { count += cutter.feed(String(repeating: "a", count: 1_000)).text.utf8.count }
        count += cutter.finish().utf8.count
        #expect(count == 200_000)
    }
}
