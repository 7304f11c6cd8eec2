/// What a statement's parameter is bound to.
public enum SQLiteValue: Sendable, Equatable {
    case null
    case integer(Int)
    case text(String)
    case blob([UInt8])

    /// The text, or null.
    public static func optional(_ text: String?) -> SQLiteValue { text.map { .text($0) } ?? .null }
}
