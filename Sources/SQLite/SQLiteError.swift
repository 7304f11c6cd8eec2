internal import CSQLite

/// Why SQLite did not do something.
public struct SQLiteError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What kind of trouble it was.
    public enum Code: Sendable, Equatable {
        /// Others had the database for longer than the busy timeout.
        case busy
        /// The database, or the disk, has no room left.
        case full
        /// A value or statement is over one of SQLite's limits.
        case tooLarge
        /// A row that a constraint of the schema forbids.
        case constraint
        /// The file is damaged, or is no database.
        case damaged
        /// The file cannot be opened, read or written, or shared with other processes.
        case unusable
        /// Anything else, such as a wrong statement.
        case other
    }

    /// What kind of trouble it was.
    public let code: Code

    /// SQLite's own number, with the details in its upper bits: https://sqlite.org/rescode.html
    public let number: Int

    /// SQLite's fixed sentence for the number; it holds no values and no names.
    public let message: String

    init(_ number: Int32) {
        self.number = Int(number)
        message = unsafe sqlite3_errstr(number).map { unsafe String(cString: $0) } ?? "unknown error"
        // The lower eight bits are the kind.
        code =
            switch number & 0xFF {
            case SQLITE_BUSY, SQLITE_LOCKED: .busy
            case SQLITE_FULL: .full
            case SQLITE_TOOBIG: .tooLarge
            case SQLITE_CONSTRAINT: .constraint
            case SQLITE_CORRUPT, SQLITE_NOTADB: .damaged
            case SQLITE_CANTOPEN, SQLITE_IOERR, SQLITE_READONLY, SQLITE_PERM, SQLITE_PROTOCOL, SQLITE_AUTH:
                .unusable
            default: .other
            }
    }

    /// The sentence and the number.
    public var description: String { "\(message) (\(number))" }
}
