import Wire

/// Which files of a list are wanted: the query of `GET /v1/files`.
///
/// https://platform.openai.com/docs/api-reference/files/list
public struct OpenAIFilePage: Sendable, Equatable {
    /// The file after which the page begins; nil for the beginning.
    public var after: String?
    /// How many files at most, 1 to 10,000.
    public var limit = 10_000
    /// Whether the oldest file comes first; the API's default is the newest.
    public var isAscending = false
    /// Only files of this purpose; nil for all.
    public var purpose: String?

    /// The newest files.
    public init() {}

    /// Reads the query of a URL, such as `purpose=user_data&order=asc`; members that are not known are left aside.
    ///
    /// - Throws: a failure that names the member with a wrong value.
    public init(query: String) throws(Failure) {
        for member in query.split(separator: "&") {
            let halves = member.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2, !halves[1].isEmpty else { continue }
            let value = PercentCoding.decode(String(halves[1]))
            switch halves[0] {
            case "after": after = value
            case "limit":
                // The number is text here; as JSON it is complained about like every other.
                let number = JSONNumber(text: value).map { JSONValue.number($0) } ?? .string(value)
                limit = try RequestField(number, named: "limit").integer(in: 1...10_000)
            case "order":
                isAscending = try RequestField(.string(value), named: "order").word(Order.self) == .asc
            // One that no file has is no error: the list is empty then.
            case "purpose": purpose = value
            default: break
            }
        }
    }

    /// The values of `order`.
    private enum Order: String, CaseIterable {
        case asc, desc
    }
}
