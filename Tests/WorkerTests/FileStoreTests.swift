import Relay
import Testing
import TestSupport

@testable import Worker

/// What every store of files does, the one in memory and the one with a database.
@Suite(.timeLimit(.minutes(1))) final class FileStoreTests {
    enum Kind: CaseIterable { case memory, file }

    let directory = try? TemporaryDirectory("files")
    let clock = ManualClock()

    func store(_ kind: Kind, _ change: (inout FileLimits) -> Void = { _ in }) throws -> any FileStore {
        var limits = FileLimits()
        change(&limits)
        switch kind {
        case .memory: return MemoryFileStore(clock: clock, limits: limits)
        case .file:
            let directory = try #require(directory)
            let connection = StoreConnection(
                path: directory.path("store.db"), maximumBytes: 1 << 30, limits: StoreLimits(), clock: clock,
                random: SystemRandom(), log: RecordingLog())
            return SQLiteFileStore(
                connection, directory: directory.path("bytes"), limits: limits, random: SystemRandom(),
                log: RecordingLog())
        }
    }

    func file(
        _ id: String, _ count: Int = 3, purpose: String = "user_data", lifetime: Int? = nil
    ) -> StoredFile {
        let created = clock.unixTime().seconds
        return StoredFile(
            id: id, name: "naïve \"\(id)\".txt", purpose: purpose, mediaType: "text/plain", count: count,
            hash: [UInt8](repeating: 7, count: 32), created: created, expires: lifetime.map { created + $0 })
    }

    func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) } }

    func save(_ store: any FileStore, _ file: StoredFile, for credential: String = "k") async throws {
        try await store.save(file, content: .bytes(bytes(file.count)), for: credential)
    }

    func all(_ store: any FileStore, _ credential: String = "k") async throws -> [String] {
        try await store.files(
            purpose: nil, page: StoredPage(limit: 1000, order: .oldestFirst), for: credential
        ).files.map(\.id)
    }

    @Test(arguments: Kind.allCases)
    func `a file is its caller's until it is deleted`(kind: Kind) async throws {
        let store = try store(kind)
        #expect(store.isConfigured)
        #expect(try await store.file("a", for: "key") == nil)
        #expect(try await store.content("a", for: "key") == nil)
        try await save(store, file("a", 3_000_000), for: "key")
        #expect(try await store.file("a", for: "key") == file("a", 3_000_000))
        for other in ["", "ke", "key2", "KEY", "' OR 1=1 --"] {
            #expect(try await store.file("a", for: other) == nil)
            #expect(try await store.content("a", for: other) == nil)
            #expect(try await store.deleteFile("a", for: other) == false)
            #expect(try await all(store, other) == [])
        }
        let content = try #require(try await store.content("a", for: "key"))
        #expect(content.count == 3_000_000)
        #expect(try content.read(0..<3_000_000) == bytes(3_000_000))
        #expect(try content.read(1_048_570..<1_048_590) == Array(bytes(1_048_590)[1_048_570...]))
        #expect(throws: ByteSourceError.self) { try content.read(2_999_999..<3_000_001) }
        #expect(try await store.deleteFile("a", for: "key"))
        #expect(try await store.deleteFile("a", for: "key") == false)
        #expect(try await store.file("a", for: "key") == nil)
        #expect(try await store.content("a", for: "key") == nil)
        // Whoever reads it goes on.
        #expect(try content.read(5..<7) == Array(bytes(7)[5...]))
    }

    @Test(arguments: Kind.allCases)
    func `bytes come from a part of a source`(kind: Kind) async throws {
        let store = try store(kind)
        let source = MemoryBytes(bytes(100))
        try await store.save(file("a", 10), content: .source(source, 20..<30), for: "k")
        let content = try #require(try await store.content("a", for: "k"))
        #expect(try content.read(0..<10) == Array(bytes(30)[20...]))
        // One that breaks off leaves nothing.
        await #expect(throws: StoreError.self) {
            try await store.save(self.file("b", 50), content: .source(source, 60..<110), for: "k")
        }
        #expect(try await all(store) == ["a"])
    }

    @Test(arguments: Kind.allCases)
    func `a file expires at its time, swept or not`(kind: Kind) async throws {
        let store = try store(kind)
        try await save(store, file("a", lifetime: 60))
        try await save(store, file("b"))
        clock.advance(by: .seconds(59))
        #expect(try await all(store) == ["a", "b"])
        clock.advance(by: .seconds(1))
        for _ in 0..<2 {
            #expect(try await all(store) == ["b"])
            #expect(try await store.file("a", for: "k") == nil)
            #expect(try await store.content("a", for: "k") == nil)
            #expect(try await store.deleteFile("a", for: "k") == false)
            await #expect(throws: StoreError.unknownItem) {
                try await store.files(purpose: nil, page: StoredPage(after: "a"), for: "k")
            }
            await store.sweep()
        }
    }

    @Test(arguments: Kind.allCases)
    func `files come in pages from either end`(kind: Kind) async throws {
        let store = try store(kind)
        for id in 0..<5 { try await save(store, file("\(id)", purpose: id % 2 == 0 ? "vision" : "evals")) }
        try await save(store, file("0"), for: "other")
        func page(_ page: StoredPage, _ purpose: String? = nil) async throws -> ([String], Bool) {
            let list = try await store.files(purpose: purpose, page: page, for: "k")
            return (list.files.map(\.id), list.hasMore)
        }
        #expect(try await page(StoredPage()) == (["4", "3", "2", "1", "0"], false))
        #expect(try await page(StoredPage(limit: 2)) == (["4", "3"], true))
        #expect(try await page(StoredPage(after: "3", limit: 3)) == (["2", "1", "0"], false))
        #expect(try await page(StoredPage(limit: 4, order: .oldestFirst)) == (["0", "1", "2", "3"], true))
        #expect(try await page(StoredPage(after: "3", limit: 1, order: .oldestFirst)) == (["4"], false))
        #expect(try await page(StoredPage(after: "4", order: .oldestFirst)) == ([], false))
        #expect(try await page(StoredPage(limit: 2), "vision") == (["4", "2"], true))
        #expect(try await page(StoredPage(after: "3", limit: 2), "vision") == (["2", "0"], false))
        #expect(try await page(StoredPage(), "nothing") == ([], false))
        await #expect(throws: StoreError.unknownItem) { try await page(StoredPage(after: "9")) }
    }

    @Test(arguments: Kind.allCases)
    func `a caller's room is his own, and nothing is deleted for it`(kind: Kind) async throws {
        let store = try store(kind) {
            $0.callerBytes = 100
            $0.maximumBytes = 250
        }
        try await save(store, file("a", 60))
        try await save(store, file("b", 40))
        await #expect(throws: StoreError.full) { try await self.save(store, self.file("c", 1)) }
        await #expect(throws: StoreError.tooLarge) {
            try await self.save(store, self.file("c", 101), for: "other")
        }
        #expect(try await all(store) == ["a", "b"])
        try await save(store, file("a", 100), for: "other")
        // What all have together.
        await #expect(throws: StoreError.full) {
            try await self.save(store, self.file("a", 51), for: "third")
        }
        try await save(store, file("a", 50), for: "third")
        #expect(try await store.deleteFile("b", for: "k"))
        #expect(try await store.deleteFile("a", for: "third"))
        try await save(store, file("c", 40))
    }

    @Test(arguments: Kind.allCases)
    func `what expired makes room`(kind: Kind) async throws {
        let store = try store(kind) { $0.callerFiles = 2 }
        try await save(store, file("a", lifetime: 10))
        try await save(store, file("b"))
        await #expect(throws: StoreError.full) { try await self.save(store, self.file("c")) }
        clock.advance(by: .seconds(10))
        try await save(store, file("c"))
        #expect(try await all(store) == ["b", "c"])
    }
}
