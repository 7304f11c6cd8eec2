/// The models of 1min.ai; those that chat as its documentation listed them on 2026-10-06.
///
/// Used only while the service's own listing cannot be reached. Of the pictures column, `yes` is what a relay measured in
/// February 2026 or what the name says, `no` is a user's report, and the rest is not known.
public enum OneMinCatalogue {
    /// The chat models, those of one provider together.
    public static let chat: [ModelEntry] = rows.flatMap { row in
        row.ids.split(whereSeparator: \.isWhitespace).map { id in
            var entry = ModelEntry(id: String(id), provider: row.provider, kinds: [.chat])
            entry.inputModalities = row.pictures.modalities
            return entry
        }
    }

    /// The models of a kind, as of that kind alone: of another the service may have given a list of its own meanwhile.
    public static func models(of kind: ModelEntry.Kind) -> [ModelEntry] {
        guard kind != .chat else { return chat }
        return others.compactMap { entry in
            guard entry.kinds.contains(kind) else { return nil }
            var entry = entry
            entry.kinds = [kind]
            return entry
        }
    }

    /// Whether a model takes pictures.
    private enum Pictures {
        case yes, no, unknown

        var modalities: [String]? {
            switch self {
            case .yes: ["text", "image"]
            case .no: ["text"]
            case .unknown: nil
            }
        }
    }

    /// Models that have all but the identifier in common.
    private struct Row {
        let provider: String
        let pictures: Pictures
        let ids: String

        init(_ provider: String, _ pictures: Pictures, _ ids: String) {
            self.provider = provider
            self.pictures = pictures
            self.ids = ids
        }
    }

    private static let rows = [
        Row(
            "alibaba", .unknown,
            """
            qwen3.7-plus qwen3.7-max qwen3.7-flash qwen3.6-plus qwen3.6-max-preview qwen3.6-flash
            qwen3-max qwen3-8b qwen-plus qwen-max qwen-flash
            """),
        Row(
            "alibaba", .yes,
            """
            qwen3-vl-plus qwen3-vl-flash qwen-vl-plus qwen-vl-max qwen3-vl-8b-thinking
            """),
        Row(
            "anthropic", .yes,
            """
            us.anthropic.claude-sonnet-4-5-20250929-v1:0 us.anthropic.claude-opus-4-5-20251101-v1:0
            us.anthropic.claude-haiku-4-5-20251001-v1:0
            """),
        Row(
            "anthropic", .unknown,
            """
            us.anthropic.claude-sonnet-5 us.anthropic.claude-sonnet-4-6 us.anthropic.claude-opus-5-5
            us.anthropic.claude-opus-5 us.anthropic.claude-opus-4-8 us.anthropic.claude-opus-4-7
            us.anthropic.claude-opus-4-6-v1 us.anthropic.claude-fable-5-1 us.anthropic.claude-fable-5
            """),
        Row(
            "cohere", .unknown,
            """
            command-r-08-2024
            """),
        Row(
            "deepseek", .unknown,
            """
            deepseek-v4-pro deepseek-flash
            """),
        Row(
            "google", .yes,
            """
            gemini-2.5-pro gemini-2.5-flash
            """),
        Row(
            "google", .unknown,
            """
            gemini-3.8-flash gemini-3.7-flash gemini-3.6-flash gemini-3.5-flash gemini-3.1-pro-preview
            gemini-3.1-flash-lite-preview gemini-3-flash-preview
            """),
        Row(
            "mistral", .unknown,
            """
            magistral-small-latest magistral-medium-latest ministral-14b-latest open-mistral-nemo
            mistral-small-latest mistral-small-2603 mistral-medium-latest mistral-medium-3-5
            mistral-large-latest mistral-large-2512
            """),
        Row(
            "openai", .yes,
            """
            gpt-4o gpt-4o-mini gpt-4-turbo gpt-5 gpt-5-mini gpt-5.1 gpt-5.2
            """),
        Row(
            "openai", .no,
            """
            gpt-5-nano
            """),
        Row(
            "openai", .unknown,
            """
            gpt-6.1-sol gpt-6-sol gpt-6-luna gpt-6-astra gpt-5.6-terra gpt-5.6-sol gpt-5.6-luna
            gpt-5.5-pro gpt-5.5 gpt-5.4-pro gpt-5.4-nano gpt-5.4-mini gpt-5.4 gpt-5.3-codex gpt-5.2-pro
            gpt-4.1 gpt-4.1-mini gpt-4.1-nano o3 o3-pro o3-mini gpt-3.5-turbo openai/gpt-oss-20b
            openai/gpt-oss-120b
            """),
        Row(
            "moonshotai", .unknown,
            """
            moonshotai/kimi-k3 moonshotai/kimi-k2.7-code moonshotai/kimi-k2.6
            """),
        Row(
            "meta", .unknown,
            """
            meta/muse-spark-1.3 meta/muse-spark-1.2 meta/muse-spark-1.1 meta/meta-llama-3-70b-instruct
            meta/llama-4-scout-instruct meta/llama-4-maverick-instruct
            """),
        Row(
            "perplexity", .unknown,
            """
            sonar sonar-pro sonar-reasoning-pro sonar-deep-research
            """),
        Row(
            "xai", .unknown,
            """
            grok-4.7 grok-4.6 grok-4.5 grok-4.3
            """),
        Row(
            "zai", .unknown,
            """
            glm-5.3 glm-5.2 glm-5.1 glm-5
            """),
    ]
}
