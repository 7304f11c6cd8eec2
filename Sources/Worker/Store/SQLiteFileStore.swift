internal import EventLoop
internal import Relay
internal import SQLite
internal import Synchronization

/// Files of callers: their bytes in a directory, and what is known of them in the database that processes share.
///
/// Bytes are copied by threads of its own, so that answers and conversations do not wait for a long file.
final class SQLiteFileStore: FileStore {
    /// Files that are copied at a time.
    private static let threadLimit = 2
    /// Files that may wait for it: each has a request that waits.
    private static let maximumQueued = 256

    private let connection: StoreConnection
    private let directory: FileDirectory
    private let limits: FileLimits
    private let random: any RandomSource
    private let log: any ExchangeLog
    private let threads = ThreadPool(name: "files", limit: threadLimit, maximumQueued: maximumQueued)
    private let isTold = Atomic(false)

    /// A store with the database of a connection.
    ///
    /// - Parameter directory: has the bytes; made when it is missing and the one above it is there.
    init(
        _ connection: StoreConnection, directory: String, limits: FileLimits, random: any RandomSource,
        log: any ExchangeLog
    ) {
        self.connection = connection
        self.directory = FileDirectory(path: directory)
        self.limits = limits
        self.random = random
        self.log = log
    }

    var isConfigured: Bool { true }

    func save(
        _ file: StoredFile, content: FileContent, for credential: String
    ) async throws(StoreError) {
        let limits = limits
        // Before the bytes are copied, so that what has no room costs nothing.
        let mark = try await connection.perform {
            try $0.check(file.count, limits, of: $0.owner(credential), now: $1)
            return $0.mark
        }
        let name = Self.name(random)
        let written = try await onThread { directory throws(FileDirectory.Trouble) in
            try directory.write(content, mark: mark, name: name)
        }
        do throws(StoreError) {
            let gone = try await connection.perform {
                try $0.add(file, place: written.place, limits, of: $0.owner(credential), now: $1)
            }
            await remove(gone)
        } catch {
            await remove([written.place])
            throw error
        }
        withExtendedLifetime(written) {}
    }

    func file(_ id: String, for credential: String) async throws(StoreError) -> StoredFile? {
        try await connection.perform { try $0.file(id, of: $0.owner(credential), now: $1)?.file }
    }

    func content(_ id: String, for credential: String) async throws(StoreError) -> (any ByteSource)? {
        let found = try await connection.perform { try $0.file(id, of: $0.owner(credential), now: $1) }
        guard let found else { return nil }
        return try await onThread { directory throws(FileDirectory.Trouble) in
            try directory.read(found.place, count: found.file.count)
        }
    }

    func files(
        purpose: String?, page: StoredPage, for credential: String
    ) async throws(StoreError) -> StoredFileList {
        try await connection.perform {
            try $0.files(purpose: purpose, page, of: $0.owner(credential), now: $1)
        }
    }

    func deleteFile(_ id: String, for credential: String) async throws(StoreError) -> Bool {
        let place = try await connection.perform {
            try $0.deleteFile(id, of: $0.owner(credential), now: $1)
        }
        guard let place else { return false }
        await remove([place])
        return true
    }

    // MARK: The directory

    /// Does something with the directory, on a thread beside the loops.
    private func onThread<Value: Sendable>(
        _ work: @escaping @Sendable (FileDirectory) throws(FileDirectory.Trouble) -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            let isAccepted = threads.submit {
                do throws(FileDirectory.Trouble) {
                    let value = try work(self.directory)
                    continuation.resume(returning: .success(value))
                } catch {
                    if error.isDirectorys { self.tell(error.reason) }
                    continuation.resume(returning: .failure(.unavailable(error.reason)))
                }
            }
            if !isAccepted {
                continuation.resume(returning: .failure(.unavailable("too many calls wait for the disk")))
            }
        }
        return try result.get()
    }

    /// Deletes bytes that have no row any more; what cannot be deleted now goes with a sweep.
    private func remove(_ places: [String]) async {
        guard !places.isEmpty else { return }
        try? await onThread { directory throws(FileDirectory.Trouble) in
            for place in places { directory.remove(place) }
        }
    }

    /// Once in a process: a full disk fails every call.
    private func tell(_ reason: String) {
        guard !isTold.exchange(true, ordering: .relaxed) else { return }
        log.event(
            .warning, "directory of files cannot be used",
            [LogField("directory", .string(directory.path)), LogField("reason", .string(reason))])
    }

    private static func name(_ random: any RandomSource) -> String {
        random.bytes(16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    // MARK: Sweeping

    /// Expired files that one `sweep` deletes.
    private static let sweepCount = 1000
    /// Names that are looked for in the database at a time.
    private static let lookCount = 500

    func sweep() async {
        let expired = try? await connection.passing { database, now in
            try database.database.transaction {
                try database.deleteExpiredFiles(Self.sweepCount, now: now)
            }
        }
        // Nothing was ever kept, or it cannot be told what is.
        guard let expired, let mark = try? await connection.passing({ database, _ in database.mark }) else {
            return
        }
        await remove(expired)
        let names = try? await onThread { directory throws(FileDirectory.Trouble) in
            directory.names(mark: mark)
        }
        for place in await unkept(names ?? []) {
            let locked = try? await onThread { directory throws(FileDirectory.Trouble) in
                directory.lock(place)
            }
            guard let locked else { continue }
            // Its row may have come before the lock was let go.
            await remove(await unkept([place]))
            withExtendedLifetime(locked) {}
        }
    }

    /// Those of the places that no file has its bytes in; none when that cannot be told.
    private func unkept(_ places: [String]) async -> [String] {
        var result: [String] = []
        // In parts, so that others wait for milliseconds.
        for start in stride(from: 0, to: places.count, by: Self.lookCount) {
            let part = Array(places[start..<min(start + Self.lookCount, places.count)])
            let found = try? await connection.passing { database, _ in
                try part.filter { try !database.hasFile(at: $0) }
            }
            result += found ?? []
        }
        return result
    }
}
