import Dialects

/// One choice of an answer that is sent as a whole although the upstream streams it.
///
/// That way the call can be given up as soon as there is enough of it.
struct StreamedChoice: Sendable {
    private var decoder: OneMinStreamDecoder
    private var events: ChoiceEvents
    private var fold = GenerationFold()

    /// Nothing came yet.
    init(_ plan: ChatPlan, limits: Configuration.Limits) {
        decoder = OneMinStreamDecoder(
            searchesWeb: plan.searchesWeb, maximumEventBytes: limits.eventBytes + plan.echoBytes)
        events = ChoiceEvents(plan)
    }

    /// Whether nothing more is to be taken.
    var isOver: Bool { events.isOver }

    /// How much the model said so far, in bytes.
    var textBytes: Int { fold.textBytes }

    /// Whether these bytes may bring an event so long that the work is too much for a loop.
    func isLong(with bytes: [UInt8]) -> Bool { decoder.completesLongEvent(with: bytes) }

    /// Whether the end of the stream may be too much work for a loop.
    var isEndLong: Bool { !isOver && decoder.heldBytes > ChatTokens.offloadBytes }

    /// Takes the next bytes of the stream.
    mutating func take(_ bytes: [UInt8]) {
        decoder.feed(bytes) { event in events.take(event) { fold.add($0) } }
    }

    /// The answer, after the end of the stream or of what is wanted of it.
    ///
    /// - Throws: the failure that ended it.
    func choice() throws(Failure) -> ChoiceReader.Choice {
        var (decoder, events, fold) = (decoder, events, fold)
        decoder.end { event in events.take(event) { fold.add($0) } }
        if let failure = events.failure { throw failure }
        return ChoiceReader.Choice(result: try fold.result(), usage: events.usage)
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
