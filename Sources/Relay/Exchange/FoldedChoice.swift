import Dialects

/// One choice of an answer that is sent as a whole, whether the upstream streams it or not.
///
/// A streamed call can be given up as soon as there is enough of it.
///
/// It is large, and what is asked of it without being inlined copies it: so the short questions are.
struct FoldedChoice: Sendable {
    /// What came of a choice.
    struct Outcome: Sendable {
        /// What the model said, or why the client gets nothing of it.
        var result: Result<GenerationResult, ExchangeStop>
        /// What it used, as far as that is known.
        var usage: Usage?
    }

    private let plan: ChatPlan
    private let maximumEventBytes: Int
    // One, or none where there is no stream. In an array, so that it is not copied with each look at whether there is one.
    private var decoders: [OneMinStreamDecoder] = []
    private var events: ChoiceEvents
    private var fold = GenerationFold()

    /// Nothing came yet; `choice` counts from 0.
    init(_ plan: ChatPlan, choice: Int, maximumEventBytes: Int) {
        self.plan = plan
        self.maximumEventBytes = maximumEventBytes
        events = ChoiceEvents(plan, choice: choice)
    }

    /// Whether nothing more is to be taken of the call at hand.
    @inline(__always) var isOver: Bool { events.isOver || events.followUp != nil }

    /// Whether the call at hand has said something.
    @inline(__always) var hasBegun: Bool { events.hasBegun }

    /// How much the model said so far, in bytes.
    @inline(__always) var textBytes: Int { fold.textBytes }

    /// What the model is to be asked in a further call.
    @inline(__always) var followUp: [Turn]? { events.followUp }

    /// Goes on with a further call.
    mutating func beginFollowUp() {
        decoders = []
        events.beginFollowUp()
    }

    /// Ends with what there is, for there is no further call, or it failed.
    ///
    /// - Parameter used: what both calls used; nil where nothing came of the further one.
    mutating func giveUpFollowUp(having used: Usage? = nil) {
        events.giveUpFollowUp(having: used) { fold.add($0) }
    }

    /// What was used of a further call that broke off, and of the one before it; nil where nothing came of it.
    mutating func usageOfBoth() -> Usage? { events.isExpendable ? nil : events.usageSoFar() }

    /// Tells that the call at hand is answered by a stream.
    mutating func expectStream() {
        decoders = [
            OneMinStreamDecoder(searchesWeb: plan.searchesWeb, maximumEventBytes: maximumEventBytes)
        ]
    }

    /// Whether the call at hand is answered by a stream.
    @inline(__always) var isStreamed: Bool { !decoders.isEmpty }

    /// Whether these bytes may bring an event so long that the work is too much for a loop.
    func isLong(with bytes: [UInt8]) -> Bool { isStreamed && decoders[0].completesLongEvent(with: bytes) }

    /// Whether the end of the stream may be too much work for a loop.
    @inline(__always) var isEndLong: Bool {
        !isOver && isStreamed && decoders[0].heldBytes > ChatTokens.offloadBytes
    }

    /// Takes the next bytes of the stream.
    mutating func take(_ bytes: [UInt8]) {
        guard isStreamed else { return }
        decoders[0].feed(bytes) { event in events.take(event) { fold.add($0) } }
    }

    /// Takes the end of the stream, or of what is wanted of it.
    mutating func end() {
        guard isStreamed else { return }
        decoders[0].end { event in events.take(event) { fold.add($0) } }
    }

    /// Takes the body of a call that is not answered by a stream.
    mutating func take(document: [UInt8]) {
        for event in OneMinResultDecoder.decode(document, searchesWeb: plan.searchesWeb) {
            events.take(event) { fold.add($0) }
        }
    }

    /// What there is after the end: the answer, which is not kept, or the failure that ended it.
    mutating func takeOutcome() -> Outcome {
        if let failure = events.failure { return takeOutcome(.failure(failure)) }
        var whole = GenerationFold()
        swap(&whole, &fold)
        do throws(Failure) {
            return Outcome(result: .success(try whole.result()), usage: events.usage)
        } catch {
            return takeOutcome(.failure(error))
        }
    }

    /// What there is where the call at hand stopped before its end.
    ///
    /// A call that fails before the model wrote anything is taken to have used nothing, unless its vendor says otherwise.
    mutating func takeOutcome(_ stop: ExchangeStop) -> Outcome {
        var isUsed = events.hasText
        if case .failure(let failure) = stop, failure.kind == .answerUnusable { isUsed = true }
        return Outcome(result: .failure(stop), usage: isUsed ? events.usageSoFar() : events.usage)
    }
}

extension OneMinStreamDecoder {
    /// Whether these bytes may complete an event with more text than should be counted on a loop.
    ///
    /// No event ends without a line end, so the bytes of a long one are cheap to take until then.
    func completesLongEvent(with bytes: [UInt8]) -> Bool {
        heldBytes + bytes.count > ChatTokens.offloadBytes
            && bytes.contains { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
    }
}
