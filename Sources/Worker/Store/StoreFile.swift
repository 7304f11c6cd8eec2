internal import Glibc
internal import SQLite

/// Finds or makes the database file of a store.
enum StoreFile {
    /// Why a file is not used: one sentence for the operator.
    struct Refusal: Error {
        var reason: String
    }

    /// `application_id` of every such file, "Frly": https://sqlite.org/pragma.html#pragma_application_id
    private static let applicationID = 0x4672_6C79
    /// `user_version` of the tables below. A later one only adds to them, or makes a program refuse the file.
    private static var version: Int { versions.count }

    /// Opens the file, which is made with its directory when they are missing and what is above is there.
    ///
    /// - Parameters:
    ///   - maximumBytes: what the file may grow to; what was larger before stays.
    ///   - busyTimeout: how long a call waits for other processes.
    ///   - secret: gives the secret of a new file.
    static func open(
        _ path: String, maximumBytes: Int, busyTimeout: Duration, secret: () -> [UInt8]
    ) throws -> (database: Database, secret: [UInt8]) {
        try prepare(path)
        // Setting up does not wait for others by itself where it has to change the journal.
        var attempts = 50
        while true {
            do {
                return try set(up: Database(path: path, busyTimeout: busyTimeout), path, maximumBytes, secret)
            } catch let error as SQLiteError where error.code == .busy && attempts > 0 {
                attempts -= 1
                usleep(20_000)
            }
        }
    }

    /// Makes the file for its owner alone, whatever the umask; SQLite gives those beside it the same permissions.
    private static func prepare(_ path: String) throws(Refusal) {
        if let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex {
            guard mkdir(String(path[..<slash]), 0o700) == 0 || errno == EEXIST else {
                throw refusal("its directory cannot be made", errno)
            }
        }
        // One that is there is not opened: closing it would end all locks that this process has on it.
        let file = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if file >= 0 {
            close(file)
        } else if errno != EEXIST {
            throw refusal("it cannot be made", errno)
        }
        var status = stat()
        guard stat(path, &status) == 0, access(path, R_OK | W_OK) == 0 else {
            throw refusal("it cannot be opened", errno)
        }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
            status.st_mode & (S_IWGRP | S_IWOTH) == 0
        else { throw Refusal(reason: "it is no plain file of this user alone") }
    }

    private static func refusal(_ what: String, _ number: Int32) -> Refusal {
        Refusal(reason: what + ": " + (strerror(number).map { String(cString: $0) } ?? "error \(number)"))
    }

    private static func set(
        up database: Database, _ path: String, _ maximumBytes: Int, _ secret: () -> [UInt8]
    ) throws -> (Database, [UInt8]) {
        let version = try database.integer("PRAGMA user_version")
        let isNew = try version == 0 && database.integer("SELECT count(*) FROM sqlite_schema") == 0
        guard try isNew || database.integer("PRAGMA application_id") == applicationID else {
            throw Refusal(reason: "it is a database of another program")
        }
        guard version <= Self.version else {
            throw Refusal(reason: "a later version of this program made it")
        }
        // What is deleted is gone from the file, not only forgotten; and room is given back, see `sweep`. The latter
        // can only be chosen before there is a table.
        try database.run("PRAGMA secure_delete = ON")
        if isNew { try database.run("PRAGMA auto_vacuum = INCREMENTAL") }
        let isLogged = try writesAhead(database, path)
        // A log loses at most the last answers when the power fails; without it the file itself would suffer.
        try database.run("PRAGMA synchronous = \(isLogged ? "NORMAL" : "FULL")")
        try database.run("PRAGMA journal_size_limit = 4194304")
        try database.run("PRAGMA foreign_keys = ON")
        // In KiB: rows are large and seldom read twice.
        try database.run("PRAGMA cache_size = -512")
        let pageBytes = max(512, try database.integer("PRAGMA page_size"))
        try database.run("PRAGMA max_page_count = \(max(16, maximumBytes / pageBytes))")
        if version < Self.version { try makeTables(in: database, secret) }
        guard
            let kept = try database.first("SELECT secret FROM store", read: { $0.blob(0) }), kept.count == 32
        else { throw Refusal(reason: "it has no secret") }
        return (database, kept)
    }

    /// Chooses the write-ahead log, with which readers and a writer do not wait for each other.
    ///
    /// - Returns: false where it cannot be had: it needs memory that processes share, which files on other machines
    ///   cannot give. https://sqlite.org/wal.html
    private static func writesAhead(_ database: Database, _ path: String) throws -> Bool {
        guard !Database.isOnNetwork(path) else { return false }
        do {
            let mode = try database.first("PRAGMA journal_mode = WAL") { $0.text(0) }
            return mode == "wal"
        } catch let error where error.code == .unusable {
            return false
        }
    }

    private static func makeTables(in database: Database, _ secret: () -> [UInt8]) throws {
        try database.transaction {
            // Another process may have been faster.
            let found = try database.integer("PRAGMA user_version")
            guard found < version else { return }
            for statement in versions[found...].joined() { try database.run(statement) }
            if found == 0 {
                try database.run("INSERT INTO store (secret) VALUES (?)", .blob(secret()))
                try database.run("PRAGMA application_id = \(applicationID)")
            }
            try database.run("PRAGMA user_version = \(version)")
        }
    }

    /// What each version added to the one before it.
    private static let versions = [conversationTables, fileTables]

    /// Keys grow in the order of arrival. Large values stand last in their rows, so that the others are read without
    /// them; `size` is what a row counts against the limits.
    private static let conversationTables = [
        // One row. Callers are known by a hash of their credential under the secret.
        "CREATE TABLE store (secret BLOB NOT NULL)",
        """
        CREATE TABLE responses (
            key INTEGER PRIMARY KEY, owner BLOB NOT NULL, id TEXT NOT NULL, previous TEXT,
            stored INTEGER NOT NULL, size INTEGER NOT NULL, body BLOB NOT NULL,
            UNIQUE (owner, id)
        )
        """,
        "CREATE INDEX responses_of_owner ON responses (owner, key, size)",
        "CREATE INDEX responses_by_age ON responses (stored)",
        """
        CREATE TABLE response_items (
            key INTEGER PRIMARY KEY, response INTEGER NOT NULL REFERENCES responses ON DELETE CASCADE,
            is_input INTEGER NOT NULL, id TEXT NOT NULL, bytes BLOB NOT NULL
        )
        """,
        "CREATE INDEX items_of_response ON response_items (response, is_input, key)",
        """
        CREATE TABLE conversations (
            key INTEGER PRIMARY KEY, owner BLOB NOT NULL, id TEXT NOT NULL, created INTEGER NOT NULL,
            touched INTEGER NOT NULL, size INTEGER NOT NULL, metadata BLOB NOT NULL,
            UNIQUE (owner, id)
        )
        """,
        "CREATE INDEX conversations_of_owner ON conversations (owner, size)",
        "CREATE INDEX conversations_by_age ON conversations (touched)",
        """
        CREATE TABLE conversation_items (
            key INTEGER PRIMARY KEY, conversation INTEGER NOT NULL REFERENCES conversations ON DELETE CASCADE,
            size INTEGER NOT NULL, id TEXT NOT NULL, bytes BLOB NOT NULL,
            UNIQUE (conversation, id)
        )
        """,
        "CREATE INDEX items_of_conversation ON conversation_items (conversation, key, size)",
    ]

    /// What is known of files, whose bytes are elsewhere, and of uploads to vendors.
    private static let fileTables = [
        """
        CREATE TABLE files (
            key INTEGER PRIMARY KEY, owner BLOB NOT NULL, id TEXT NOT NULL, size INTEGER NOT NULL,
            created INTEGER NOT NULL, expires INTEGER, purpose TEXT NOT NULL, hash BLOB NOT NULL,
            place TEXT NOT NULL UNIQUE, type TEXT NOT NULL, name TEXT NOT NULL,
            UNIQUE (owner, id)
        )
        """,
        "CREATE INDEX files_of_owner ON files (owner, size)",
        "CREATE INDEX files_by_age ON files (expires) WHERE expires IS NOT NULL",
        """
        CREATE TABLE assets (
            owner BLOB NOT NULL, provider TEXT NOT NULL, hash BLOB NOT NULL, extension TEXT NOT NULL,
            expires INTEGER NOT NULL, path TEXT NOT NULL, uuid TEXT,
            PRIMARY KEY (owner, hash, provider, extension)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX assets_by_age ON assets (expires)",
    ]
}
