internal import Relay
internal import SQLite
internal import Wire

/// The answers and conversations in a database file. For one thread at a time.
///
/// It throws `StoreError` for what a caller did, and `SQLiteError` for what the file did.
final class StoreDatabase {
    let database: Database
    let limits: StoreLimits
    private let secret: [UInt8]

    init(_ database: Database, secret: [UInt8], limits: StoreLimits) {
        self.database = database
        self.secret = secret
        self.limits = limits
    }

    /// What the names of files begin with that belong to this database, so that several may share a directory.
    ///
    /// It tells nothing of the secret, and nobody else's is the same.
    var mark: String {
        SHA256.code(for: Array("files".utf8), key: secret).prefix(8)
            .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// What stands for a caller in the file.
    func owner(_ credential: String) -> SQLiteValue {
        .blob(SHA256.code(for: Array(credential.utf8), key: secret))
    }

    /// What was stored at this second or before has expired.
    func expired(_ now: Int) -> SQLiteValue { .integer(now - Int(limits.retention.components.seconds)) }

    // MARK: Answers

    func save(_ response: StoredResponse, of owner: SQLiteValue, now: Int) throws -> Bool {
        let size = response.storedBytes
        let items = response.input + response.output
        try check(size, items: items.count)
        return try database.transaction {
            try database.run("DELETE FROM responses WHERE owner = ? AND id = ?", owner, .text(response.id))
            var conversation: Int?
            if let id = response.conversationID {
                conversation = try conversationKey(id, of: owner, now: now)
                // The deletion above was of an answer with an id that nobody has twice: nothing to bring back.
                if conversation == nil { return false }
            }
            let copied = conversation == nil ? 0 : items.reduce(0) { $0 + $1.storedBytes }
            try makeRoom(size + copied, responses: 1, of: owner, now: now)
            try database.run(
                "INSERT INTO responses (owner, id, previous, stored, size, body) VALUES (?, ?, ?, ?, ?, ?)",
                owner, .text(response.id), .optional(response.previousID), .integer(now), .integer(size),
                .blob(response.body))
            let key = SQLiteValue.integer(database.lastKey)
            for (index, item) in items.enumerated() {
                try database.run(
                    "INSERT INTO response_items (response, is_input, id, bytes) VALUES (?, ?, ?, ?)",
                    key, .integer(index < response.input.count ? 1 : 0), .text(item.id), .blob(item.bytes))
            }
            if let conversation { try append(items, to: conversation, now: now) }
            return true
        }
    }

    func response(_ id: String, of owner: SQLiteValue, now: Int) throws -> [UInt8]? {
        try database.first(
            "SELECT body FROM responses WHERE owner = ? AND id = ? AND stored > ?", owner, .text(id),
            expired(now)
        ) { $0.blob(0) }
    }

    func deleteResponse(_ id: String, of owner: SQLiteValue, now: Int) throws -> Bool {
        try database.transaction {
            try database.run(
                "DELETE FROM responses WHERE owner = ? AND id = ? AND stored > ?", owner, .text(id),
                expired(now))
            return database.changes > 0
        }
    }

    func inputItems(
        of id: String, _ page: StoredPage, of owner: SQLiteValue, now: Int
    ) throws -> StoredItemList? {
        try database.snapshot {
            let key = try database.first(
                "SELECT key FROM responses WHERE owner = ? AND id = ? AND stored > ?", owner, .text(id),
                expired(now)
            ) { $0.integer(0) }
            guard let key else { return nil }
            return try items("response_items", "response = ? AND is_input = 1", key, page)
        }
    }

    func history(
        endingAt id: String, maximumResponses: Int, maximumBytes: Int, of owner: SQLiteValue, now: Int
    ) throws -> [StoredItem]? {
        try database.snapshot {
            let chain = try database.rows(
                """
                WITH RECURSIVE chain (key, previous, depth) AS (
                    SELECT key, previous, 1 FROM responses WHERE owner = ?1 AND id = ?2 AND stored > ?3
                    UNION ALL
                    SELECT responses.key, responses.previous, chain.depth + 1 FROM chain JOIN responses
                        ON responses.owner = ?1 AND responses.id = chain.previous AND responses.stored > ?3
                    WHERE chain.depth < ?4
                )
                SELECT key, previous FROM chain ORDER BY depth
                """,
                owner, .text(id), expired(now), .integer(maximumResponses)
            ) { (key: $0.integer(0), previous: $0.text(1)) }
            guard let oldest = chain.last else { return nil }
            guard oldest.previous == nil else {
                // Either there are more, or one of them is not there.
                if chain.count >= maximumResponses { throw StoreError.tooLarge }
                return nil
            }
            var bytes = 0
            for (key, _) in chain {
                bytes += try database.integer(
                    "SELECT sum(length(bytes)) FROM response_items WHERE response = ?", .integer(key))
                guard bytes <= maximumBytes else { throw StoreError.tooLarge }
            }
            return try chain.reversed().flatMap { link in
                try database.rows(
                    "SELECT id, bytes FROM response_items WHERE response = ? ORDER BY key",
                    .integer(link.key),
                    read: StoredItem.init)
            }
        }
    }

    // MARK: Lists

    /// A page of a table's items whose rows meet a condition on a key.
    func items(
        _ table: String, _ condition: String, _ key: Int, _ page: StoredPage
    ) throws -> StoredItemList {
        let isAscending = page.order == .oldestFirst
        var start = isAscending ? 0 : Int.max
        if let after = page.after {
            let found = try database.first(
                """
                SELECT key FROM \(table) WHERE \(condition) AND id = ? ORDER BY key \(isAscending ? "" : "DESC") LIMIT 1
                """, .integer(key), .text(after)
            ) { $0.integer(0) }
            guard let found else { throw StoreError.unknownItem }
            start = found
        }
        let rest = """
            FROM \(table) WHERE \(condition) AND key \(isAscending ? ">" : "<") ?
            ORDER BY key \(isAscending ? "" : "DESC") LIMIT ?
            """
        let sizes = try database.rows(
            "SELECT length(bytes) \(rest)", .integer(key), .integer(start), .integer(page.limit + 1)
        ) { $0.integer(0) }
        let count = limits.fitting(sizes, page)
        let items = try database.rows(
            "SELECT id, bytes \(rest)", .integer(key), .integer(start), .integer(count), read: StoredItem.init
        )
        return StoredItemList(items: items, hasMore: sizes.count > count)
    }
}

extension StoredItem {
    /// Takes the columns `id, bytes`.
    init(_ row: Row) {
        self.init(id: row.text(0) ?? "", bytes: row.blob(1))
    }
}
