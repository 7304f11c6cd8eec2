import Testing
import Tokens

struct ModelEncodingTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let model: String
        let vocabulary: Vocabulary
        let percent: Int
        let isExact: Bool

        init(_ model: String, _ vocabulary: Vocabulary, _ percent: Int = 100, exact: Bool = true) {
            self.model = model
            self.vocabulary = vocabulary
            self.percent = percent
            isExact = exact
        }

        static func estimate(_ model: String, _ percent: Int) -> Case {
            Case(model, .o200kBase, percent, exact: false)
        }

        var testDescription: String { model }
    }

    static let cases: [Case] =
        [
            "gpt-4o", "gpt-4o-mini-2024-07-18", "chatgpt-4o-latest", "gpt-4.1", "gpt-4.1-nano",
            "gpt-4.5-preview",
            "gpt-5", "gpt-5-mini", "gpt-5.2", "gpt-5.5", "gpt-6-astra", "o1", "o1-preview", "o3", "o3-mini",
            "o4-mini", "codex-mini-latest", "gpt-5-codex", "gpt-oss-120b", "ft:gpt-4o:org::id",
            "openai/gpt-4o", "openai/gpt-oss-20b", "gpt-4o:online", "onemin:gpt-4o", "GPT-4o", "azure.gpt-4o",
        ].map { Case($0, .o200kBase) }
        + [
            "gpt-4", "gpt-4-turbo", "gpt-4-0613", "gpt-4-32k", "gpt-3.5-turbo", "gpt-3.5-turbo-16k",
            "gpt-35-turbo", "ft:gpt-3.5-turbo:org::id", "text-embedding-3-small", "text-embedding-ada-002",
        ].map { Case($0, .cl100kBase) }
        + [
            .estimate("us.anthropic.claude-sonnet-4-5-20250929-v1:0", 120), .estimate("claude-3-haiku", 120),
            .estimate("claude-opus-4-6", 120), .estimate("claude-opus-4-7", 154),
            .estimate("anthropic/claude-opus-4.8", 154), .estimate("claude-sonnet-5-5", 154),
            .estimate("claude-fable-5", 154), .estimate("gemini-2.5-flash", 129), .estimate("gemma3", 129),
            .estimate("meta/llama-4-maverick", 100), .estimate("meta/meta-llama-3.1-405b", 100),
            .estimate("llama3.3", 102), .estimate("llama-405b", 102), .estimate("deepseek-r1", 103),
            .estimate("qwen3.5-plus", 113), .estimate("qwen-max", 111), .estimate("qwen2.5", 111),
            .estimate("glm-4.6", 103), .estimate("sonar-pro", 102), .estimate("mistral-large-latest", 106),
            .estimate("open-mixtral-8x22b", 124), .estimate("codestral-latest", 106),
            .estimate("grok-4.5", 100), .estimate("command-a", 100), .estimate("moonshotai/kimi-k3", 100),
            .estimate("gpt-7", 100), .estimate("o100", 100), .estimate("", 100), .estimate("...", 100),
            .estimate("claudette", 100),
        ]

    @Test(arguments: cases) func `a model's name tells how its tokens are counted`(_ model: Case) {
        let encoding = ModelEncoding(model: model.model)
        #expect(encoding.vocabulary == model.vocabulary)
        #expect(encoding.percent == model.percent)
        #expect(encoding.isExact == model.isExact)
    }

    @Test func `a factor rounds up, and a limit never allows more than it says`() {
        let encoding = ModelEncoding(model: "claude-3-haiku")
        #expect(encoding.tokens(0) == 0)
        #expect(encoding.tokens(1) == 2)
        #expect(encoding.tokens(100) == 120)
        for limit in 2...500 {
            let most = encoding.vocabularyTokens(within: limit)
            #expect(encoding.tokens(most) <= limit && encoding.tokens(most + 1) > limit)
        }
        #expect(encoding.vocabularyTokens(within: 1) == 1)
        #expect(encoding.vocabularyTokens(within: .max) > 1 << 50)
        #expect(ModelEncoding(model: "gpt-4o").vocabularyTokens(within: .max) == .max)
    }

    @Test func `a longer name costs no more than its length`() {
        let name = String(repeating: "a.", count: 100_000)
        #expect(!ModelEncoding(model: name).isExact)
    }
}
