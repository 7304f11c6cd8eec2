public import Relay
import Synchronization

/// Files in memory; two relays that have the same store are two processes with one database.
public final class MemoryFileStore: FileStore {
    private struct Entry {
        var caller: String
        var file: StoredFile
        var bytes: [UInt8]
    }

    private struct State {
        var entries: [Entry] = []
        var error: StoreError?
        var sweepCount = 0
    }

    private let limits: FileLimits
    private let clock: any RelayClock
    private let state = Mutex(State())

    /// An empty store.
    public init(clock: any RelayClock, limits: FileLimits = FileLimits()) {
        self.clock = clock
        self.limits = limits
    }

    /// Something can be kept.
    public var isConfigured: Bool { true }

    /// What every call throws while it is set: a database that cannot be reached.
    public var error: StoreError? {
        get { state.withLock { $0.error } }
        set { state.withLock { $0.error = newValue } }
    }
    /// How many files are kept, expired ones too.
    public var count: Int { state.withLock { $0.entries.count } }
    /// Counts how often those who opened files read of them.
    public let reads = Counter()
    /// How often `sweep` was called.
    public var sweepCount: Int { state.withLock { $0.sweepCount } }

    private func withState<Value: Sendable>(
        _ body: (inout State) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = state.withLock { state in
            if let error = state.error { return .failure(error) }
            do throws(StoreError) {
                return .success(try body(&state))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func living(_ state: State) -> [Entry] {
        let now = clock.unixTime().seconds
        return state.entries.filter { $0.file.expires.map { $0 > now } ?? true }
    }

    private func find(_ id: String, _ caller: String, in state: State) -> Entry? {
        living(state).first { $0.caller == caller && $0.file.id == id }
    }

    /// Keeps a file.
    public func save(
        _ file: StoredFile, content: FileContent, for credential: String
    ) async throws(StoreError) {
        let bytes: [UInt8]
        do throws(ByteSourceError) {
            bytes = try content.read(0..<content.count)
        } catch {
            throw .unavailable("what was sent cannot be read")
        }
        try withState { state throws(StoreError) in
            guard file.count <= min(limits.callerBytes, limits.maximumBytes) else { throw .tooLarge }
            let all = living(state)
            let own = all.filter { $0.caller == credential }
            let sum = { (entries: [Entry]) in entries.reduce(file.count) { $0 + $1.file.count } }
            guard sum(own) <= limits.callerBytes, own.count < limits.callerFiles,
                sum(all) <= limits.maximumBytes
            else { throw .full }
            state.entries.append(Entry(caller: credential, file: file, bytes: bytes))
        }
    }

    /// Finds a file.
    public func file(_ id: String, for credential: String) async throws(StoreError) -> StoredFile? {
        try withState { state throws(StoreError) in find(id, credential, in: state)?.file }
    }

    /// Finds a file's bytes.
    public func content(
        _ id: String, for credential: String
    ) async throws(StoreError) -> (any ByteSource)? {
        try withState { state throws(StoreError) in
            find(id, credential, in: state).map { MemoryBytes($0.bytes, reads: reads) }
        }
    }

    /// Finds files.
    public func files(
        purpose: String?, page: StoredPage, for credential: String
    ) async throws(StoreError) -> StoredFileList {
        try withState { state throws(StoreError) in
            let own = living(state).filter { $0.caller == credential }.map(\.file)
            var rest = (page.order == .oldestFirst ? own : own.reversed())[...]
            if let after = page.after {
                guard let index = rest.firstIndex(where: { $0.id == after }) else { throw .unknownItem }
                rest = rest[(index + 1)...]
            }
            let found = rest.filter { purpose == nil || $0.purpose == purpose }
            return StoredFileList(
                files: Array(found.prefix(page.limit)), hasMore: found.count > page.limit)
        }
    }

    /// Deletes a file.
    public func deleteFile(_ id: String, for credential: String) async throws(StoreError) -> Bool {
        try withState { state throws(StoreError) in
            let found = find(id, credential, in: state) != nil
            state.entries.removeAll { $0.caller == credential && $0.file.id == id }
            return found
        }
    }

    /// Deletes what has expired.
    public func sweep() async {
        state.withLock { state in
            state.sweepCount += 1
            state.entries = living(state)
        }
    }
}

/// Bytes that pretend to be elsewhere.
public final class MemoryBytes: ByteSource {
    private let bytes: [UInt8]
    private let reads: Counter

    /// Takes the bytes; `reads` counts how often they are read.
    public init(_ bytes: [UInt8], reads: Counter = Counter()) {
        self.bytes = bytes
        self.reads = reads
    }

    /// How many there are.
    public var count: Int { bytes.count }

    /// Copies a part.
    public func read(_ range: Range<Int>) throws(ByteSourceError) -> [UInt8] {
        _ = reads.next()
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else { throw ByteSourceError() }
        return Array(bytes[range])
    }
}
