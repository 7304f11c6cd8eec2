import Dialects

/// Turns the events of one upstream call into those of one choice: ends at a stop sequence or with the last token that
/// was asked for, and settles the usage.
///
/// What comes out is text and other pieces, then one usage, then the end; nothing after that. A failure comes out as
/// nothing and is kept.
struct ChoiceEvents: Sendable {
    private var cutter: StopSequenceCutter?
    private var output: AnswerTokens
    private let plan: ChatPlan
    /// What was used: the upstream's own count, or else the relay's once the choice is over.
    private(set) var usage: Usage?
    /// Why there will be no complete answer.
    private(set) var failure: Failure?
    /// Whether the last event came out, or the failure came in.
    private(set) var isOver = false

    /// Begins a choice.
    ///
    /// - Parameters:
    ///   - plan: what was asked for.
    ///   - usage: the upstream's count where it is known beforehand, as with an answer that came whole.
    init(_ plan: ChatPlan, usage: Usage? = nil) {
        let cutter = StopSequenceCutter(plan.stopSequences)
        self.cutter = cutter.isActive ? cutter : nil
        output = AnswerTokens(plan.encoding, limit: plan.maximumOutputTokens)
        self.plan = plan
        self.usage = usage
    }

    /// Takes the next event of the upstream and gives what the client is to see of it.
    mutating func take(_ event: GenerationEvent, _ emit: (GenerationEvent) -> Void) {
        guard !isOver else { return }
        switch event {
        case .text(let text): takeText(text, event, emit)
        case .usage(let usage): self.usage = usage
        case .finished(let reason):
            emitHeldText(emit)
            finish(reason, emit)
        case .failed(let failure):
            self.failure = failure
            isOver = true
        case .reasoning(let text), .refusal(let text):
            output.add(text)
            emit(event)
        case .toolCallArguments(_, let text):
            output.add(text)
            emit(event)
        case .started, .signature, .citation, .toolCallBegan, .toolCallEnded: emit(event)
        }
    }

    /// The limit comes first: a vendor's model stops writing there, and looks for stop sequences in what it wrote.
    private mutating func takeText(
        _ text: String, _ event: GenerationEvent, _ emit: (GenerationEvent) -> Void
    ) {
        let written = output.cut(text)
        if let cut = cutter?.feed(written) {
            emitText(cut.text, emit)
            if let stop = cut.stop { return finish(.stopSequence(stop), emit) }
        } else if output.isFull {
            emitText(written, emit)
        } else {
            output.add(text)
            emit(event)
        }
        guard output.isFull else { return }
        emitHeldText(emit)
        // The upstream's number, if it came at all, is that of its whole answer.
        let reported = usage
        usage = nil
        finish(.length, emit, reported: reported)
    }

    private mutating func emitText(_ text: String, _ emit: (GenerationEvent) -> Void) {
        guard !text.isEmpty else { return }
        output.add(text)
        emit(.text(text))
    }

    /// What could have been the beginning of a stop sequence and was not.
    private mutating func emitHeldText(_ emit: (GenerationEvent) -> Void) {
        if let rest = cutter?.finish() { emitText(rest, emit) }
    }

    /// - Parameter reported: what the upstream said of an answer that was cut; its prompt and its price still hold.
    private mutating func finish(
        _ reason: FinishReason, _ emit: (GenerationEvent) -> Void, reported: Usage? = nil
    ) {
        isOver = true
        let usage = usage ?? ownUsage(reported)
        self.usage = usage
        emit(.usage(usage))
        emit(.finished(reason))
    }

    private mutating func ownUsage(_ reported: Usage?) -> Usage {
        let input =
            reported.map { TokenCount(tokens: $0.inputTokens, isExact: true) } ?? plan.promptTokens.count
        let output = output.count()
        return Usage(
            inputTokens: input.tokens, outputTokens: output.tokens,
            cachedInputTokens: reported?.cachedInputTokens ?? 0,
            cacheWriteTokens: reported?.cacheWriteTokens ?? 0,
            origin: (input + output).isExact ? .counted : .estimated, credits: reported?.credits)
    }
}
