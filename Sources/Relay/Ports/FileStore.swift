/// Where files are kept that callers uploaded to use them later.
///
/// Everything belongs to a caller, who is known by the whole credential; a conformer keeps no credential, only a keyed
/// hash of it. What belongs to another caller, has expired or never was is simply not there. A file is kept as a whole
/// or not at all, and survives the process. Several processes may use one store. A conformer never blocks the caller's
/// thread.
public protocol FileStore: Sendable {
    /// Whether anything can be kept at all; `false` where no store is configured.
    var isConfigured: Bool { get }

    /// Keeps a file under an id that was not used before.
    ///
    /// - Throws: `full` when the caller's or the store's room does not suffice: nothing is deleted for a new file.
    func save(_ file: StoredFile, content: FileContent, for credential: String) async throws(StoreError)

    /// What is known of a file; `nil` when it is not there.
    func file(_ id: String, for credential: String) async throws(StoreError) -> StoredFile?

    /// The bytes of a file; `nil` when it is not there. They can be read as long as the object is kept, whatever becomes
    /// of the file meanwhile.
    func content(_ id: String, for credential: String) async throws(StoreError) -> (any ByteSource)?

    /// A page of a caller's files; those of one purpose where one is given.
    func files(
        purpose: String?, page: StoredPage, for credential: String
    ) async throws(StoreError) -> StoredFileList

    /// Deletes a file, and what is remembered of its uploads to vendors.
    ///
    /// - Returns: whether it was there.
    func deleteFile(_ id: String, for credential: String) async throws(StoreError) -> Bool

    /// Deletes what has expired, and bytes that belong to no file after a crash. To be called every few minutes.
    func sweep() async
}

/// What is known of a file besides its bytes.
public struct StoredFile: Sendable, Equatable {
    /// Its id, `file-…`.
    public var id: String
    /// Its name as the client gave it.
    public var name: String
    /// What it is for, such as `user_data`.
    public var purpose: String
    /// Its media type, by its bytes where they tell.
    public var mediaType: String
    /// How many bytes it has.
    public var count: Int
    /// The SHA-256 of its bytes.
    public var hash: [UInt8]
    /// When it was made, in seconds since 1970-01-01T00:00:00Z.
    public var created: Int
    /// When it goes away by itself, likewise; nil for never.
    public var expires: Int?

    /// Makes one.
    public init(
        id: String, name: String, purpose: String, mediaType: String, count: Int, hash: [UInt8], created: Int,
        expires: Int? = nil
    ) {
        self.id = id
        self.name = name
        self.purpose = purpose
        self.mediaType = mediaType
        self.count = count
        self.hash = hash
        self.created = created
        self.expires = expires
    }
}

/// A page of files.
public struct StoredFileList: Sendable, Equatable {
    /// The files, in the order that was asked for.
    public var files: [StoredFile]
    /// Whether others come after them.
    public var hasMore: Bool

    /// Makes one.
    public init(files: [StoredFile], hasMore: Bool) {
        self.files = files
        self.hasMore = hasMore
    }
}

/// What is remembered of files that were uploaded to vendors, so that the same bytes are uploaded once.
///
/// Shared by processes where a store is configured. It never fails: what it cannot remember is uploaded again.
public protocol AssetCache: Sendable {
    /// Where the vendor has the bytes; nil when that is not known, or no longer believed.
    func asset(_ key: AssetKey, for credential: String) async -> UploadedAsset?

    /// Remembers an upload until a moment, in seconds since 1970-01-01T00:00:00Z.
    func remember(_ asset: UploadedAsset, as key: AssetKey, until: Int, for credential: String) async

    /// Forgets an upload that the vendor does not know any more.
    func forget(_ key: AssetKey, for credential: String) async
}

/// Which bytes were uploaded where.
public struct AssetKey: Sendable, Hashable {
    /// The provider's name in the configuration.
    public var provider: String
    /// The SHA-256 of the bytes.
    public var hash: [UInt8]
    /// The name's extension under which they went: a vendor goes by it.
    public var fileExtension: String

    /// Makes one.
    public init(provider: String, hash: [UInt8], fileExtension: String) {
        self.provider = provider
        self.hash = hash
        self.fileExtension = fileExtension
    }
}

/// A file at a vendor.
public struct UploadedAsset: Sendable, Equatable {
    /// By which pictures and sounds are named.
    public var path: String
    /// By which documents are named; nil where the vendor gave none.
    public var uuid: String?

    /// Makes one.
    public init(path: String, uuid: String?) {
        self.path = path
        self.uuid = uuid
    }
}
