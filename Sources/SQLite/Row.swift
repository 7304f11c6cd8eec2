/// One row of a result; only within the closure that it was given to.
public struct Row {
    let statement: Statement

    /// A column, counted from 0, as a number; 0 for null.
    public func integer(_ column: Int) -> Int { statement.integer(column) }

    /// A column as text; `nil` for null.
    public func text(_ column: Int) -> String? { statement.text(column) }

    /// A column as bytes; empty for null.
    public func blob(_ column: Int) -> [UInt8] { statement.blob(column) }
}
