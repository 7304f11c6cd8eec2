import Wire

/// Which files of a list are wanted: the query of `GET /v1/files` (anthropic 2.12.0, `types/file_list_params.py`).
public struct AnthropicFileQuery: Sendable, Equatable {
    /// Which part of the list.
    public var page = AnthropicPage()
    /// These files alone, each once, instead of a part; those that are not there are left out. Nil for all.
    public var ids: [String]?
    /// Whether only files of some scope are wanted; here none has one.
    public var hasScope = false

    /// The most identifiers in `ids`.
    static let maximumIDs = 100

    /// Reads a query such as `ids[]=file-1&ids[]=file-2`; what nobody documented is passed over.
    ///
    /// - Throws: `invalidRequest` naming the parameter.
    public init(query: String) throws(Failure) {
        page = try AnthropicPage(query: query)
        for pair in query.split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2, !halves[1].isEmpty else { continue }
            switch PercentCoding.decode(String(halves[0])) {
            case "ids[]", "ids":
                let id = PercentCoding.decode(String(halves[1]))
                if ids?.contains(id) != true { ids = (ids ?? []) + [id] }
                guard ids?.count ?? 0 <= Self.maximumIDs else {
                    throw Failure(
                        .invalidRequest, "ids: List should have at most \(Self.maximumIDs) items",
                        parameter: "ids")
                }
            case "scope_id": hasScope = true
            default: break
            }
        }
    }
}
