import Wire

/// Which part of a list a client asks for: `limit`, `after_id`, `before_id` and `page` of Anthropic's lists.
///
/// https://docs.claude.com/en/api/models-list
public struct AnthropicPage: Sendable, Equatable {
    /// The most entries, 1 to 1000; 20 where the client does not say.
    public var limit = 20
    /// The list begins behind the entry with this identifier.
    public var afterID: String?
    /// The list ends before the entry with this identifier.
    public var beforeID: String?

    /// The first entries.
    public init() {}

    /// Reads a query such as `limit=100&after_id=gpt-4o`; what nobody documented is passed over.
    ///
    /// - Throws: `invalidRequest` naming the parameter.
    public init(query: String) throws(Failure) {
        for pair in query.split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2, !halves[1].isEmpty else { continue }
            switch halves[0] {
            case "limit":
                guard let limit = Int(halves[1]) else {
                    throw Self.wrong("limit", "Input should be a valid integer")
                }
                guard Self.limits.contains(limit) else {
                    throw Self.wrong(
                        "limit",
                        "Input should be between \(Self.limits.lowerBound) and \(Self.limits.upperBound)")
                }
                self.limit = limit
            case "after_id": afterID = try Self.decoded(halves[1], "after_id")
            case "page":
                let cursor = try Self.decoded(halves[1], "page")
                guard cursor.hasPrefix(Self.cursorPrefix) else {
                    throw Self.wrong("page", "The value is not one of next_page")
                }
                afterID = String(cursor.dropFirst(Self.cursorPrefix.count))
            case "before_id": beforeID = try Self.decoded(halves[1], "before_id")
            default: break
            }
        }
        if afterID != nil, beforeID != nil {
            throw Self.wrong("before_id", "Only one of after_id and before_id can be given")
        }
    }

    /// What stands before an identifier in `next_page` and `page`, the cursors of later lists.
    static let cursorPrefix = "page_"

    /// True when the page is counted from its end, so that `has_more` speaks of earlier entries.
    public var goesBackwards: Bool { beforeID != nil }

    /// Where the page is in a list.
    func range(in models: [ModelEntry]) throws(Failure) -> Range<Int> {
        if let beforeID {
            let end = try Self.index(of: beforeID, in: models, "before_id")
            return max(0, end - limit)..<end
        }
        var start = 0
        if let afterID { start = try Self.index(of: afterID, in: models, "after_id") + 1 }
        return start..<min(models.count, start + limit)
    }

    private static let limits = 1...1000

    private static func index(
        of id: String, in models: [ModelEntry], _ parameter: String
    ) throws(Failure) -> Int {
        if let index = models.firstIndex(where: { $0.id == id }) { return index }
        throw wrong(parameter, "There is no entry with this ID")
    }

    private static func wrong(_ parameter: String, _ reason: String) -> Failure {
        Failure(.invalidRequest, "\(parameter): \(reason)", parameter: parameter)
    }

    /// A query's value without its percent signs; `+` is a space, as forms have it.
    private static func decoded(_ value: Substring, _ parameter: String) throws(Failure) -> String {
        var bytes: [UInt8] = []
        var rest = value.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(0x20)
            case UInt8(ascii: "%"):
                let digits = rest.prefix(2)
                guard digits.count == 2, digits.allSatisfy(\.isASCIIHexDigit),
                    let decoded = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
                else { throw wrong(parameter, "The value is not encoded as a URL demands") }
                bytes.append(decoded)
                rest = rest.dropFirst(2)
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
