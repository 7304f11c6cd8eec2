/// Takes 1min.ai's progress lines of a web search out of an answer.
///
/// With the search on, lines that begin with a globe and "Crawling site" stand among the text. A line is taken out with
/// its end, and only where the line begins so; what might become such a line is held back until it cannot any more.
struct OneMinProgressFilter {
    /// The beginning of a line that may still become a progress line.
    private var pending: [UInt8] = []
    private var isAtLineStart = true
    /// How much of the current progress line was dropped; nil outside of one.
    private var dropped: Int?

    /// A progress line is a short sentence with an address; what goes on longer is text.
    private static let maximumLineBytes = 2_048

    /// The part of the text so far that surely belongs to the answer.
    mutating func feed(_ text: String) -> String {
        if !isAtLineStart, pending.isEmpty, dropped == nil, !text.utf8.contains(Self.lineFeed) { return text }
        var output: [UInt8] = []
        output.reserveCapacity(text.utf8.count + pending.count)
        for byte in text.utf8 { take(byte, into: &output) }
        return String(decoding: output, as: UTF8.self)
    }

    /// What was held back at the end of the answer.
    mutating func finish() -> String {
        defer { pending = [] }
        return String(decoding: pending, as: UTF8.self)
    }

    private mutating func take(_ byte: UInt8, into output: inout [UInt8]) {
        if let count = dropped {
            if byte == Self.lineFeed {
                dropped = nil
                isAtLineStart = true
            } else if count < Self.maximumLineBytes {
                dropped = count + 1
            } else {
                dropped = nil
                output.append(byte)
            }
            return
        }
        guard isAtLineStart else {
            output.append(byte)
            isAtLineStart = byte == Self.lineFeed
            return
        }
        pending.append(byte)
        switch Self.match(pending) {
        case .whole:
            dropped = pending.count
            pending.removeAll(keepingCapacity: true)
            isAtLineStart = false
        case .beginning: break
        case .none:
            output.append(contentsOf: pending)
            isAtLineStart = byte == Self.lineFeed
            pending.removeAll(keepingCapacity: true)
        }
    }

    /// How much of a progress line's beginning the bytes are.
    private static func match(_ bytes: [UInt8]) -> Match {
        var index = bytes.prefix(maximumIndent).prefix { $0 == 0x20 }.count
        guard index < bytes.count else { return index < maximumIndent ? .beginning : .none }
        // U+1F30D to U+1F310, the four globes.
        for (offset, byte) in globe.enumerated() {
            guard index + offset < bytes.count else { return .beginning }
            guard bytes[index + offset] == byte else { return .none }
        }
        index += globe.count
        guard index < bytes.count else { return .beginning }
        guard (0x8D...0x90).contains(bytes[index]) else { return .none }
        index += 1
        // U+FE0F asks for the picture form.
        for (offset, byte) in pictureForm.enumerated() where bytes.dropFirst(index).first == pictureForm[0] {
            guard index + offset < bytes.count else { return .beginning }
            guard bytes[index + offset] == byte else { return .none }
            if offset == pictureForm.count - 1 { index += pictureForm.count }
        }
        let blanks = bytes.dropFirst(index).prefix(maximumIndent).prefix { $0 == 0x20 }.count
        index += blanks
        guard index < bytes.count else { return blanks < maximumIndent ? .beginning : .none }
        let rest = bytes[index...]
        if rest.count >= words.count { return rest.starts(with: words) ? .whole : .none }
        return words.starts(with: rest) ? .beginning : .none
    }

    private enum Match {
        case none, beginning, whole
    }

    private static let maximumIndent = 8
    private static let lineFeed: UInt8 = 0x0A
    private static let globe: [UInt8] = [0xF0, 0x9F, 0x8C]
    private static let pictureForm: [UInt8] = [0xEF, 0xB8, 0x8F]
    private static let words = Array("Crawling site".utf8)
}
