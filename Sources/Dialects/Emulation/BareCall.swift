import Wire

/// A call that is a whole answer by itself, in a code fence instead of the tag.
enum BareCall {
    private static let fence = Array("```".utf8)
    private static let quotedName = Array("\"name\"".utf8)
    private static let argumentKeys = ["\"arguments\"", "\"parameters\""].map { Array($0.utf8) }
    /// So much white space may stand between two signs, and so long may a language be.
    private static let maximumBlanks = 64
    private static let maximumLanguageBytes = 16

    /// Whether a code fence with nothing but such a call begins there, as far as the beginning of its arguments.
    static func match(_ bytes: [UInt8], at start: Int, _ tools: EmulatedTools) -> AnswerMatch {
        guard case .found(var index) = bytes.match(fence, at: start) else {
            return bytes.match(fence, at: start)
        }
        let languageStart = index
        while index < bytes.count, bytes[index] != UInt8(ascii: "\n") {
            let isName = bytes[index].isASCIILetter || bytes[index] == UInt8(ascii: "_")
            guard isName, index - languageStart < maximumLanguageBytes else { return .no }
            index += 1
        }
        for phrase in [Array("\n".utf8), Array("{".utf8), quotedName, Array(":".utf8), Array("\"".utf8)] {
            index = bytes.skipBlanks(from: index, limit: phrase == [0x0A] ? 0 : maximumBlanks)
            guard case .found(let end) = bytes.match(phrase, at: index) else {
                return bytes.match(phrase, at: index)
            }
            index = end
        }
        var match = AnswerMatch.no
        for tool in tools.callable {
            switch exact(Array("\(tool.name)\"".utf8), in: bytes, at: index) {
            case .no: break
            case .partial: match = .partial
            case .found(let end): match = .found(end: end)
            }
        }
        guard case .found(let end) = match else { return match }
        index = bytes.skipBlanks(from: end, limit: maximumBlanks)
        guard index < bytes.count else { return .partial }
        guard bytes[index] == UInt8(ascii: ",") else { return .no }
        index = bytes.skipBlanks(from: index + 1, limit: maximumBlanks)
        match = .no
        for key in argumentKeys {
            let one = bytes.match(key, at: index)
            if one != .no { match = one }
        }
        return match
    }

    /// The call that a whole answer is; nil when it is more or something else.
    static func call(in answer: [UInt8], _ tools: EmulatedTools) -> CallShape.Call? {
        guard let start = answer.firstIndex(of: UInt8(ascii: "{")) else { return nil }
        var reader = LenientJSONReader()
        var json: [UInt8] = []
        let end = start + reader.feed(answer[start...], into: &json)
        guard reader.state == .complete else { return nil }
        let rest = answer[end...].drop(while: \.isASCIIBlank)
        let isClosed =
            rest.isEmpty || rest.starts(with: fence) && rest.dropFirst(3).allSatisfy(\.isASCIIBlank)
        guard isClosed, let value = try? JSONValue(parsing: json), value.objectValue?.members.count == 2
        else { return nil }
        let shape = CallShape(tools, headerName: nil, isChecking: false)
        // Whatever is wrong with it, then it is text.
        return try? shape.calls(in: json).first
    }

    private static func exact(_ phrase: [UInt8], in bytes: [UInt8], at start: Int) -> AnswerMatch {
        let there = bytes[Swift.min(start, bytes.count)...].prefix(phrase.count)
        guard phrase.starts(with: there) else { return .no }
        return there.count == phrase.count ? .found(end: start + phrase.count) : .partial
    }
}
