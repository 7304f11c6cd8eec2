/// The store of a process that keeps no files: nothing is found, and nothing can be put into it.
public struct NoFileStore: FileStore {
    /// Makes one; it has no state.
    public init() {}

    private static let error = StoreError.unavailable("no store is configured")

    /// Nothing can be kept.
    public var isConfigured: Bool { false }

    /// Keeps nothing.
    public func save(
        _ file: StoredFile, content: FileContent, for credential: String
    ) async throws(StoreError) { throw Self.error }

    /// Finds nothing.
    public func file(_ id: String, for credential: String) async throws(StoreError) -> StoredFile? { nil }

    /// Finds nothing.
    public func content(
        _ id: String, for credential: String
    ) async throws(StoreError) -> (any ByteSource)? { nil }

    /// Finds nothing.
    public func files(
        purpose: String?, page: StoredPage, for credential: String
    ) async throws(StoreError) -> StoredFileList { StoredFileList(files: [], hasMore: false) }

    /// Finds nothing.
    public func deleteFile(_ id: String, for credential: String) async throws(StoreError) -> Bool { false }

    /// Does nothing.
    public func sweep() async {}
}

/// The memory of a process that remembers no uploads.
public struct NoAssetCache: AssetCache {
    /// Makes one; it has no state.
    public init() {}

    /// Knows nothing.
    public func asset(_ key: AssetKey, for credential: String) async -> UploadedAsset? { nil }

    /// Remembers nothing.
    public func remember(
        _ asset: UploadedAsset, as key: AssetKey, until: Int, for credential: String
    ) async {}

    /// Does nothing.
    public func forget(_ key: AssetKey, for credential: String) async {}
}
