import Dialects

/// The translation of one or several upstream streams into one client stream, without any waiting.
///
/// Bytes go in, and what the client is to get for them gathers in `pending`, which the caller sends and empties. All
/// choices share identifiers and end together.
struct StreamedAnswer: Sendable {
    /// What is to be sent next.
    private(set) var pending: [UInt8] = []
    /// Whether an upstream said anything.
    private(set) var hasBegun = false
    /// Why the answer will not be complete; nothing more is to be taken then.
    private(set) var failure: Failure?

    private var encoder: any StreamEncoder
    // Two arrays, so that a decoder can be fed while its choice's events are taken.
    private var decoders: [OneMinStreamDecoder]
    private var choices: [ChoiceEvents]
    private var wholeBodies: [[UInt8]?]
    private var openCount: Int
    private let searchesWeb: Bool
    private let maximumEventBytes: Int

    /// Begins an answer of as many choices as the chat wants.
    init(_ chat: ChatPlan, _ start: AnswerForm.Start, limits: Configuration.Limits) {
        encoder = chat.form.streamEncoder(start, chat)
        let count = chat.choiceCount
        maximumEventBytes = limits.eventBytes + chat.echoBytes
        searchesWeb = chat.searchesWeb
        decoders = Array(
            repeating: OneMinStreamDecoder(
                searchesWeb: chat.searchesWeb, maximumEventBytes: maximumEventBytes),
            count: count)
        choices = (0..<count).map { ChoiceEvents(chat, choice: $0) }
        wholeBodies = Array(repeating: nil, count: count)
        openCount = count
    }

    /// Whether nothing more is to be taken for this choice, so that its call can be given up.
    func isOver(_ choice: Int) -> Bool { choices[choice].isOver }

    /// Whether all choices are complete.
    var isComplete: Bool { openCount == 0 && failure == nil }

    /// What all choices used together; `nil` until the first of them is complete.
    var usage: Usage? {
        Usage.total(choices.map { $0.usage })
    }

    /// What all choices used together as far as that can be told, of an answer that breaks off.
    mutating func usageSoFar() -> Usage? {
        var usages: [Usage?] = []
        for index in choices.indices { usages.append(choices[index].usageSoFar()) }
        return Usage.total(usages)
    }

    /// Whether taking these bytes may be too much work for a loop.
    func isLong(_ bytes: [UInt8], choice: Int) -> Bool {
        wholeBodies[choice] == nil && decoders[choice].completesLongEvent(with: bytes)
    }

    /// Whether taking the end may be too much work for a loop.
    func isEndLong(choice: Int) -> Bool {
        wholeBodies[choice]?.count ?? decoders[choice].heldBytes > ChatTokens.offloadBytes
    }

    /// Takes a piece of a choice's stream.
    mutating func take(_ bytes: [UInt8], choice: Int) {
        guard failure == nil, !choices[choice].isOver else { return }
        if pending.isEmpty { pending.reserveCapacity(Self.usualRoom) }
        if wholeBodies[choice] != nil {
            takeWhole(bytes, choice: choice)
        } else {
            Self.feed(bytes, &decoders[choice], &choices[choice], &encoder, &pending, choice)
        }
        settle(choice)
    }

    /// Tells that a choice's answer is not a stream but one JSON document, as some refusals are.
    mutating func expectWholeBody(choice: Int) {
        wholeBodies[choice] = []
    }

    /// Takes the end of a choice's stream.
    mutating func end(choice: Int) {
        guard failure == nil, !choices[choice].isOver else { return }
        if let body = wholeBodies[choice] {
            for event in OneMinResultDecoder.decode(body, searchesWeb: searchesWeb) {
                Self.pass(event, &choices[choice], &encoder, &pending, choice)
            }
        } else {
            Self.end(&decoders[choice], &choices[choice], &encoder, &pending, choice)
        }
        settle(choice)
        if failure == nil, !choices[choice].isOver, choices[choice].followUp == nil {
            failure = Failure(.internalError, "The answer ended without an end.")
        }
    }

    /// Adds what comes after the last choice's end.
    mutating func finish() {
        encoder.finish(into: &pending)
    }

    /// The complete answer as one object, once it is complete, in dialects that have such a thing.
    var whole: [UInt8]? { encoder.whole }

    /// Adds the failure that ends the answer, as the dialect says it.
    mutating func fail(_ failure: Failure) {
        encoder.encode(.failed(failure), choice: 0, into: &pending)
    }

    /// What a choice's model is to be asked in a further call.
    func followUp(_ choice: Int) -> [Turn]? { choices[choice].followUp }

    /// Whether a choice's call is no loss: a further one of which nothing came yet.
    func isExpendable(_ choice: Int) -> Bool { choices[choice].isExpendable }

    /// Goes on with the stream of a choice's further call.
    mutating func beginFollowUp(_ choice: Int) {
        choices[choice].beginFollowUp()
        wholeBodies[choice] = nil
        decoders[choice] = OneMinStreamDecoder(searchesWeb: searchesWeb, maximumEventBytes: maximumEventBytes)
    }

    /// Ends a choice with what there is, for there is no further call, or it failed.
    mutating func giveUpFollowUp(_ choice: Int) {
        var (events, encoder) = (choices[choice], encoder)
        events.giveUpFollowUp { encoder.encode($0, choice: choice, into: &pending) }
        choices[choice] = events
        self.encoder = encoder
        settle(choice)
    }

    /// Adds a sign of life for a client that has waited long.
    mutating func addHeartbeat() {
        encoder.writeHeartbeat(into: &pending)
    }

    /// Forgets what was sent, with its memory: until the next event of a model much time can pass.
    mutating func clearPending() {
        pending = []
    }

    /// Room for the chunks of a short piece of text, in bytes.
    private static let usualRoom = 512

    private mutating func takeWhole(_ bytes: [UInt8], choice: Int) {
        wholeBodies[choice]?.append(contentsOf: bytes)
        if wholeBodies[choice].map({ $0.count > maximumEventBytes }) ?? false {
            failure = Failure(.upstreamFailed, "The upstream's answer is too large.")
        }
    }

    private mutating func settle(_ choice: Int) {
        if choices[choice].hasBegun { hasBegun = true }
        guard choices[choice].isOver else { return }
        wholeBodies[choice] = nil
        if let reason = choices[choice].failure { failure = failure ?? reason } else { openCount -= 1 }
    }

    private static func feed(
        _ bytes: [UInt8], _ decoder: inout OneMinStreamDecoder, _ events: inout ChoiceEvents,
        _ encoder: inout any StreamEncoder, _ pending: inout [UInt8], _ choice: Int
    ) {
        decoder.feed(bytes) { pass($0, &events, &encoder, &pending, choice) }
    }

    private static func end(
        _ decoder: inout OneMinStreamDecoder, _ events: inout ChoiceEvents,
        _ encoder: inout any StreamEncoder, _ pending: inout [UInt8], _ choice: Int
    ) {
        decoder.end { pass($0, &events, &encoder, &pending, choice) }
    }

    private static func pass(
        _ event: GenerationEvent, _ events: inout ChoiceEvents,
        _ encoder: inout any StreamEncoder, _ pending: inout [UInt8], _ choice: Int
    ) {
        events.take(event) { encoder.encode($0, choice: choice, into: &pending) }
    }
}
