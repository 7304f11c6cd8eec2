import Wire

/// What 1min.ai's `aiRecord` says of a call: the answer, what it used, and whether it worked.
///
/// https://docs.1min.ai/docs/api/chat-with-ai-api; `metadata` is not documented there and was seen in live answers.
struct OneMinRecord {
    /// The whole answer; nil when there is none.
    let text: String?
    /// Pictures in base64, of an answer that the relay made itself: see `OneMinMediaRecord.chatAnswer`.
    let pictures: [String]
    /// What was used, also where there is no answer: thoughts are paid for. Nil when the record does not say; a count of zero
    /// is a broken one.
    let usage: Usage?
    /// Why the answer ended; `stop` when the record does not say.
    let finishReason: FinishReason
    /// Why there is no answer, when the record says that the call failed.
    let failure: Failure?

    /// What is read of an answer or event that carries a record; its other members repeat the prompt and the account.
    static let selection: JSONSelection = [
        "aiRecord": [
            "metadata": .everything, "status": .everything, "aiRecordDetail": ["resultObject": .everything],
            "pictures": .everything,
        ]
    ]

    /// Reads the record out of the value of `aiRecord`.
    init(_ record: JSONValue) {
        let metadata = record["metadata"]
        let result = record["aiRecordDetail"]?["resultObject"]
        pictures = record["pictures"]?.arrayValue?.compactMap(\.stringValue) ?? []
        usage = metadata.flatMap(Self.usage)
        finishReason = Self.finishReason(metadata?["finishReason"]?.stringValue)
        text = result.flatMap(Self.text)
        failure = Self.failure(status: record["status"]?.stringValue, result: result, text: text)
    }

    /// The answer without the progress lines of a web search; nil where nothing is left.
    func text(searchesWeb: Bool) -> String? {
        guard searchesWeb, let text else { return text }
        var filter = OneMinProgressFilter()
        let rest = filter.feed(text) + filter.finish()
        return rest.isEmpty ? nil : rest
    }

    /// The events of the record, with these between what was used, as far as it is known, and the end.
    ///
    /// First what was paid for: of the text the client may want the beginning only.
    func events(with content: [GenerationEvent]) -> [GenerationEvent] {
        (usage.map { [.usage($0)] } ?? []) + content + [end(hasText: !content.isEmpty)]
    }

    /// The event that ends the answer.
    ///
    /// - Parameter hasText: whether the client was given any text; an answer without is a failure, never a success.
    func end(hasText: Bool) -> GenerationEvent {
        if let failure { return .failed(failure) }
        return hasText ? .finished(finishReason) : .failed(Self.emptyAnswer(finishReason))
    }

    /// The failure for an answer without any text.
    static func emptyAnswer(_ reason: FinishReason) -> Failure {
        switch reason {
        case .contentFilter, .refusal:
            Failure(.contentFiltered, "1min.ai: the provider's content filter withheld the answer.")
        case .length, .contextWindow:
            Failure(.answerUnusable, "1min.ai: the model reached its length limit before it wrote any text.")
        default: Failure(.answerUnusable, "1min.ai: the model's answer has no text.")
        }
    }

    /// Several strings are several parts of one answer; one alone is the rule.
    private static func text(_ result: JSONValue) -> String? {
        switch result {
        case .string(let text): return text.isEmpty ? nil : text
        case .array(let elements):
            if elements.count == 1, case .string(let only) = elements[0] { return only.isEmpty ? nil : only }
            let texts = elements.compactMap(\.stringValue).filter { !$0.isEmpty }
            return texts.isEmpty ? nil : texts.joined(separator: "\n")
        default: return nil
        }
    }

    private static func usage(_ metadata: JSONValue) -> Usage? {
        let input = count(metadata["inputToken"])
        let output = count(metadata["outputToken"])
        let total = count(metadata["totalToken"])
        guard input > 0, output > 0 else { return nil }
        let credits = metadata["credit"].flatMap { $0.doubleValue ?? $0.stringValue.flatMap(Double.init) }
        return Usage(
            inputTokens: input, outputTokens: output,
            totalTokens: total >= input && total - input >= output ? total : nil,
            credits: credits.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil })
    }

    /// A count, also one written as a string; what is no count is 0.
    private static func count(_ value: JSONValue?) -> Int {
        guard let value else { return 0 }
        return max(0, value.intValue ?? value.stringValue.flatMap { Int($0) } ?? 0)
    }

    /// The words of several vendors, which 1min.ai hands on as they are.
    private static func finishReason(_ word: String?) -> FinishReason {
        switch word?.lowercased() {
        case nil, "stop": .stop
        case "length", "max_tokens", "max_output_tokens", "model_length": .length
        case "model_context_window_exceeded": .contextWindow
        case "content_filter", "content-filter", "content_filtered", "safety", "recitation", "blocklist",
            "prohibited_content", "spii", "guardrail_intervened":
            .contentFilter
        case "refusal": .refusal
        case "stop_sequence": .stopSequence(nil)
        default: .stop
        }
    }

    private static func failure(status: String?, result: JSONValue?, text: String?) -> Failure? {
        if let object = failureObject(result) {
            let body = OneMinErrorBody(object)
            // An object in place of the text is how a provider's content filter shows.
            return body.failure(status: 200, otherwise: .contentFiltered)
        }
        guard let status, !succeeded.contains(status.uppercased()) else { return nil }
        // What stands there is the reason or what there is of the answer; only a reason is short.
        // A word alone is no reason but a path.
        let reason = text.flatMap { $0.utf8.count <= maximumReasonBytes && $0.contains(" ") ? $0 : nil }
        let body = OneMinErrorBody(code: nil, message: reason)
        return body.failure(
            status: 200, otherwise: .upstreamFailed, fallback: "the answer is marked as failed")
    }

    private static func failureObject(_ result: JSONValue?) -> JSONValue? {
        switch result {
        case .object: result
        case .array(let elements):
            if case .object? = elements.first { elements.first } else { nil }
        default: nil
        }
    }

    private static let maximumReasonBytes = 300
    private static let succeeded = ["SUCCESS", "SUCCEEDED", "COMPLETED", "DONE"]
}
