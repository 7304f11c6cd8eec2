internal import CSQLite

/// A prepared statement, compiled once and run many times. For whoever has its database.
@safe final class Statement {
    private let handle: OpaquePointer

    /// Compiles one statement. `sqlite3_prepare_v3`
    init(_ sql: String, in database: OpaquePointer) throws(SQLiteError) {
        var statement: OpaquePointer?
        let code = unsafe sqlite3_prepare_v3(
            database, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard code == SQLITE_OK, let statement = unsafe statement else {
            // No statement and no error: there was nothing but a comment.
            throw SQLiteError(code == SQLITE_OK ? SQLITE_MISUSE : code)
        }
        unsafe handle = statement
    }

    deinit {
        unsafe sqlite3_finalize(handle)
    }

    /// Binds all parameters, in order.
    func bind(_ values: [SQLiteValue]) throws(SQLiteError) {
        guard unsafe values.count == Int(sqlite3_bind_parameter_count(handle)) else {
            throw SQLiteError(SQLITE_RANGE)
        }
        for (index, value) in values.enumerated() {
            let place = Int32(index + 1)
            let code =
                switch value {
                case .null: unsafe sqlite3_bind_null(handle, place)
                case .integer(let number): unsafe sqlite3_bind_int64(handle, place, Int64(number))
                case .text(var text):
                    text.withUTF8 { text in
                        unsafe fr_bind_text(handle, place, text.baseAddress, UInt64(text.count))
                    }
                case .blob(let bytes):
                    unsafe bytes.withUnsafeBytes { bytes in
                        unsafe fr_bind_blob(handle, place, bytes.baseAddress, UInt64(bytes.count))
                    }
                }
            guard code == SQLITE_OK else { throw SQLiteError(code) }
        }
    }

    /// Goes to the next row; false after the last.
    func step() throws(SQLiteError) -> Bool {
        switch unsafe sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw SQLiteError(code)
        }
    }

    /// Ends a run and lets go of the values, which can be large; its error, if there was one, was thrown by `step`.
    func reset() {
        unsafe sqlite3_reset(handle)
        unsafe sqlite3_clear_bindings(handle)
    }

    func integer(_ column: Int) -> Int {
        unsafe Int(sqlite3_column_int64(handle, Int32(column)))
    }

    func text(_ column: Int) -> String? {
        guard let text = unsafe sqlite3_column_text(handle, Int32(column)) else { return nil }
        let count = unsafe Int(sqlite3_column_bytes(handle, Int32(column)))
        return unsafe String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
    }

    func blob(_ column: Int) -> [UInt8] {
        // The address first: asking for the count may not convert the value then.
        let bytes = unsafe sqlite3_column_blob(handle, Int32(column))
        let count = unsafe Int(sqlite3_column_bytes(handle, Int32(column)))
        return unsafe Array(UnsafeRawBufferPointer(start: bytes, count: count))
    }
}
