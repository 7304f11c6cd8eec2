/// Whether something stands at a place of a text that may go on.
enum AnswerMatch: Equatable {
    /// It does not.
    case no
    /// It may, depending on what follows.
    case partial
    /// It does, and ends before this offset.
    case found(end: Int)
}

extension [UInt8] {
    /// Whether a phrase in lower case stands at an offset, in either case.
    func match(_ phrase: [UInt8], at start: Int) -> AnswerMatch {
        for offset in phrase.indices {
            guard start + offset < count else { return .partial }
            if self[start + offset].lowercasedASCII != phrase[offset] { return .no }
        }
        return .found(end: start + phrase.count)
    }

    /// The first offset from `start` on that is not white space, or `limit` bytes further at most.
    func skipBlanks(from start: Int, limit: Int = .max) -> Int {
        var index = start
        while index < count, index - start < limit, self[index].isASCIIBlank { index += 1 }
        return index
    }

    /// The text from one offset to another.
    func text(_ start: Int, _ end: Int) -> String {
        String(decoding: self[start..<end], as: UTF8.self)
    }
}

/// A label of the transcript that a model writes itself, on a line of its own.
enum TranscriptLabel {
    /// The most bytes of a line that is looked at as a label; names and numbers of tools fit easily.
    static let maximumBytes = 200

    private static let roles = ["assistant", "developer", "system", "tool", "user"].map { Array($0.utf8) }
    private static let open = UInt8(ascii: "[")
    private static let close = UInt8(ascii: "]")

    /// Whether any label of at least a level stands at the beginning of a line.
    static func match(_ bytes: [UInt8], at start: Int, level: Int, isEnd: Bool) -> AnswerMatch {
        let (count, index) = brackets(bytes, at: start)
        guard count <= level + maximumBytes / 4 else { return .no }
        guard index < bytes.count else { return isEnd ? .no : .partial }
        guard count >= level else { return .no }
        var isPartial = false
        for role in roles {
            switch bytes.match(role, at: index) {
            case .no: break
            case .partial: isPartial = true
            case .found(let end): return rest(bytes, from: end, start: start, count: count, isEnd: isEnd)
            }
        }
        return isPartial && !isEnd ? .partial : .no
    }

    /// Whether the label of the assistant stands there, whatever follows on the line.
    static func matchEcho(_ bytes: [UInt8], at start: Int, level: Int) -> AnswerMatch {
        let (count, index) = brackets(bytes, at: start)
        guard count <= level + maximumBytes / 4 else { return .no }
        guard index < bytes.count else { return .partial }
        guard count >= level else { return .no }
        guard case .found(let end) = bytes.match(roles[0], at: index) else {
            return bytes.match(roles[0], at: index)
        }
        return bytes.match([UInt8](repeating: close, count: count), at: end)
    }

    private static func brackets(_ bytes: [UInt8], at start: Int) -> (count: Int, end: Int) {
        var index = start
        while index < bytes.count, bytes[index] == open { index += 1 }
        return (index - start, index)
    }

    /// What follows the role: perhaps details, the closing brackets, and the line's end.
    private static func rest(
        _ bytes: [UInt8], from start: Int, start lineStart: Int, count: Int, isEnd: Bool
    ) -> AnswerMatch {
        guard start < bytes.count else { return isEnd ? .no : .partial }
        let closing = [UInt8](repeating: close, count: count)
        if bytes[start] == close {
            switch bytes.match(closing, at: start) {
            case .no: return .no
            case .partial: return isEnd ? .no : .partial
            case .found(let end):
                var index = end
                while index < bytes.count, bytes[index].isASCIIBlank, index - lineStart < maximumBytes {
                    if bytes[index] == UInt8(ascii: "\n") { return .found(end: index + 1) }
                    index += 1
                }
                if index == bytes.count, index - lineStart < maximumBytes {
                    return isEnd ? .found(end: index) : .partial
                }
                return .no
            }
        }
        guard bytes[start] == UInt8(ascii: ":") else { return .no }
        var index = start
        while index < bytes.count, bytes[index] != UInt8(ascii: "\n") {
            guard index - lineStart < maximumBytes else { return .no }
            index += 1
        }
        guard index < bytes.count || isEnd else { return .partial }
        let line = bytes[start..<index]
        let end = (line.lastIndex { !$0.isASCIIBlank } ?? start) + 1
        return bytes[start..<end].suffix(count).elementsEqual(closing)
            ? .found(end: Swift.min(index + 1, bytes.count)) : .no
    }
}
