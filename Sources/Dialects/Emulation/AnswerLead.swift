/// Reads the beginning of an answer: an echo of the assistant's label, and what the model puts between think tags.
///
/// Held back are white space and what may become a label or a tag.
struct AnswerLead: Sendable {
    private enum Place: Sendable {
        /// Nothing but white space and beginnings so far.
        case start
        /// Inside the thought, with nothing of it given yet, or some.
        case thoughtStart, thought
        /// Between the thought and the answer.
        case space
        /// In the answer itself.
        case passed
    }

    private var place = Place.start
    private(set) var held: [UInt8] = []

    /// True when the answer itself has begun and nothing is to be done any more.
    var isPassed: Bool { place == .passed }

    /// So much white space may stand before a tag.
    private static let maximumBlanks = 256
    private static let openings = ["<think>", "<thinking>"].map { Array($0.utf8) }
    private static let endings = ["</think>", "</thinking>"].map { Array($0.utf8) }

    /// Takes a piece of the upstream's text.
    ///
    /// - Returns: the piece's part that belongs to the answer itself, nil when there is none.
    mutating func take(
        _ piece: String, thinkTags: Bool, labelLevel: Int?, _ emit: (GenerationEvent) -> Void
    ) -> String? {
        if place == .start, held.isEmpty, let first = piece.utf8.first, !first.isASCIIBlank,
            first != UInt8(ascii: "<"), first != UInt8(ascii: "[")
        {
            place = .passed
        }
        if place == .passed { return piece }
        var bytes = held
        bytes += piece.utf8
        held = []
        if place == .start {
            guard let next = takeStart(bytes, thinkTags: thinkTags, labelLevel: labelLevel) else {
                held = bytes
                return nil
            }
            bytes.removeFirst(next)
        }
        if place == .thoughtStart || place == .thought { bytes = takeThought(bytes, emit) }
        if place == .space {
            let next = bytes.skipBlanks(from: 0)
            guard next < bytes.count else { return nil }
            place = .passed
            bytes.removeFirst(next)
        }
        return place == .passed && !bytes.isEmpty ? String(decoding: bytes, as: UTF8.self) : nil
    }

    /// Gives what was held back when the answer ended; returns what of it is text.
    mutating func finish(_ emit: (GenerationEvent) -> Void) -> String? {
        let rest = String(decoding: held, as: UTF8.self)
        held = []
        defer { place = .passed }
        guard !rest.isEmpty else { return nil }
        switch place {
        case .start: return rest
        case .thought, .thoughtStart: emit(.reasoning(rest))
        case .space, .passed: break
        }
        return nil
    }

    /// Where the thought or the answer begins; nil when that cannot be told yet.
    private mutating func takeStart(_ bytes: [UInt8], thinkTags: Bool, labelLevel: Int?) -> Int? {
        var index = bytes.skipBlanks(from: 0, limit: Self.maximumBlanks)
        var start = 0
        if index == Self.maximumBlanks {
            place = .passed
            return 0
        }
        guard index < bytes.count else { return nil }
        if let labelLevel {
            switch TranscriptLabel.matchEcho(bytes, at: index, level: labelLevel) {
            case .no: break
            case .partial: return nil
            case .found(let end):
                index = bytes.skipBlanks(from: end, limit: Self.maximumBlanks)
                guard index < bytes.count else { return nil }
                start = index
            }
        }
        if thinkTags {
            for opening in Self.openings {
                switch bytes.match(opening, at: index) {
                case .no: break
                case .partial: return nil
                case .found(let end):
                    place = .thoughtStart
                    return end
                }
            }
        }
        place = .passed
        return start
    }

    /// Gives the thought; returns what follows it.
    private mutating func takeThought(_ bytes: [UInt8], _ emit: (GenerationEvent) -> Void) -> [UInt8] {
        var start = 0
        if place == .thoughtStart {
            start = bytes.skipBlanks(from: 0)
            guard start < bytes.count else { return [] }
        }
        var index = start
        var end = bytes.count
        var next = bytes.count
        scan: while index < bytes.count {
            if bytes[index] == UInt8(ascii: "<") {
                for ending in Self.endings {
                    switch bytes.match(ending, at: index) {
                    case .no: break
                    case .partial:
                        end = index
                        held = Array(bytes[index...])
                        break scan
                    case .found(let after):
                        end = index
                        next = after
                        place = .space
                        break scan
                    }
                }
            }
            index += 1
        }
        if start < end {
            emit(.reasoning(bytes.text(start, end)))
            if place == .thoughtStart { place = .thought }
        }
        return Array(bytes[next...])
    }
}
