import Dialects
import Testing

@testable import Relay

@Suite struct ModelListTests {
    static func list(_ ids: [String], permitted: [String] = []) -> ModelList {
        ModelList(ids.map { ModelEntry(id: $0, provider: "x", kinds: [.chat]) }, permitted: permitted)
    }

    static let builtIn = ModelList(OneMinCatalogue.chat)

    @Test(arguments: [
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("US.Anthropic.Claude-Sonnet-4-5-20250929-v1:0", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("claude-sonnet-4-5", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("claude-sonnet-4.5", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("claude-sonnet-4-5-20250929", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("claude-sonnet-4-5-20250929-v1", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("claude-sonnet-4-5-latest", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("anthropic/claude-sonnet-4.5", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("claude-opus-4-6", "us.anthropic.claude-opus-4-6-v1"),
        ("claude-fable-5", "us.anthropic.claude-fable-5"),
        ("claude-fable-5-1", "us.anthropic.claude-fable-5-1"),
        ("openai/gpt-4o", "gpt-4o"),
        ("OpenAI/GPT-4o", "gpt-4o"),
        ("gpt-oss-20b", "openai/gpt-oss-20b"),
        ("openai/gpt-oss-20b", "openai/gpt-oss-20b"),
        ("kimi-k2.6", "moonshotai/kimi-k2.6"),
        ("mistral-nemo", "open-mistral-nemo"),
        ("mistral-small", "mistral-small-latest"),
        ("mistral-small-2603", "mistral-small-2603"),
        ("command-r", "command-r-08-2024"),
        ("x-ai/grok-4.5", "grok-4.5"),
        ("gpt-5.1", "gpt-5.1"),
    ])
    func `a plain name finds its model`(name: String, id: String) throws {
        #expect(Self.builtIn.find(name)?.id == id)
    }

    @Test(arguments: [
        "", "gpt", "gpt-4o-2024-08-06", "nobody/gpt-4o", "claude", "gpt-4o:online", "/", "openai/", "latest",
        "-latest",
        String(repeating: "a", count: 300),
    ])
    func `another name finds nothing`(name: String) {
        #expect(Self.builtIn.find(name) == nil)
    }

    @Test func `every built-in identifier finds itself`() {
        for entry in OneMinCatalogue.chat { #expect(Self.builtIn.find(entry.id)?.id == entry.id) }
    }

    @Test func `of several the one that lost least wins, then the newest`() {
        let dated = Self.list([
            "us.anthropic.c-20240101-v1:0", "us.anthropic.c-20250101-v1:0", "us.anthropic.c-20250101-v2:0",
        ])
        #expect(dated.find("c")?.id == "us.anthropic.c-20250101-v2:0")
        #expect(dated.find("c-20240101")?.id == "us.anthropic.c-20240101-v1:0")
        let undated = Self.list(["us.anthropic.c-20250101-v1:0", "us.anthropic.c"])
        #expect(undated.find("c")?.id == "us.anthropic.c")
        let reversed = Self.list(["b/m", "a/m"])
        #expect(reversed.find("m")?.id == "a/m")
        #expect(Self.list(["m-2024-08-06", "m-2025-01-02"]).find("m")?.id == "m-2025-01-02")
        #expect(Self.list(["m-latest", "m-2512"]).find("m")?.id == "m-latest")
    }

    @Test func `mistyped names have near ones`() {
        #expect(Self.builtIn.nearest(to: "gpt-4oo", count: 3).contains("gpt-4o"))
        #expect(Self.builtIn.nearest(to: "claude-sonet-4-5", count: 3).first == "claude-sonnet-4-5")
        #expect(Self.builtIn.nearest(to: "zzzzzzzzzzzz", count: 3).isEmpty)
        #expect(Self.builtIn.nearest(to: "gpt-5", count: 3).count == 3)
        #expect(
            Self.list(["gpt-4o", "gpt-4"], permitted: ["gpt-4"]).nearest(to: "gpt-4x", count: 3) == ["gpt-4"])
    }

    @Test func `permitted names may be plain ones`() {
        let list = Self.list(["open-mistral-nemo", "gpt-4o"], permitted: ["mistral-nemo", "new-one"])
        #expect(list.permitted == ["open-mistral-nemo", "new-one"])
    }

    @Test(arguments: [
        ("timeout", "timeouts", 1), ("ab", "ba", 1), ("kitten", "sitting", 3), ("", "abc", 3),
        ("same", "same", 0),
    ])
    func `distance counts edits`(left: String, right: String, expected: Int) {
        #expect(NearestNames.distance(Array(left.utf8), Array(right.utf8), 10) == expected)
        #expect(NearestNames.distance(Array(right.utf8), Array(left.utf8), 10) == expected)
    }
}
