import Wire

/// Events that wait until the arguments of a call are complete, in order, those of each waiting call together.
struct AnthropicHeldEvents: Sendable {
    private var groups: [[GenerationEvent]] = []
    /// The first group that was not taken.
    private var start = 0
    /// Where the waiting calls are among the groups.
    private var calls: [Int: Int] = [:]
    /// About how much memory the waiting events take, in bytes.
    private(set) var bytes = 0

    /// True when nothing waits.
    var isEmpty: Bool { start == groups.count }

    /// Lets an event wait; what goes on with a call that does not wait is of no use to anybody.
    mutating func add(_ event: GenerationEvent) {
        bytes += Self.bytes(of: event)
        switch event {
        case .toolCallArguments(let index, _), .toolCallEnded(let index):
            if let position = calls[index] { groups[position].append(event) }
        case .toolCallBegan(let index, _, _, _):
            calls[index] = groups.count
            groups.append([event])
        default: groups.append([event])
        }
    }

    /// The next event, or all that came of the next call; what comes of that call from now on does not wait.
    mutating func next() -> [GenerationEvent]? {
        guard !isEmpty else { return nil }
        let group = groups[start]
        if case .toolCallBegan(let index, _, _, _) = group.first, calls[index] == start { calls[index] = nil }
        groups[start] = []
        start += 1
        for event in group { bytes -= Self.bytes(of: event) }
        if isEmpty { self = AnthropicHeldEvents() }
        return group
    }

    private static func bytes(of event: GenerationEvent) -> Int {
        let text =
            switch event {
            case .text(let text), .reasoning(let text), .refusal(let text), .signature(let text),
                .toolCallArguments(_, let text):
                text.utf8.count
            case .toolCallBegan(_, let id, let name, _): (id?.utf8.count ?? 0) + name.utf8.count
            case .citation(let citation): citation.serialized().count
            default: 0
            }
        return text + 64
    }
}
