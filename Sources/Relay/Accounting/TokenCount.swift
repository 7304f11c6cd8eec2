/// A number of tokens, and how good it is.
struct TokenCount: Sendable, Equatable {
    /// How many.
    var tokens: Int
    /// Whether the model's vendor would count the same; else it is an estimate.
    var isExact: Bool

    /// Two counts together; an estimate makes the sum one.
    static func + (left: TokenCount, right: TokenCount) -> TokenCount {
        let (sum, overflow) = left.tokens.addingReportingOverflow(right.tokens)
        return TokenCount(tokens: overflow ? .max : sum, isExact: left.isExact && right.isExact)
    }
}
