import Dialects
import Tokens

/// Turns the events of one upstream call into those of one choice: reads tool calls and thoughts out of the text where
/// the upstream has none, ends at a stop sequence or with the last token that was asked for, and settles the usage.
///
/// What comes out is text and other pieces, then one usage, then the end; nothing after that. A failure comes out as
/// nothing and is kept.
struct ChoiceEvents: Sendable {
    private var cutter: StopSequenceCutter?
    private var output: AnswerTokens
    // One or none. In an array, so that a stream that needs none has a pointer for it, and it can be taken out and put
    // back without being copied.
    private var emulated: [EmulatedAnswer]
    private let plan: ChatPlan
    private let prompt: PromptTokens
    // What was used of the call at hand, where the upstream has said so.
    private var reported: Usage?
    // What was used of a choice that is complete.
    private var used: Usage?
    // None until there is a further call. In an array, as above.
    private var earlier: [Earlier] = []
    /// Why there will be no complete answer.
    private(set) var failure: Failure?
    /// Whether the last event came out, or the failure came in.
    private(set) var isOver = false
    /// Whether anything came in of the call at hand.
    private(set) var hasBegun = false
    /// What the model is to be asked in a further call; the events of that go on with this choice.
    private(set) var followUp: [Turn]?

    /// What is known of the call before a further one.
    private struct Earlier {
        /// What it used.
        var usage: Usage
        /// How much of that the client was given, in tokens.
        var givenTokens: Int
    }

    /// What was used: the upstream's own count, or else the relay's once the choice is complete.
    ///
    /// It is more than the client is shown where its answer was cut, for the upstream has written all of it.
    var usage: Usage? { used ?? allReported ?? earlier.first?.usage }

    /// What was used as far as that can be told, of a choice that breaks off.
    mutating func usageSoFar() -> Usage {
        if let known = used ?? allReported { return known }
        var usage = ownUsage()
        usage.add(ungiven)
        return usage
    }

    /// What was used of all calls, where the upstream has said so of the one at hand.
    private var allReported: Usage? {
        reported.flatMap { Usage.total([earlier.first?.usage, $0]) }
    }

    /// Whether the model wrote anything.
    var hasText: Bool { !output.isEmpty || emulated.first?.ungivenText.isEmpty == false }

    /// What waits to become JSON or a call, or never will. Of long text the beginning is counted, which stands for all of it:
    /// a loop has no time for more.
    private var ungiven: Usage {
        var usage = Usage(inputTokens: 0, outputTokens: 0, origin: .counted)
        // Until something comes, what is held is of the call before.
        guard hasBegun, let text = emulated.first?.ungivenText else { return usage }
        let counted = min(text.count, ChatTokens.offloadBytes)
        var counter = TokenCounter(plan.encoding.vocabulary)
        counter.add(text.span.extracting(first: counted))
        usage.outputTokens = plan.encoding.tokens(counter.tokens)
        guard counted < text.count else { return usage }
        usage.outputTokens = usage.outputTokens * text.count / counted
        usage.origin = .estimated
        return usage
    }

    /// Whether the call at hand is no loss: a further one of which nothing came yet.
    var isExpendable: Bool { !earlier.isEmpty && !hasBegun }

    /// Begins a choice; `choice` counts from 0.
    init(_ plan: ChatPlan, choice: Int) {
        let cutter = StopSequenceCutter(plan.stopSequences)
        self.cutter = cutter.isActive ? cutter : nil
        output = AnswerTokens(plan.encoding, limit: plan.maximumOutputTokens)
        emulated = []
        if let emulation = plan.emulation {
            emulated = [EmulatedAnswer(emulation, furtherCalls: plan.followUp == nil ? 0 : 1)]
        }
        self.plan = plan
        prompt = plan.prompts[choice]
    }

    /// Takes the next event of the upstream and gives what the client is to see of it.
    mutating func take(_ event: GenerationEvent, _ emit: (GenerationEvent) -> Void) {
        guard !isOver, followUp == nil else { return }
        if case .usage(let usage) = event {
            reported = usage
            return
        }
        if isExpendable, case .failed = event { return giveUpFollowUp(emit) }
        hasBegun = true
        guard !emulated.isEmpty else { return pass(event, emit) }
        var answers: [EmulatedAnswer] = []
        swap(&answers, &emulated)
        answers[0].take(event) { pass($0, emit) }
        // Nothing more is wanted of this call, which is given up and so has no end of its own.
        if answers[0].isOver, !isOver { answers[0].giveUp { pass($0, emit) } }
        followUp = isOver ? nil : answers[0].followUp
        // Its room goes with it, for an open stream should be small.
        if !answers[0].isIdle { swap(&answers, &emulated) }
    }

    /// Goes on with the events of the call that `followUp` asked for.
    mutating func beginFollowUp() {
        followUp = nil
        earlier = [Earlier(usage: usageSoFar(), givenTokens: output.count().tokens)]
        reported = nil
        hasBegun = false
    }

    /// Gives what there is instead of what a further call would have brought.
    ///
    /// - Parameter used: what both calls used, where anything came of the further one; else what the upstream has said counts.
    mutating func giveUpFollowUp(having used: Usage? = nil, _ emit: (GenerationEvent) -> Void) {
        guard !isOver, !emulated.isEmpty else { return }
        followUp = nil
        reported = used ?? usage
        earlier = []
        var answers: [EmulatedAnswer] = []
        swap(&answers, &emulated)
        answers[0].giveUp { pass($0, emit) }
        swap(&answers, &emulated)
    }

    /// Takes an event that is the model's own, or looks as if it were.
    private mutating func pass(_ event: GenerationEvent, _ emit: (GenerationEvent) -> Void) {
        guard !isOver else { return }
        switch event {
        case .text(let text): takeText(text, event, emit)
        case .finished(let reason):
            endText(emit)
            if !isOver { finish(reason, emit) }
        case .failed(let failure):
            // What waits exceeds the limit: the answer was complete before this.
            if output.isWaiting { return endText(emit) }
            self.failure = failure
            isOver = true
        case .refusal(let text):
            output.add(text)
            emit(event)
        case .reasoning(let text):
            // It counts: https://platform.openai.com/docs/api-reference/chat/create, `max_completion_tokens`.
            endText(emit)
            guard !isOver else { return }
            let written = output.cut(text)
            if !written.isEmpty {
                output.add(written)
                emit(.reasoning(written))
            }
            if output.isFull { finishFull(emit) }
        case .toolCallBegan(let index, let id, let name, let kind):
            endText(emit)
            guard !isOver else { return }
            emit(.toolCallBegan(index: index, id: id ?? plan.toolCallID(), name: name, kind: kind))
        case .toolCallArguments(let index, let text):
            let written = output.cut(text)
            if !written.isEmpty {
                output.add(written)
                emit(.toolCallArguments(index: index, written))
            }
            if output.isFull { finishFull(emit) }
        case .started, .signature, .citation, .image, .toolCallEnded: emit(event)
        case .usage: break  // See `take`.
        }
    }

    /// The limit comes first: a vendor's model stops writing there, and looks for stop sequences in what it wrote.
    private mutating func takeText(
        _ text: String, _ event: GenerationEvent, _ emit: (GenerationEvent) -> Void
    ) {
        let written = output.cut(text, mayWait: true)
        if cutter == nil, !output.isFull, written.utf8.count == text.utf8.count {
            output.add(text)
            return emit(event)
        }
        takeWritten(written, emit)
    }

    /// Takes text that is within the limit.
    private mutating func takeWritten(_ written: String, _ emit: (GenerationEvent) -> Void) {
        if let cut = cutter?.feed(written) {
            emitText(cut.text, emit)
            if let stop = cut.stop { return finish(.stopSequence(stop), emit) }
        } else {
            emitText(written, emit)
        }
        guard output.isFull else { return }
        emitHeldText(emit)
        finishFull(emit)
    }

    /// Gives the text that waited for more, of which there is none; the choice can be over then.
    private mutating func endText(_ emit: (GenerationEvent) -> Void) {
        if output.isWaiting { takeWritten(output.finishCut(), emit) }
        if !isOver { emitHeldText(emit) }
    }

    /// Ends where the last token that was asked for is.
    private mutating func finishFull(_ emit: (GenerationEvent) -> Void) {
        // The upstream's number, if it came at all, is that of its whole answer.
        finish(.length, emit, shown: ownUsage(reported))
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

    /// - Parameter shown: what the client is shown instead of what was used.
    private mutating func finish(
        _ reason: FinishReason, _ emit: (GenerationEvent) -> Void, shown: Usage? = nil
    ) {
        isOver = true
        let usage = allReported ?? shown ?? ownUsage()
        used = usage
        emit(.usage(shown ?? usage))
        emit(.finished(reason))
    }

    /// What the relay counts, with what the call before a further one used.
    ///
    /// - Parameter whole: what the upstream said of an answer that was cut; its prompt and its price still hold.
    private mutating func ownUsage(_ whole: Usage? = nil) -> Usage {
        let input =
            whole.map { TokenCount(tokens: $0.inputTokens, isExact: true) } ?? prompt.count
        let given = output.count()
        var usage = Usage(
            inputTokens: input.tokens, outputTokens: given.tokens - (earlier.first?.givenTokens ?? 0),
            cachedInputTokens: whole?.cachedInputTokens ?? 0,
            cacheWriteTokens: whole?.cacheWriteTokens ?? 0,
            origin: (input + given).isExact ? .counted : .estimated, credits: whole?.credits)
        if let before = earlier.first?.usage { usage.add(before) }
        return usage
    }
}
