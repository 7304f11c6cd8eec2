/// Which items of a list are wanted: the query of the list calls.
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
    public init(query: String) throws(Failure) { self.init() }
}
