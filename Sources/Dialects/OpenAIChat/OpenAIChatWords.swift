import Wire

extension FinishReason {
    /// OpenAI's word: `stop`, `length`, `tool_calls`, or `function_call` for clients that use it, or `content_filter`.
    func openAIWord(usesFunctionCall: Bool = false) -> StaticString {
        switch self {
        case .stop, .stopSequence, .refusal, .paused: "stop"
        case .length, .contextWindow: "length"
        case .toolCalls: usesFunctionCall ? "function_call" : "tool_calls"
        case .contentFilter: "content_filter"
        }
    }
}

extension ToolCall.Kind {
    /// The `type` of a tool call, and the member that has its details.
    var openAIWord: String {
        switch self {
        case .function: "function"
        case .custom: "custom"
        }
    }

    /// The member among the details that has what the tool is given.
    var argumentsWord: String {
        switch self {
        case .function: "arguments"
        case .custom: "input"
        }
    }
}

extension JSONWriter {
    /// OpenAI's `usage` object, with `"estimated":true` added where the relay counted.
    mutating func openAIUsage(_ usage: Usage) {
        beginObject()
        key("prompt_tokens")
        int(usage.inputTokens)
        key("completion_tokens")
        int(usage.outputTokens)
        key("total_tokens")
        int(usage.totalTokens)
        key("prompt_tokens_details")
        beginObject()
        key("cached_tokens")
        int(usage.cachedInputTokens)
        endObject()
        key("completion_tokens_details")
        beginObject()
        key("reasoning_tokens")
        int(usage.reasoningTokens)
        endObject()
        if usage.origin == .estimated {
            key("estimated")
            bool(true)
        }
        endObject()
    }
}

extension [UInt8] {
    /// Appends the bytes of a text written in the source.
    mutating func append(literal text: StaticString) {
        text.withUTF8Buffer { unsafe append(contentsOf: $0) }
    }

    /// Appends the bytes of a text put together.
    mutating func append(text: String) {
        append(contentsOf: text.utf8)
    }
}
