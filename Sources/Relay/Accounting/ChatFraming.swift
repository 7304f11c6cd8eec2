import Tokens

/// What a family of models adds to the text of a conversation, in tokens.
///
/// Measured numbers come from OpenAI's own counts, for OpenAI documents the frame of no model beyond the cookbook's page
/// (https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken).
struct ChatFraming: Sendable, Equatable {
    /// For each message, beside its role and its text.
    let perMessage: Int
    /// For a message with a name, beside the name.
    let perName: Int
    /// For the beginning of the answer.
    let priming: Int
    /// Whether OpenAI publishes or reports these numbers for the family.
    let isKnown: Bool

    /// The framing of a model; of one that no family is known of, the most common one.
    static func of(model: String) -> ChatFraming { table.value(for: model) ?? .unknown }

    /// `<|start|>ROLE<|message|>TEXT<|end|>` for each message, and `<|start|>assistant<|message|>` for the answer: the
    /// cookbook's numbers for gpt-3.5-turbo, gpt-4, gpt-4o and gpt-4o-mini.
    private static let classic = ChatFraming(perMessage: 3, perName: 1, priming: 3, isKnown: true)
    private static let unknown = ChatFraming(perMessage: 3, perName: 1, priming: 3, isKnown: false)

    /// A model that reasons is left to choose the channel of its answer, so `<|start|>assistant` is all that is given.
    ///
    /// OpenAI counts 6 tokens beside the text of one user message for gpt-5.5, gpt-5.6 and gpt-6
    /// (https://github.com/williamliu-ai/token-count-compare, results of 2026-09-05); channels are described in
    /// https://cookbook.openai.com/articles/openai-harmony.
    private static let reasoning = ChatFraming(perMessage: 3, perName: 1, priming: 2, isKnown: true)
    private static let likelyReasoning = ChatFraming(perMessage: 3, perName: 1, priming: 2, isKnown: false)

    private static let table = ModelPrefixTable<ChatFraming>([
        ("gpt-oss", likelyReasoning), ("gpt-6", reasoning), ("gpt-5-chat", unknown), ("gpt-5", reasoning),
        ("o1", likelyReasoning), ("o3", likelyReasoning), ("o4", likelyReasoning), ("codex", likelyReasoning),
        ("gpt-4o", classic), ("gpt-4.1", unknown), ("gpt-4.5", unknown), ("chatgpt", unknown),
        // The first snapshot wrote the name in place of the role: the cookbook's earlier versions have it.
        ("gpt-3.5-turbo-0301", ChatFraming(perMessage: 4, perName: -1, priming: 3, isKnown: true)),
        ("gpt-4", classic), ("gpt-3.5", classic), ("gpt-35", classic),
    ])
}
