import Wire

/// Writes the `response` object of one answer, at its beginning and at its end.
struct ResponsesObject: Sendable {
    private let id: String
    private let created: Int
    private let model: String
    /// The members that repeat the request, written once: instructions and tools can be long.
    private let echo: [UInt8]
    private let completed: (@Sendable () -> Int)?

    /// The object of one answer; see the encoders for the parameters.
    init(id: String, created: Int, echo: OpenAIResponsesEcho, completed: (@Sendable () -> Int)?) {
        self.id = id
        self.created = created
        self.model = echo.model
        self.echo = Array(JSONValue.object(echo.members).serialized().dropFirst().dropLast())
        self.completed = completed
    }

    /// The object of a complete answer.
    func bytes(_ output: ResponsesOutput) -> [UInt8] {
        let textBytes = output.items.reduce(0) { sum, item in
            item.parts.reduce(sum + item.text.utf8.count) { $0 + $1.text.utf8.count }
        }
        var writer = JSONWriter(capacity: 1024 + echo.count + textBytes + textBytes / 8)
        write(output, into: &writer)
        return writer.bytes
    }

    /// Writes the object as it is at the moment.
    func write(_ output: ResponsesOutput, into writer: inout JSONWriter) {
        let status = output.end.status
        writer.beginObject()
        writer.key("id")
        writer.string(id)
        writer.key("object")
        writer.string("response")
        writer.key("created_at")
        writer.int(created)
        writer.key("completed_at")
        if status == "completed", let completed { writer.int(completed()) } else { writer.null() }
        writer.key("status")
        writer.string(status)
        writer.key("background")
        writer.bool(false)
        writer.key("error")
        writer.error(of: output.end)
        writer.key("incomplete_details")
        writer.incompleteDetails(of: output.end)
        writer.key("model")
        writer.string(model)
        writer.key("output")
        writer.beginArray()
        for item in output.items { writer.responsesItem(item) }
        writer.endArray()
        writer.key("usage")
        if let usage = output.usage, output.end != nil { writer.responsesUsage(usage) } else { writer.null() }
        if !echo.isEmpty { writer.raw(echo) }
        writer.endObject()
    }
}

extension ResponsesOutput.End? {
    /// The `status` of a response.
    fileprivate var status: String {
        switch self {
        case nil: "in_progress"
        case .failed: "failed"
        case .finished(let reason): reason.incompleteWord == nil ? "completed" : "incomplete"
        }
    }
}

extension FinishReason {
    /// Why a response is incomplete, in OpenAI's words; nil where it is complete.
    var incompleteWord: String? {
        switch self {
        case .stop, .stopSequence, .toolCalls, .refusal, .paused: nil
        case .length, .contextWindow: "max_output_tokens"
        case .contentFilter: "content_filter"
        }
    }
}

extension Failure {
    /// The `code` in a failed response: the words of openai-python 3.52.0, `response_error.py`, and those that Codex
    /// acts on by itself.
    ///
    /// Codex gives up on `invalid_prompt`, `context_length_exceeded` and `insufficient_quota`, waits on
    /// `rate_limit_exceeded` and repeats on everything else (codex-rs, `sse/responses.rs`).
    var responsesCode: String {
        switch kind {
        case .rateLimited: "rate_limit_exceeded"
        case .insufficientQuota: "insufficient_quota"
        case .invalidRequest, .unsupported, .upstreamRejected, .contentFiltered, .requestTooLarge,
            .modelNotFound, .missingCredential, .invalidCredential, .permissionDenied, .objectNotFound,
            .routeNotFound,
            .methodNotAllowed, .unsupportedMediaType:
            code == "context_length_exceeded" ? "context_length_exceeded" : "invalid_prompt"
        case .requestTimedOut, .upstreamFailed, .answerUnusable, .upstreamUnreachable, .upstreamTimedOut,
            .overloaded, .shuttingDown, .internalError:
            "server_error"
        }
    }
}

extension JSONWriter {
    fileprivate mutating func error(of end: ResponsesOutput.End?) {
        guard case .failed(let failure) = end else { return null() }
        beginObject()
        key("code")
        string(failure.responsesCode)
        key("message")
        string(failure.message)
        endObject()
    }

    fileprivate mutating func incompleteDetails(of end: ResponsesOutput.End?) {
        guard case .finished(let reason) = end, let word = reason.incompleteWord else { return null() }
        beginObject()
        key("reason")
        string(word)
        endObject()
    }

    /// The `usage` of a response, with `"estimated":true` added where the relay counted.
    fileprivate mutating func responsesUsage(_ usage: Usage) {
        beginObject()
        key("input_tokens")
        int(usage.inputTokens)
        key("input_tokens_details")
        beginObject()
        key("cache_write_tokens")
        int(usage.cacheWriteTokens)
        key("cached_tokens")
        int(usage.cachedInputTokens)
        endObject()
        key("output_tokens")
        int(usage.outputTokens)
        key("output_tokens_details")
        beginObject()
        key("reasoning_tokens")
        int(usage.reasoningTokens)
        endObject()
        key("total_tokens")
        int(usage.totalTokens)
        if usage.origin == .estimated {
            key("estimated")
            bool(true)
        }
        endObject()
    }
}
