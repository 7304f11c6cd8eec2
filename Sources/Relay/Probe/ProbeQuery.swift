import Dialects

/// The parameters of a probe, from the query of its URL.
struct ProbeQuery {
    private let pairs: [(name: Substring, value: Substring)]

    /// The longest query that is looked at, in bytes; probes need some 30.
    private static let maximumBytes = 256

    /// Takes a query as it stands behind the question mark; nothing in it needs percent-encoding.
    init(_ query: String) throws(Failure) {
        guard query.utf8.count <= Self.maximumBytes else {
            throw Failure(.invalidRequest, "The query is longer than \(Self.maximumBytes) bytes.")
        }
        pairs = query.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (parts[0], parts.count > 1 ? parts[1] : "")
        }
    }

    /// A whole number within a range.
    ///
    /// - Throws: the failure that names the parameter, also for a number that is too large: a probe that did less than
    ///   it was asked for would be misread.
    func integer(_ name: String, in range: ClosedRange<Int>, default value: Int) throws(Failure) -> Int {
        guard let text = pairs.last(where: { $0.name == name })?.value else { return value }
        guard let number = Int(text), range.contains(number) else {
            throw Failure(
                .invalidRequest,
                "'\(name)' has to be a whole number from \(range.lowerBound) to \(range.upperBound).",
                parameter: name)
        }
        return number
    }
}
