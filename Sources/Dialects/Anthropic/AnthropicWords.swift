import Wire

extension FinishReason {
    /// Anthropic's `stop_reason`.
    ///
    /// - Parameters:
    ///   - hasCalls: whether a tool was called: several upstreams say that they stopped although they wait for results.
    ///   - isRefusal: whether the answer has a refusal, which other vendors tell apart from text and end as usual.
    func anthropicWord(hasCalls: Bool, isRefusal: Bool) -> StaticString {
        switch self {
        case .stop: hasCalls ? "tool_use" : isRefusal ? "refusal" : "end_turn"
        case .stopSequence: "stop_sequence"
        case .length: "max_tokens"
        case .contextWindow: "model_context_window_exceeded"
        case .toolCalls: "tool_use"
        case .contentFilter, .refusal: "refusal"
        case .paused: "pause_turn"
        }
    }

    /// Anthropic's `stop_sequence`, nil unless one came up that is known.
    var anthropicStopSequence: String? {
        if case .stopSequence(let sequence) = self { sequence } else { nil }
    }
}

extension Usage {
    /// Tokens of the prompt that neither came from a cache nor went into one, as Anthropic counts `input_tokens`.
    var anthropicInputTokens: Int {
        Swift.max(0, Swift.max(0, inputTokens - cachedInputTokens) - cacheWriteTokens)
    }
}

extension JSONWriter {
    /// Anthropic's `usage` object, with `"estimated":true` added where the relay counted.
    mutating func anthropicUsage(_ usage: Usage) {
        beginObject()
        key("input_tokens")
        int(usage.anthropicInputTokens)
        key("cache_creation_input_tokens")
        int(usage.cacheWriteTokens)
        key("cache_read_input_tokens")
        int(usage.cachedInputTokens)
        key("output_tokens")
        int(usage.outputTokens)
        if usage.reasoningTokens > 0 {
            key("output_tokens_details")
            beginObject()
            key("thinking_tokens")
            int(usage.reasoningTokens)
            endObject()
        }
        if usage.origin == .estimated {
            key("estimated")
            bool(true)
        }
        endObject()
    }

    /// The first members of a message, up to and with the key of its content.
    mutating func anthropicMessageHead(id: String, model: String) {
        key("id")
        string(id)
        key("type")
        string("message")
        key("role")
        string("assistant")
        key("model")
        string(model)
        key("content")
    }

    /// The members `stop_reason` and `stop_sequence`.
    mutating func anthropicEnd(_ reason: FinishReason, hasCalls: Bool, isRefusal: Bool) {
        key("stop_reason")
        string(reason.anthropicWord(hasCalls: hasCalls, isRefusal: isRefusal).description)
        key("stop_sequence")
        stringOrNull(reason.anthropicStopSequence)
    }
}

/// What of a neutral answer Anthropic's dialect has its own view of.
enum AnthropicAnswer {
    /// True for a citation in one of Anthropic's own forms; others would not fit the SDKs' types.
    ///
    /// anthropic 2.12.0, `types/text_citation.py`.
    static func isCitation(_ value: JSONValue) -> Bool {
        guard let type = value["type"]?.stringValue else { return false }
        return citationTypes.contains(type)
    }

    private static let citationTypes: Set<String> = [
        "char_location", "page_location", "content_block_location", "web_search_result_location",
        "search_result_location",
    ]

    /// The identifier of a tool call that came without one: unique as long as that of the message is.
    static func callID(messageID: String, index: Int) -> String {
        "toolu_\(messageID.hasPrefix("msg_") ? messageID.dropFirst(4) : messageID[...])_\(index)"
    }
}
