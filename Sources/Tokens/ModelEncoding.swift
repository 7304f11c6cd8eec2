/// How the tokens of a model's text are counted: with its own vocabulary, or with the nearest public one and a factor.
public struct ModelEncoding: Sendable, Hashable {
    /// The vocabulary to count with.
    public let vocabulary: Vocabulary
    /// How many tokens the model makes of what is 100 tokens of the vocabulary; 100 for the model's own.
    public let percent: Int
    /// Whether the vocabulary is the model's own, so that a count is no estimate.
    public let isExact: Bool

    private init(_ vocabulary: Vocabulary, percent: Int, isExact: Bool) {
        self.vocabulary = vocabulary
        self.percent = percent
        self.isExact = isExact
    }

    /// The encoding of a model; of one that no family is known of, `o200k_base` as an estimate.
    public init(model: String) {
        self = Self.table.value(for: model) ?? .estimate(100)
    }

    /// The model's tokens for a number of the vocabulary's, rounded up.
    public func tokens(_ count: Int) -> Int {
        isExact ? count : (count * percent + 99) / 100
    }

    /// The most tokens of the vocabulary that are not more than `limit` of the model's; at least 1.
    public func vocabularyTokens(within limit: Int) -> Int {
        guard !isExact else { return limit }
        let (product, overflow) = limit.multipliedReportingOverflow(by: 100)
        // So many are as good as no limit.
        return overflow ? .max : max(1, product / percent)
    }

    private static let o200k = ModelEncoding(.o200kBase, percent: 100, isExact: true)
    private static let cl100k = ModelEncoding(.cl100kBase, percent: 100, isExact: true)

    private static func estimate(_ percent: Int) -> ModelEncoding {
        ModelEncoding(.o200kBase, percent: percent, isExact: false)
    }

    /// The families, with the source of each.
    private static let table = ModelPrefixTable<ModelEncoding>([
        // OpenAI: tiktoken 0.14.0, `tiktoken/model.py`. For gpt-5.5, gpt-5.6 and gpt-6 OpenAI's own
        // `responses.input_tokens.count` gave o200k_base plus the framing of one message for every text of
        // https://github.com/williamliu-ai/token-count-compare, results of 2026-09-05.
        // gpt-oss has o200k_harmony, which is o200k_base and more special tokens.
        ("gpt-oss", o200k), ("gpt-6", o200k), ("gpt-5", o200k), ("gpt-4o", o200k), ("gpt-4.1", o200k),
        ("gpt-4.5", o200k), ("chatgpt", o200k), ("codex", o200k), ("o1", o200k), ("o3", o200k), ("o4", o200k),
        ("gpt-4", cl100k), ("gpt-3.5", cl100k), ("gpt-35", cl100k),
        ("text-embedding-ada-002", cl100k), ("text-embedding-3", cl100k),
        // Later ones are unlikely to have a smaller vocabulary, but nothing is published yet.
        ("gpt", .estimate(100)),
        // Anthropic publishes no vocabulary. Its own token counts against OpenAI's for 31 texts of prose, code and data
        // (the same source, results of 2026-05-28): Opus 4.6 1.20, Opus 4.7 and 4.8 1.54. Sonnet 4.6 and Haiku 4.5 count
        // as Opus 4.6 does, Fable 5 as Opus 4.8 (https://github.com/swack-tools/Tokenoscope).
        ("claude-opus-4-7", .estimate(154)), ("claude-opus-4.7", .estimate(154)),
        ("claude-opus-4-8", .estimate(154)), ("claude-opus-4.8", .estimate(154)),
        ("claude-opus-5", .estimate(154)), ("claude-sonnet-5", .estimate(154)),
        ("claude-haiku-5", .estimate(154)), ("claude-fable", .estimate(154)),
        ("claude-mythos", .estimate(154)),
        ("claude", .estimate(120)),
        // One corpus of leases, reports and personnel records in several vocabularies, against GPT-5.4:
        // https://docs.kamiwaza.ai/research/blogs/tokenizer-efficiency-hidden-cost (2026-04-17). Gemini has Gemma's
        // vocabulary (Gemma 3 report, https://arxiv.org/abs/2503.19786, section 2).
        ("gemini", .estimate(129)), ("gemma", .estimate(129)),
        ("llama-4", .estimate(100)), ("llama4", .estimate(100)), ("llama", .estimate(102)),
        ("deepseek", .estimate(103)), ("glm", .estimate(103)), ("granite", .estimate(102)),
        ("minimax", .estimate(98)), ("qwen3.5", .estimate(113)), ("qwen", .estimate(111)),
        ("qwq", .estimate(111)),
        // Perplexity's Sonar is built on Llama 3.3: https://www.perplexity.ai/hub/blog/meet-new-sonar
        ("sonar", .estimate(102)), ("r1-1776", .estimate(103)),
        // Measured 2026-11-21 with mistral-common 1.13.1 against o200k_base, 890 KB of this repository's English prose,
        // Swift and Python: Tekken 1.06, the SentencePiece vocabulary of the Mixtral models 1.24.
        ("mixtral", .estimate(124)), ("open-mixtral", .estimate(124)), ("open-mistral-7b", .estimate(124)),
        ("mistral", .estimate(106)), ("open-mistral", .estimate(106)), ("ministral", .estimate(106)),
        ("magistral", .estimate(106)), ("codestral", .estimate(106)), ("devstral", .estimate(106)),
        ("pixtral", .estimate(106)), ("voxtral", .estimate(106)),
        // Of grok, command, kimi, muse and others nothing is published: o200k_base as it is.
    ])
}
