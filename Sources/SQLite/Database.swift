internal import CSQLite

/// A connection to a database file. For one thread at a time; several connections, also of other processes, may have
/// the same file.
@safe public final class Database {
    private let handle: OpaquePointer
    private var statements: [String: Statement] = [:]

    /// Opens a file, which is made when it is missing. `sqlite3_open_v2`
    ///
    /// Nothing of it is read yet, so it can still turn out to be no database.
    /// - Parameters:
    ///   - path: the file; SQLite puts others beside it, with the same name and an end of its own.
    ///   - busyTimeout: how long a call waits while others have the database; it blocks its thread meanwhile.
    public init(path: String, busyTimeout: Duration) throws(SQLiteError) {
        var database: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = unsafe sqlite3_open_v2(path, &database, flags, nil)
        guard code == SQLITE_OK, let database = unsafe database else {
            // There is a connection also then, except without memory.
            unsafe sqlite3_close_v2(database)
            throw SQLiteError(code == SQLITE_OK ? SQLITE_NOMEM : code)
        }
        unsafe handle = database
        let (seconds, attoseconds) = busyTimeout.components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        unsafe sqlite3_busy_timeout(database, Int32(clamping: milliseconds))
    }

    deinit {
        // Statements first; the order of a class's properties is nobody's promise.
        statements = [:]
        unsafe sqlite3_close_v2(handle)
    }

    /// Runs one statement to its end, whatever rows it gives.
    public func run(_ sql: String, _ values: SQLiteValue...) throws(SQLiteError) {
        let statement = try prepared(sql)
        defer { statement.reset() }
        try statement.bind(values)
        while try statement.step() {}
    }

    /// Runs one statement, and makes something of each of its rows.
    public func rows<Value>(
        _ sql: String, _ values: SQLiteValue..., read: (Row) -> Value
    ) throws(SQLiteError) -> [Value] {
        let statement = try prepared(sql)
        defer { statement.reset() }
        try statement.bind(values)
        var result: [Value] = []
        while try statement.step() { result.append(read(Row(statement: statement))) }
        return result
    }

    /// Runs one statement, and makes something of its first row; `nil` when it gives none.
    public func first<Value>(
        _ sql: String, _ values: SQLiteValue..., read: (Row) -> Value
    ) throws(SQLiteError) -> Value? {
        let statement = try prepared(sql)
        defer { statement.reset() }
        try statement.bind(values)
        return try statement.step() ? read(Row(statement: statement)) : nil
    }

    /// The number in the first column of the first row; 0 when there is none.
    public func integer(_ sql: String, _ values: SQLiteValue...) throws(SQLiteError) -> Int {
        let statement = try prepared(sql)
        defer { statement.reset() }
        try statement.bind(values)
        return try statement.step() ? statement.integer(0) : 0
    }

    /// Rows that the last INSERT, UPDATE or DELETE changed, without what followed from it. `sqlite3_changes64`
    public var changes: Int { unsafe Int(sqlite3_changes64(handle)) }

    /// The key of the last row put in. `sqlite3_last_insert_rowid`
    public var lastKey: Int { unsafe Int(sqlite3_last_insert_rowid(handle)) }

    /// Does everything in `body` or, when that throws, nothing of it; others write before or after.
    ///
    /// It takes the place of the writer at once: one that reads first and then writes could not wait for others, for what
    /// it read would be old. https://sqlite.org/lang_transaction.html
    public func transaction<Value>(_ body: () throws -> Value) throws -> Value {
        try run("BEGIN IMMEDIATE")
        do {
            let value = try body()
            try run("COMMIT")
            return value
        } catch {
            // SQLite has rolled back by itself after some errors; there is nothing to do then.
            if unsafe sqlite3_get_autocommit(handle) == 0 { try? run("ROLLBACK") }
            throw error
        }
    }

    /// Reads everything in `body` as it was at one moment, without holding up others.
    public func snapshot<Value>(_ body: () throws -> Value) throws -> Value {
        try run("BEGIN")
        defer { try? run("COMMIT") }
        return try body()
    }

    /// Whether a file is on a file system of other machines, where processes cannot share the memory that the write-ahead
    /// log needs. False where that cannot be told.
    public static func isOnNetwork(_ path: String) -> Bool { unsafe fr_is_on_network(path) }

    private func prepared(_ sql: String) throws(SQLiteError) -> Statement {
        if let statement = statements[sql] { return statement }
        let statement = unsafe try Statement(sql, in: handle)
        statements[sql] = statement
        return statement
    }
}
