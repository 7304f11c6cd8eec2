internal import Relay
internal import SQLite

/// What is remembered of uploads to vendors, in a database that processes share.
///
/// Trouble with the file is told by its connection; here it only means that nothing is known.
final class SQLiteAssetCache: AssetCache {
    private let connection: StoreConnection

    /// A memory in the database of a connection.
    init(_ connection: StoreConnection) {
        self.connection = connection
    }

    func asset(_ key: AssetKey, for credential: String) async -> UploadedAsset? {
        try? await connection.perform { try $0.asset(key, of: $0.owner(credential), now: $1) }
    }

    func remember(
        _ asset: UploadedAsset, as key: AssetKey, until: Int, for credential: String
    ) async {
        try? await connection.perform {
            try $0.remember(asset, as: key, until: until, of: $0.owner(credential), now: $1)
        }
    }

    func forget(_ key: AssetKey, for credential: String) async {
        try? await connection.perform { database, _ in
            try database.forget(key, of: database.owner(credential))
        }
    }
}

extension StoreDatabase {
    /// Uploads of all callers together; some 200 bytes each.
    private static let maximumAssets = 65_536
    /// Those that go at once when there are more, the first to expire first.
    private static let excessAssets = 1024

    private static let assetKey = "owner = ? AND hash = ? AND provider = ? AND extension = ?"

    fileprivate func asset(_ key: AssetKey, of owner: SQLiteValue, now: Int) throws -> UploadedAsset? {
        try database.first(
            "SELECT path, uuid FROM assets WHERE \(Self.assetKey) AND expires > ?", owner, .blob(key.hash),
            .text(key.provider), .text(key.fileExtension), .integer(now)
        ) { UploadedAsset(path: $0.text(0) ?? "", uuid: $0.text(1)) }
    }

    fileprivate func remember(
        _ asset: UploadedAsset, as key: AssetKey, until: Int, of owner: SQLiteValue, now: Int
    ) throws {
        try database.transaction {
            try database.run("DELETE FROM assets WHERE expires <= ?", .integer(now))
            if try database.integer("SELECT count(*) FROM assets") >= Self.maximumAssets {
                try database.run(
                    """
                    DELETE FROM assets WHERE (owner, hash, provider, extension) IN
                        (SELECT owner, hash, provider, extension FROM assets ORDER BY expires LIMIT ?)
                    """, .integer(Self.excessAssets))
            }
            try database.run(
                """
                INSERT OR REPLACE INTO assets (owner, hash, provider, extension, expires, path, uuid)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
                owner, .blob(key.hash), .text(key.provider), .text(key.fileExtension), .integer(until),
                .text(asset.path), .optional(asset.uuid))
        }
    }

    fileprivate func forget(_ key: AssetKey, of owner: SQLiteValue) throws {
        try database.run(
            "DELETE FROM assets WHERE \(Self.assetKey)", owner, .blob(key.hash), .text(key.provider),
            .text(key.fileExtension))
    }
}
