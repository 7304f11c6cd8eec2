import Wire

/// Which items of a list are wanted: the query of the list calls.
///
/// https://platform.openai.com/docs/api-reference/responses/input-items
public struct OpenAIResponsesPage: Sendable, Equatable {
    /// The item after which the page begins; nil for the beginning.
    public var after: String?
    /// How many items at most, 1 to 100.
    public var limit: Int
    /// Whether the oldest item comes first; the API's default is the newest.
    public var isAscending: Bool

    /// A page; by default the newest 20.
    public init(after: String? = nil, limit: Int = 20, isAscending: Bool = false) {
        self.after = after
        self.limit = limit
        self.isAscending = isAscending
    }

    /// Reads the query of a URL, such as `limit=50&order=asc`; members that are not known are left aside.
    ///
    /// - Throws: a failure that names the member with a wrong value.
    public init(query: String) throws(Failure) {
        self.init()
        for member in query.split(separator: "&") {
            let halves = member.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2, !halves[1].isEmpty else { continue }
            let value = PercentCoding.decode(String(halves[1]))
            switch halves[0] {
            case "after": after = value
            case "limit":
                // The number is text here; as JSON it is complained about like every other.
                let number = JSONNumber(text: value).map { JSONValue.number($0) } ?? .string(value)
                limit = try RequestField(number, named: "limit").integer(in: 1...100)
            case "order":
                isAscending = try RequestField(.string(value), named: "order").word(Order.self) == .asc
            default: break
            }
        }
    }

    /// The values of `order`.
    private enum Order: String, CaseIterable {
        case asc, desc
    }
}
