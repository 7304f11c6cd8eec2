internal import Relay
internal import SQLite

extension StoreDatabase {
    /// Rows of a table that one transaction of `sweep` deletes, so that others wait for milliseconds.
    private static let sweepCount = 100
    /// Expired rows of a table that whoever stores something deletes on the way: more than come in, so that they go also
    /// where every process ends before it sweeps.
    private static let passingCount = 8
    /// Transactions of one `sweep`.
    private static let sweepRounds = 20
    /// Pages that one `sweep` gives back to the file system.
    private static let vacuumPages = 4096

    /// Refuses what no deletion makes room for.
    func check(_ size: Int, items: Int) throws(StoreError) {
        guard size <= min(limits.entryBytes, limits.callerBytes), items <= limits.entryItems else {
            throw .tooLarge
        }
    }

    /// Deletes the caller's oldest answers until he may have so much more, and then everybody's until the file has room
    /// for it. Conversations are only deleted when they expire, for their callers made them by themselves.
    ///
    /// Within a transaction.
    func makeRoom(_ size: Int, responses: Int, of owner: SQLiteValue, now: Int) throws {
        try deleteExpired(Self.passingCount, now: now)
        var used =
            try database.integer("SELECT sum(size) FROM responses WHERE owner = ?", owner)
            + database.integer("SELECT sum(size) FROM conversations WHERE owner = ?", owner)
        var count = try database.integer("SELECT count(*) FROM responses WHERE owner = ?", owner)
        while used + size > limits.callerBytes || count + responses > limits.callerResponses {
            let oldest = try database.first(
                "SELECT key, size FROM responses WHERE owner = ? ORDER BY key LIMIT 1", owner
            ) { (key: $0.integer(0), size: $0.integer(1)) }
            guard let oldest else { throw StoreError.full }
            try database.run("DELETE FROM responses WHERE key = ?", .integer(oldest.key))
            used -= oldest.size
            count -= 1
        }
        // A row that is a little over a half of a page has one alone; some more are for the indexes.
        let pageBytes = try max(512, database.integer("PRAGMA page_size"))
        let needed = 2 * size / pageBytes + 16
        while try freePages() < needed {
            let oldest = try database.first("SELECT key FROM responses ORDER BY key LIMIT 1") {
                $0.integer(0)
            }
            guard let oldest else { throw StoreError.full }
            try database.run("DELETE FROM responses WHERE key = ?", .integer(oldest))
        }
    }

    /// Within a transaction.
    private func deleteExpired(_ count: Int, now: Int) throws {
        for (table, time) in [("responses", "stored"), ("conversations", "touched")] {
            try database.run(
                """
                DELETE FROM \(table) WHERE key IN
                    (SELECT key FROM \(table) WHERE \(time) <= ? ORDER BY \(time) LIMIT ?)
                """, expired(now), .integer(count))
        }
    }

    private func freePages() throws -> Int {
        try database.integer("PRAGMA max_page_count") - database.integer("PRAGMA page_count")
            + database.integer("PRAGMA freelist_count")
    }

    /// Deletes what has expired, at most so much as takes a moment, and makes the file smaller.
    func sweep(now: Int) throws {
        for _ in 0..<Self.sweepRounds {
            // Only who finds something becomes a writer.
            let isNeeded = try database.first(
                """
                SELECT 1 WHERE EXISTS (SELECT 1 FROM responses WHERE stored <= ?1)
                    OR EXISTS (SELECT 1 FROM conversations WHERE touched <= ?1)
                """, expired(now)
            ) { _ in true }
            guard isNeeded == true else { break }
            try database.transaction {
                try deleteExpired(Self.sweepCount, now: now)
            }
        }
        try database.run("DELETE FROM assets WHERE expires <= ?", .integer(now))
        guard try database.integer("PRAGMA freelist_count") > 0 else { return }
        try database.run("PRAGMA incremental_vacuum(\(Self.vacuumPages))")
        // Old pages are in the log until it is emptied. Whoever still reads keeps it; the next one empties it.
        try database.run("PRAGMA wal_checkpoint(TRUNCATE)")
    }
}
