internal import Relay
internal import SQLite

/// Files whose bytes are elsewhere: here is what is known of them. A file is there when its row is.
extension StoreDatabase {
    /// Expired files that whoever saves one deletes on the way.
    private static let passingFiles = 8

    /// The columns that `StoredFile.init` takes.
    private static let columns = "id, name, purpose, type, size, hash, created, expires"

    /// Refuses a file that the caller, or the store, has no room for.
    func check(_ count: Int, _ limits: FileLimits, of owner: SQLiteValue, now: Int) throws {
        guard count <= min(limits.callerBytes, limits.maximumBytes) else { throw StoreError.tooLarge }
        // What has expired takes no room, deleted or not.
        let living = "expires IS NULL OR expires > ?"
        let own = try database.integer(
            "SELECT sum(size) FROM files WHERE owner = ? AND (\(living))", owner, .integer(now))
        let files = try database.integer(
            "SELECT count(*) FROM files WHERE owner = ? AND (\(living))", owner, .integer(now))
        let all = try database.integer("SELECT sum(size) FROM files WHERE \(living)", .integer(now))
        guard own + count <= limits.callerBytes, files < limits.callerFiles,
            all + count <= limits.maximumBytes
        else { throw StoreError.full }
    }

    /// Keeps a file whose bytes are in their place.
    ///
    /// - Returns: the places of files that expired, whose bytes are to be deleted.
    func add(
        _ file: StoredFile, place: String, _ limits: FileLimits, of owner: SQLiteValue, now: Int
    ) throws -> [String] {
        try database.transaction {
            let gone = try deleteExpiredFiles(Self.passingFiles, now: now)
            try check(file.count, limits, of: owner, now: now)
            try database.run(
                """
                INSERT INTO files (owner, id, size, created, expires, purpose, hash, place, type, name)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                owner, .text(file.id), .integer(file.count), .integer(file.created),
                file.expires.map { .integer($0) } ?? .null, .text(file.purpose), .blob(file.hash),
                .text(place), .text(file.mediaType), .text(file.name))
            return gone
        }
    }

    func file(_ id: String, of owner: SQLiteValue, now: Int) throws -> (file: StoredFile, place: String)? {
        try database.first(
            """
            SELECT \(Self.columns), place FROM files
            WHERE owner = ? AND id = ? AND (expires IS NULL OR expires > ?)
            """, owner, .text(id), .integer(now)
        ) { (StoredFile($0), $0.text(8) ?? "") }
    }

    func files(
        purpose: String?, _ page: StoredPage, of owner: SQLiteValue, now: Int
    ) throws -> StoredFileList {
        let isAscending = page.order == .oldestFirst
        return try database.snapshot {
            var start = isAscending ? 0 : Int.max
            if let after = page.after {
                let found = try database.first(
                    """
                    SELECT key FROM files WHERE owner = ? AND id = ? AND (expires IS NULL OR expires > ?)
                    """, owner, .text(after), .integer(now)
                ) { $0.integer(0) }
                guard let found else { throw StoreError.unknownItem }
                start = found
            }
            let files = try database.rows(
                """
                SELECT \(Self.columns) FROM files
                WHERE owner = ?1 AND key \(isAscending ? ">" : "<") ?2 AND (expires IS NULL OR expires > ?3)
                    AND (?4 IS NULL OR purpose = ?4)
                ORDER BY key \(isAscending ? "" : "DESC") LIMIT ?5
                """,
                owner, .integer(start), .integer(now), .optional(purpose), .integer(page.limit + 1),
                read: StoredFile.init)
            return StoredFileList(
                files: Array(files.prefix(page.limit)), hasMore: files.count > page.limit)
        }
    }

    /// Deletes a file, and what is remembered of uploads of its bytes.
    ///
    /// - Returns: the place of its bytes, which are to be deleted; `nil` when it was not there.
    func deleteFile(_ id: String, of owner: SQLiteValue, now: Int) throws -> String? {
        try database.transaction {
            guard let (file, place) = try file(id, of: owner, now: now) else { return nil }
            try database.run("DELETE FROM files WHERE owner = ? AND id = ?", owner, .text(id))
            try database.run("DELETE FROM assets WHERE owner = ? AND hash = ?", owner, .blob(file.hash))
            return place
        }
    }

    /// Deletes at most so many files that have expired, those first that did so first.
    ///
    /// - Returns: the places of their bytes, which are to be deleted.
    func deleteExpiredFiles(_ count: Int, now: Int) throws -> [String] {
        let found = try database.rows(
            "SELECT key, place FROM files WHERE expires <= ? ORDER BY expires LIMIT ?", .integer(now),
            .integer(count)
        ) { (key: $0.integer(0), place: $0.text(1) ?? "") }
        for (key, _) in found { try database.run("DELETE FROM files WHERE key = ?", .integer(key)) }
        return found.map(\.place)
    }

    /// Whether a file has its bytes in a place.
    func hasFile(at place: String) throws -> Bool {
        try database.first("SELECT 1 FROM files WHERE place = ?", .text(place)) { _ in true } ?? false
    }
}

extension StoredFile {
    /// Takes the columns `id, name, purpose, type, size, hash, created, expires`.
    fileprivate init(_ row: Row) {
        // A file that expires did not expire in 1970.
        let expires = row.integer(7)
        self.init(
            id: row.text(0) ?? "", name: row.text(1) ?? "", purpose: row.text(2) ?? "",
            mediaType: row.text(3) ?? "", count: row.integer(4), hash: row.blob(5), created: row.integer(6),
            expires: expires == 0 ? nil : expires)
    }
}
