/// Finds in a model's text where a tool call begins, and where the model goes on with turns that are not its own.
///
/// Looked at are `<`, a code fence at the beginning of a line and a label at the beginning of a line; all else is text.
struct AnswerScanner: Sendable {
    /// What was found, by offsets into the bytes that were searched.
    enum Find: Equatable {
        /// Text up to this offset; what follows may be the beginning of something.
        case text(end: Int)
        /// A call: the text ends, and behind the beginning of its tag the call goes on.
        case call(textEnd: Int, next: Int, isFenced: Bool)
        /// The model goes on with a turn that is not its own.
        case over(textEnd: Int)
    }

    /// `<` and the tag's name; nil when no tool may be called.
    private let tag: [UInt8]?
    private let labelLevel: Int?
    /// The two bytes before those that are searched next, the nearer one first.
    private var before: (UInt8, UInt8) = (lineFeed, 0)
    private var isFenceOpen = false
    private var followsCall = false

    init(_ emulation: Emulation) {
        tag = emulation.tools.callable.isEmpty ? nil : Array("<\(emulation.marker.name)".utf8)
        labelLevel = emulation.labelLevel
    }

    /// True when there is nothing to be looked for.
    var isIdle: Bool { tag == nil && labelLevel == nil }

    /// Tells that a call ended just before what is searched next.
    mutating func callEnded() {
        before = (Self.lineFeed, Self.lineFeed)
        followsCall = true
    }

    private static let lineFeed = UInt8(ascii: "\n")
    private static let tick = UInt8(ascii: "`")
    private static let angle = UInt8(ascii: "<")
    private static let bracket = UInt8(ascii: "[")
    private static let response = Array("<tool_response".utf8)
    /// What models call the language of a code fence with a call in it.
    private static let languages = ["", "json", "xml", "tool_call", "tool_code", "text", "html"].map {
        Array($0.utf8)
    }
    private static let maximumBlanks = 8

    /// True when no byte of a text is one that is looked at.
    static func isPlain(_ text: String) -> Bool {
        let bytes = text.utf8Span.span
        for index in bytes.indices {
            let byte = bytes[index]
            if byte == angle || byte == bracket || byte == tick { return false }
        }
        return true
    }

    /// Tells that a text of which `isPlain` holds was passed on; only its end matters.
    mutating func pass(_ text: String) {
        for byte in text.utf8.suffix(2) { before = (byte, before.0) }
    }

    /// Searches bytes from an offset on.
    ///
    /// Of the bytes behind the end of the text that is found, those that are no part of a call come again with the next.
    mutating func scan(_ bytes: [UInt8], from start: Int, isEnd: Bool) -> Find {
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            guard byte == Self.angle || byte == Self.bracket || byte == Self.tick else {
                index += 1
                continue
            }
            var next = index + 1
            let match: AnswerMatch
            switch byte {
            case Self.angle:
                match = matchTag(bytes, at: index)
                if match == .no, followsCall, labelLevel != nil {
                    switch bytes.match(Self.response, at: index) {
                    case .no: break
                    case .partial where isEnd: break
                    case .partial: return ended(.text(end: index), bytes, start)
                    case .found: return .over(textEnd: index)
                    }
                }
                if case .found(let end) = match { return .call(textEnd: index, next: end, isFenced: false) }
            case Self.bracket:
                match = matchLabel(bytes, at: index, start, isEnd: isEnd)
                if case .found = match { return .over(textEnd: index) }
                while next < bytes.count, bytes[next] == Self.bracket { next += 1 }
            default:
                (match, next) = takeFence(bytes, at: index, start, isEnd: isEnd)
                if case .found(let end) = match { return .call(textEnd: index, next: end, isFenced: true) }
            }
            if match == .partial, !isEnd { return ended(.text(end: index), bytes, start) }
            index = next
        }
        return ended(.text(end: bytes.count), bytes, start)
    }

    /// Remembers the end of the text.
    private mutating func ended(_ find: Find, _ bytes: [UInt8], _ start: Int) -> Find {
        if case .text(let end) = find {
            for byte in bytes[start..<end].suffix(2) { before = (byte, before.0) }
        }
        return find
    }

    private func byte(_ distance: Int, before index: Int, _ bytes: [UInt8], _ start: Int) -> UInt8 {
        let offset = index - distance
        if offset >= start { return bytes[offset] }
        return start - offset == 1 ? before.0 : before.1
    }

    private func isLineStart(_ index: Int, _ bytes: [UInt8], _ start: Int) -> Bool {
        byte(1, before: index, bytes, start) == Self.lineFeed
    }

    private func matchTag(_ bytes: [UInt8], at index: Int) -> AnswerMatch {
        guard let tag else { return .no }
        guard case .found(let end) = bytes.match(tag, at: index) else { return bytes.match(tag, at: index) }
        guard end < bytes.count else { return .partial }
        return bytes[end] == UInt8(ascii: ">") || bytes[end].isASCIIBlank ? .found(end: end) : .no
    }

    /// A label counts after an empty line, as in the transcript, and outside of code: configuration files have sections
    /// that look the same.
    private func matchLabel(_ bytes: [UInt8], at index: Int, _ start: Int, isEnd: Bool) -> AnswerMatch {
        guard let labelLevel, !isFenceOpen, isLineStart(index, bytes, start),
            byte(2, before: index, bytes, start) == Self.lineFeed
        else { return .no }
        return TranscriptLabel.match(bytes, at: index, level: labelLevel, isEnd: isEnd)
    }

    /// Takes a code fence, or finds the call inside of it.
    private mutating func takeFence(
        _ bytes: [UInt8], at index: Int, _ start: Int, isEnd: Bool
    ) -> (match: AnswerMatch, next: Int) {
        var next = index
        while next < bytes.count, bytes[next] == Self.tick { next += 1 }
        guard isLineStart(index, bytes, start) else { return (.no, next) }
        // What a longer run goes on with is not at the beginning of a line any more.
        if next == bytes.count, next - index <= 3, !isEnd { return (.partial, next) }
        guard next - index >= 3 else { return (.no, next) }
        if !isFenceOpen, next - index == 3, tag != nil, !isEnd {
            let match = matchFencedTag(bytes, from: next)
            if match != .no { return (match, next) }
        }
        isFenceOpen.toggle()
        return (.no, next)
    }

    /// Whether a fence's language, a line end and a tag follow.
    private func matchFencedTag(_ bytes: [UInt8], from start: Int) -> AnswerMatch {
        guard let end = bytes[start...].firstIndex(of: Self.lineFeed) else {
            let language = bytes[start...]
            return Self.languages.contains { $0.starts(with: language) } ? .partial : .no
        }
        guard Self.languages.contains(where: { $0.elementsEqual(bytes[start..<end]) }) else { return .no }
        let next = bytes.skipBlanks(from: end + 1, limit: Self.maximumBlanks)
        guard next < bytes.count else { return .partial }
        return bytes[next] == Self.angle ? matchTag(bytes, at: next) : .no
    }
}
