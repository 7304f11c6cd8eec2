import Glibc
import SQLite
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) final class DatabaseTests {
    let path: String

    struct Failed: Error {}

    init() throws {
        var template = Array("/tmp/fastrelay-sqlite-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw Failed() }
        path = String(cString: made) + "/db"
    }

    deinit {
        for end in ["", "-wal", "-shm", "-journal"] { unlink(path + end) }
        rmdir(String(path.dropLast(3)))
    }

    func open(busyTimeout: Duration = .seconds(10)) throws -> Database {
        try Database(path: path, busyTimeout: busyTimeout)
    }

    @Test func `values come back as they were`() throws {
        let database = try open()
        try database.run("CREATE TABLE t (a, b, c, d)")
        let rows: [(Int, String, [UInt8])] = [
            (0, "", []), (.max, "ä\0b", [0]), (.min, "x", [UInt8](repeating: 255, count: 100_000)),
        ]
        for (number, text, bytes) in rows {
            try database.run(
                "INSERT INTO t VALUES (?, ?, ?, ?)", .integer(number), .text(text), .blob(bytes), .null)
        }
        let read = try database.rows("SELECT a, b, c, d FROM t ORDER BY rowid") {
            ($0.integer(0), $0.text(1), $0.blob(2), $0.text(3))
        }
        #expect(read.count == 3)
        for (row, expected) in zip(read, rows) {
            #expect(row.0 == expected.0 && row.1 == expected.1 && row.2 == expected.2 && row.3 == nil)
        }
        // An empty value is not null.
        #expect(try database.integer("SELECT count(*) FROM t WHERE b IS NULL OR c IS NULL") == 0)
        #expect(try database.first("SELECT a FROM t WHERE a = 5") { $0.integer(0) } == nil)
    }

    @Test func `a transaction that throws leaves nothing, and the next one works`() throws {
        let database = try open()
        try database.run("CREATE TABLE t (a UNIQUE)")
        #expect(throws: Failed.self) {
            try database.transaction {
                try database.run("INSERT INTO t VALUES (1)")
                throw Failed()
            }
        }
        #expect {
            try database.transaction {
                try database.run("INSERT INTO t VALUES (2)")
                try database.run("INSERT INTO t VALUES (2)")
            }
        } throws: {
            ($0 as? SQLiteError)?.code == .constraint
        }
        try database.transaction { try database.run("INSERT INTO t VALUES (3)") }
        #expect(try database.rows("SELECT a FROM t") { $0.integer(0) } == [3])
    }

    @Test func `errors say what kind they are, and no values`() throws {
        try open().run("CREATE TABLE t (a)")
        func code(_ body: (Database) throws -> Void) throws -> SQLiteError.Code? {
            let database = try open(busyTimeout: .milliseconds(1))
            return #expect(throws: SQLiteError.self) { try body(database) }?.code
        }
        #expect(try code { try $0.run("SELEKT 'secret'") } == .other)
        #expect(try code { try $0.run("SELECT ?") } == .other)
        #expect(try code { try $0.run("SELECT a FROM t", .integer(1)) } == .other)
        #expect(try code { try $0.run("-- nothing") } == .other)
        #expect(try code { try $0.run("SELECT zeroblob(2000000000)") } == .tooLarge)
        let writer = try open()
        try writer.run("BEGIN IMMEDIATE")
        #expect(try code { try $0.run("INSERT INTO t VALUES (1)") } == .busy)
        try writer.run("COMMIT")
        #expect(
            try code {
                try $0.run("PRAGMA max_page_count = 4")
                try $0.run("INSERT INTO t VALUES (zeroblob(100000))")
            } == .full)
        let error = #expect(throws: SQLiteError.self) { try open().run("SELEKT 'secret'") }
        #expect(error?.description.contains("secret") == false)
        #expect {
            try Database(path: "/nowhere/db", busyTimeout: .zero)
        } throws: {
            ($0 as? SQLiteError)?.code == .unusable
        }
    }

    @Test func `a file that is no database is told as such`() throws {
        let file = Glibc.open(path, O_WRONLY | O_CREAT, 0o600)
        let text = Array(String(repeating: "This is no database. ", count: 500).utf8)
        #expect(write(file, text, text.count) == text.count)
        close(file)
        #expect {
            try self.open().integer("PRAGMA user_version")
        } throws: {
            ($0 as? SQLiteError)?.code == .damaged
        }
    }

    @Test func `several threads with a connection each lose no write`() async throws {
        try open().run("PRAGMA journal_mode = WAL")
        try open().run("CREATE TABLE t (count)")
        try open().run("INSERT INTO t VALUES (0)")
        try await withThrowingTaskGroup(of: Void.self) { [path] group in
            for _ in 0..<4 {
                group.addTask {
                    let database = try Database(path: path, busyTimeout: .seconds(20))
                    for _ in 0..<50 {
                        try database.transaction {
                            let count = try database.integer("SELECT count FROM t")
                            try database.run("UPDATE t SET count = ?", .integer(count + 1))
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try open().integer("SELECT count FROM t") == 200)
    }

    @Test func `a snapshot does not see what others write meanwhile`() throws {
        let (reader, writer) = (try open(), try open())
        try writer.run("PRAGMA journal_mode = WAL")
        try writer.run("CREATE TABLE t (a)")
        try reader.snapshot {
            #expect(try reader.integer("SELECT count(*) FROM t") == 0)
            try writer.run("INSERT INTO t VALUES (1)")
            #expect(try reader.integer("SELECT count(*) FROM t") == 0)
        }
        #expect(try reader.integer("SELECT count(*) FROM t") == 1)
    }
}
