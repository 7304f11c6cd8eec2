/// Makes reasoning, tool calls and JSON of the text of a model that has none of them.
public struct EmulatedAnswer: Sendable {
    private let emulation: Emulation

    /// An answer at its beginning.
    ///
    /// - Parameter furtherCalls: how many further upstream calls are allowed when the answer cannot be used, 0 or 1.
    public init(_ emulation: Emulation, furtherCalls: Int) {
        self.emulation = emulation
    }

    /// Takes the next event of the upstream, and gives events for the client.
    ///
    /// After `finished` of the upstream either `finished` or `failed` comes out, or `followUp` is set.
    public mutating func take(_ event: GenerationEvent, _ emit: (GenerationEvent) -> Void) {
        emit(event)
    }

    /// The turns to put behind the request's for the further call: what the model said, and what is wrong with it.
    ///
    /// Nil when none is wanted. The events of that call go into this same value, beginning with the next `take`.
    public private(set) var followUp: [Turn]?

    /// Ends an answer whose further call is not made or failed before its head: gives what can be given, then the end.
    public mutating func giveUp(_ emit: (GenerationEvent) -> Void) {}

    /// True when nothing more of the upstream is needed, so that its call can be cancelled.
    public var isOver: Bool { false }

    /// Bytes of the upstream's text that are kept.
    public var heldBytes: Int { 0 }
}
