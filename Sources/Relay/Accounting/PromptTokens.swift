import Dialects

/// The tokens of a prompt, counted only when somebody wants to know: most upstreams tell by themselves.
final class PromptTokens: Sendable {
    /// A longer prompt is counted at once, so that it is not kept while the answer streams. In bytes of memory.
    static let keptBytes = 16 << 10

    private enum State: Sendable {
        case counted(TokenCount)
        case texts([TextTurn], model: String)
        case open([Turn], model: String)
    }

    /// A turn of one text, which most are, in a third of the memory.
    private struct TextTurn: Sendable {
        let role: Turn.Role
        let name: String?
        let text: String

        init?(_ turn: Turn) {
            guard turn.parts.count == 1, case .text(let part) = turn.parts[0] else { return nil }
            (role, name, text) = (turn.role, turn.name, part.text)
        }
    }

    private let state: State

    /// Keeps a short request, counts a long one.
    ///
    /// One of more than `ChatTokens.offloadBytes` takes long: make it away from the loops.
    init(_ request: borrowing GenerationRequest, model: String) {
        let bytes = request.turns.reduce(0) { $0 + $1.keptBytes }
        if bytes <= Self.keptBytes, request.tools.isEmpty, request.outputFormat == nil {
            // The turns alone: nothing else counts here, and an open stream should be small.
            let texts = request.turns.compactMap(TextTurn.init)
            state =
                texts.count == request.turns.count
                ? .texts(texts, model: model) : .open(request.turns, model: model)
        } else {
            state = .counted(ChatTokens.count(request, model: model))
        }
    }

    /// A count that is known already.
    init(_ count: TokenCount) {
        state = .counted(count)
    }

    /// How many there are.
    var count: TokenCount {
        switch state {
        case .counted(let count): count
        case .texts(let texts, let model):
            Self.count(texts.map { Turn(role: $0.role, name: $0.name, text: $0.text) }, model)
        case .open(let turns, let model): Self.count(turns, model)
        }
    }

    private static func count(_ turns: [Turn], _ model: String) -> TokenCount {
        ChatTokens.count(GenerationRequest(model: model, turns: turns), model: model)
    }
}

extension Turn {
    /// About how much memory the turn takes.
    fileprivate var keptBytes: Int {
        parts.reduce(MemoryLayout<Turn>.stride + (name?.utf8.count ?? 0)) { bytes, part in
            guard case .text(let part) = part else { return bytes + PromptTokens.keptBytes + 1 }
            return bytes + MemoryLayout<Part>.stride + part.text.utf8.count
        }
    }
}
