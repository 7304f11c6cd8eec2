public import Wire

/// Gathers the events of an answer into the whole of it.
///
/// A non-streamed answer is the fold of its events, so both paths share one translation.
public struct GenerationFold: Sendable {
    private var parts: [Part] = []
    private var open = Open.nothing
    private var openText = ""
    private var calls: [OpenCall] = []
    private var citations: [JSONValue] = []
    private var usage: Usage?
    private var end: End?

    /// Nothing happened yet.
    public init() {}

    /// Takes the next event; those after the end are ignored.
    public mutating func add(_ event: GenerationEvent) {
        guard end == nil else { return }
        switch event {
        case .started: break
        case .text(let piece): append(piece, to: .text)
        case .reasoning(let piece): append(piece, to: .reasoning)
        case .refusal(let piece): append(piece, to: .refusal)
        case .signature(let signature): close(signature: signature)
        case .citation(let citation): citations.append(citation)
        case .image(let data):
            close()
            parts.append(.image(ImagePart(source: .base64(data, mediaType: nil))))
        case .toolCallBegan(let index, let id, let name, let kind):
            close()
            calls.append(OpenCall(index: index, position: parts.count))
            parts.append(.toolCall(ToolCall(id: id, name: name, arguments: "", kind: kind)))
        case .toolCallArguments(let index, let piece):
            if let open = calls.lastIndex(where: { $0.index == index }) { calls[open].arguments += piece }
        case .toolCallEnded: break
        case .usage(let usage): self.usage = usage
        case .finished(let reason): end = .finished(reason)
        case .failed(let failure): end = .failed(failure)
        }
    }

    /// The answer so far has at least one piece that a client can see.
    public var hasContent: Bool { !parts.isEmpty || !openText.isEmpty }

    /// How long the text that is being gathered is, in bytes.
    public var textBytes: Int { openText.utf8.count }

    /// The whole answer.
    ///
    /// - Throws: the failure that ended it, or `upstreamFailed` when it never ended.
    public consuming func result() throws(Failure) -> GenerationResult {
        switch end {
        case .failed(let failure): throw failure
        case nil: throw Failure(.upstreamFailed, "The upstream's answer ended before it was complete.")
        case .finished(let reason):
            close()
            for open in calls {
                guard case .toolCall(var call) = parts[open.position] else { continue }
                call.arguments = open.arguments
                parts[open.position] = .toolCall(call)
            }
            return GenerationResult(
                parts: parts, citations: citations, usage: usage, finishReason: reason)
        }
    }

    private mutating func append(_ piece: String, to kind: Open) {
        if open != kind {
            close()
            open = kind
        }
        openText += piece
    }

    private mutating func close(signature: String? = nil) {
        switch open {
        case .nothing:
            if let signature { parts.append(.reasoning(ReasoningPart(text: "", signature: signature))) }
        case .text: parts.append(.text(TextPart(openText)))
        case .refusal: parts.append(.refusal(openText))
        case .reasoning: parts.append(.reasoning(ReasoningPart(text: openText, signature: signature)))
        }
        open = .nothing
        openText = ""
    }

    /// The kind of part that pieces are added to.
    private enum Open {
        case nothing, text, reasoning, refusal
    }

    /// A tool call whose arguments are being gathered apart, so that adding a piece copies nothing.
    private struct OpenCall {
        let index: Int
        let position: Int
        var arguments = ""
    }

    /// How the answer ended.
    private enum End {
        case finished(FinishReason)
        case failed(Failure)
    }
}

/// A complete answer.
public struct GenerationResult: Sendable, Equatable {
    /// What was said and called, in order.
    public var parts: [Part]
    /// Sources that the answer quotes, as the vendor described them.
    public var citations: [JSONValue]
    /// What was used; nil when the upstream did not say.
    public var usage: Usage?
    /// Why the answer ended.
    public var finishReason: FinishReason

    /// A complete answer.
    public init(parts: [Part], citations: [JSONValue] = [], usage: Usage?, finishReason: FinishReason) {
        self.parts = parts
        self.citations = citations
        self.usage = usage
        self.finishReason = finishReason
    }

    /// All text, joined plainly.
    public var text: String {
        if parts.count == 1, case .text(let only) = parts[0] { return only.text }
        return parts.reduce(into: "") { text, part in if case .text(let piece) = part { text += piece.text } }
    }

    /// All reasoning, joined plainly.
    public var reasoning: String {
        parts.reduce(into: "") { text, part in if case .reasoning(let piece) = part { text += piece.text } }
    }

    /// All refusals, joined plainly.
    public var refusal: String {
        parts.reduce(into: "") { text, part in if case .refusal(let piece) = part { text += piece } }
    }

    /// The tool calls in order.
    public var toolCalls: [ToolCall] {
        parts.compactMap { part in if case .toolCall(let call) = part { call } else { nil } }
    }
}
