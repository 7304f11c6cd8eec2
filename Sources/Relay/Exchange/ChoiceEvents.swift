import Dialects
import Tokens

/// Turns the events of one upstream call into those of one choice: ends at a stop sequence, and settles the usage.
///
/// What comes out is text and other pieces, then one usage, then the end; nothing after that. A failure comes out as
/// nothing and is kept.
struct ChoiceEvents {
    private var cutter: StopSequenceCutter?
    private var output = TokenEstimate()
    private let inputTokens: Int
    /// What was used: the upstream's own count, or else an estimate once the choice is over.
    private(set) var usage: Usage?
    /// Why there will be no complete answer.
    private(set) var failure: Failure?
    /// Whether the last event came out, or the failure came in.
    private(set) var isOver = false

    /// Begins a choice.
    ///
    /// - Parameters:
    ///   - stopSequences: texts at which the answer ends.
    ///   - inputTokens: the relay's estimate of the prompt, for an upstream that does not count.
    ///   - usage: the upstream's count where it is known beforehand, as with an answer that came whole.
    init(stopSequences: [String], inputTokens: Int, usage: Usage? = nil) {
        let cutter = StopSequenceCutter(stopSequences)
        self.cutter = cutter.isActive ? cutter : nil
        self.inputTokens = inputTokens
        self.usage = usage
    }

    /// Takes the next event of the upstream and gives what the client is to see of it.
    mutating func take(_ event: GenerationEvent, _ emit: (GenerationEvent) -> Void) {
        guard !isOver else { return }
        switch event {
        case .text(let text): takeText(text, event, emit)
        case .usage(let usage): self.usage = usage
        case .finished(let reason):
            if let rest = cutter?.finish(), !rest.isEmpty {
                output.add(rest)
                emit(.text(rest))
            }
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

    private mutating func takeText(
        _ text: String, _ event: GenerationEvent, _ emit: (GenerationEvent) -> Void
    ) {
        guard let cut = cutter?.feed(text) else {
            output.add(text)
            emit(event)
            return
        }
        if !cut.text.isEmpty {
            output.add(cut.text)
            emit(.text(cut.text))
        }
        if let stop = cut.stop { finish(.stopSequence(stop), emit) }
    }

    private mutating func finish(_ reason: FinishReason, _ emit: (GenerationEvent) -> Void) {
        isOver = true
        let usage =
            usage ?? Usage(inputTokens: inputTokens, outputTokens: output.tokens, isEstimated: true)
        self.usage = usage
        emit(.usage(usage))
        emit(.finished(reason))
    }
}
