internal import Relay
internal import SQLite

extension StoreDatabase {
    func create(
        _ conversation: StoredConversation, items: [StoredItem], of owner: SQLiteValue, now: Int
    ) throws {
        let own = conversation.metadata.count + StoreLimits.overheadBytes
        let size = items.reduce(own) { $0 + $1.storedBytes }
        try check(size, items: items.count)
        try database.transaction {
            let count = try database.integer("SELECT count(*) FROM conversations WHERE owner = ?", owner)
            guard count < limits.callerConversations else { throw StoreError.full }
            try makeRoom(size, responses: 0, of: owner, now: now)
            try database.run(
                "INSERT INTO conversations (owner, id, created, touched, size, metadata) VALUES (?, ?, ?, ?, ?, ?)",
                owner, .text(conversation.id), .integer(conversation.created), .integer(now), .integer(own),
                .blob(conversation.metadata))
            try append(items, to: database.lastKey, now: now)
        }
    }

    func conversation(_ id: String, of owner: SQLiteValue, now: Int) throws -> StoredConversation? {
        try database.first(
            "SELECT created, metadata FROM conversations WHERE owner = ? AND id = ? AND touched > ?",
            owner, .text(id), expired(now)
        ) { StoredConversation(id: id, created: $0.integer(0), metadata: $0.blob(1)) }
    }

    func set(
        metadata: [UInt8], ofConversation id: String, of owner: SQLiteValue, now: Int
    ) throws -> StoredConversation? {
        try check(metadata.count, items: 0)
        return try database.transaction {
            guard let key = try conversationKey(id, of: owner, now: now) else { return nil }
            try database.run(
                """
                UPDATE conversations SET size = size - length(metadata) + length(?1), metadata = ?1, touched = ?2
                WHERE key = ?3
                """, .blob(metadata), .integer(now), .integer(key))
            return try conversation(id, of: owner, now: now)
        }
    }

    func deleteConversation(_ id: String, of owner: SQLiteValue, now: Int) throws -> Bool {
        try database.transaction {
            try database.run(
                "DELETE FROM conversations WHERE owner = ? AND id = ? AND touched > ?", owner, .text(id),
                expired(now))
            return database.changes > 0
        }
    }

    func add(
        _ items: [StoredItem], toConversation id: String, of owner: SQLiteValue, now: Int
    ) throws -> Bool {
        let size = items.reduce(0) { $0 + $1.storedBytes }
        try check(size, items: items.count)
        return try database.transaction {
            guard let key = try conversationKey(id, of: owner, now: now) else { return false }
            try makeRoom(size, responses: 0, of: owner, now: now)
            try append(items, to: key, now: now)
            return true
        }
    }

    /// Within a transaction.
    func append(_ items: [StoredItem], to conversation: Int, now: Int) throws {
        var added = 0
        for item in items {
            try database.run(
                "INSERT OR IGNORE INTO conversation_items (conversation, size, id, bytes) VALUES (?, ?, ?, ?)",
                .integer(conversation), .integer(item.storedBytes), .text(item.id), .blob(item.bytes))
            if database.changes > 0 { added += item.storedBytes }
        }
        try database.run(
            "UPDATE conversations SET size = size + ?, touched = ? WHERE key = ?", .integer(added),
            .integer(now), .integer(conversation))
    }

    func items(
        ofConversation id: String, _ page: StoredPage, of owner: SQLiteValue, now: Int
    ) throws -> StoredItemList? {
        try database.snapshot {
            guard let key = try conversationKey(id, of: owner, now: now) else { return nil }
            return try items("conversation_items", "conversation = ?", key, page)
        }
    }

    func item(
        _ id: String, ofConversation conversation: String, of owner: SQLiteValue, now: Int
    ) throws -> StoredItem? {
        try database.snapshot {
            guard let key = try conversationKey(conversation, of: owner, now: now) else { return nil }
            return try database.first(
                "SELECT id, bytes FROM conversation_items WHERE conversation = ? AND id = ?", .integer(key),
                .text(id), read: StoredItem.init)
        }
    }

    func deleteItem(
        _ id: String, ofConversation conversation: String, of owner: SQLiteValue, now: Int
    ) throws -> Bool {
        try database.transaction {
            guard let key = try conversationKey(conversation, of: owner, now: now) else { return false }
            let size = try database.first(
                "DELETE FROM conversation_items WHERE conversation = ? AND id = ? RETURNING size",
                .integer(key), .text(id)
            ) { $0.integer(0) }
            guard let size else { return false }
            try database.run(
                "UPDATE conversations SET size = size - ?, touched = ? WHERE key = ?", .integer(size),
                .integer(now), .integer(key))
            return true
        }
    }

    func history(
        ofConversation id: String, maximumBytes: Int, of owner: SQLiteValue, now: Int
    ) throws -> [StoredItem]? {
        try database.snapshot {
            guard let key = try conversationKey(id, of: owner, now: now) else { return nil }
            let bytes = try database.integer(
                "SELECT sum(length(bytes)) FROM conversation_items WHERE conversation = ?", .integer(key))
            guard bytes <= maximumBytes else { throw StoreError.tooLarge }
            return try database.rows(
                "SELECT id, bytes FROM conversation_items WHERE conversation = ? ORDER BY key", .integer(key),
                read: StoredItem.init)
        }
    }

    /// The row of a conversation that has not expired.
    func conversationKey(_ id: String, of owner: SQLiteValue, now: Int) throws -> Int? {
        try database.first(
            "SELECT key FROM conversations WHERE owner = ? AND id = ? AND touched > ?", owner, .text(id),
            expired(now)
        ) { $0.integer(0) }
    }
}
