import Glibc
import Relay
import SQLite
import Testing
import TestSupport

@testable import Worker

/// What only a store in a file can do, and suffer.
@Suite(.timeLimit(.minutes(2))) final class SQLiteConversationStoreTests {
    let directory: TemporaryDirectory
    let clock = ManualClock()
    let log = RecordingLog()

    init() throws { directory = try TemporaryDirectory("database") }

    var path: String { directory.path("store/store.db") }

    func store(_ path: String? = nil, maximumBytes: Int = 1 << 30, busyTimeout: Duration = .seconds(5))
        -> SQLiteConversationStore
    {
        var limits = StoreLimits()
        limits.retention = .seconds(60)
        return SQLiteConversationStore(
            StoreConnection(
                path: path ?? self.path, maximumBytes: maximumBytes, limits: limits, busyTimeout: busyTimeout,
                clock: clock,
                random: SystemRandom(), log: log))
    }

    static func response(_ id: String, bytes: Int = 3) -> StoredResponse {
        StoredResponse(
            id: id, body: [UInt8](repeating: 0x61, count: bytes),
            input: [StoredItem(id: "in-\(id)", bytes: Array("the prompt".utf8))],
            output: [StoredItem(id: "out-\(id)", bytes: Array("the answer".utf8))])
    }

    func mode(_ path: String) -> UInt32? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
    }

    func size(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    func contents() throws -> [UInt8] {
        try ["", "-wal"].flatMap { end in
            access(path + end, F_OK) == 0 ? try SmallFile.read(path + end) : []
        }
    }

    func put(_ text: String, at path: String) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        #expect(write(file, text, text.utf8.count) == text.utf8.count)
        close(file)
    }

    @Test func `nothing is made before it is needed, and then for the user alone`() async throws {
        let store = store()
        await store.sweep()
        #expect(mode(directory.path("store")) == nil)
        let former = umask(0)
        defer { umask(former) }
        #expect(try await store.saveResponse(Self.response("a"), for: "key"))
        #expect(mode(directory.path("store")) == 0o700)
        for end in ["", "-wal", "-shm"] { #expect(mode(path + end) == 0o600) }
        #expect(log.events.isEmpty)
    }

    @Test func `processes with one file see the same, and no credential is in it`() async throws {
        let credential = "a-credential-that-nobody-else-has"
        let (one, other) = (store(), store())
        #expect(try await one.saveResponse(Self.response("a"), for: credential))
        #expect(try await other.response("a", for: credential) == [0x61, 0x61, 0x61])
        #expect(try await other.deleteResponse("a", for: credential))
        #expect(try await one.response("a", for: credential) == nil)
        #expect(try await one.saveResponse(Self.response("b"), for: credential))
        let bytes = String(decoding: try contents(), as: Unicode.ASCII.self)
        #expect(bytes.contains("the prompt"))
        #expect(!bytes.contains(credential))
    }

    @Test func `what was deleted is gone from the file`() async throws {
        let store = store()
        for id in 0..<50 {
            #expect(try await store.saveResponse(Self.response("\(id)", bytes: 20_000), for: "k"))
        }
        await store.sweep()
        clock.advance(by: .seconds(61))
        await store.sweep()
        let bytes = try contents()
        #expect(!String(decoding: bytes, as: Unicode.ASCII.self).contains("the prompt"))
        #expect(bytes.count < 200_000)
        // Nobody used it since: it is closed, and SQLite's other files are gone.
        #expect(mode(path + "-wal") == nil && mode(path + "-shm") == nil)
        #expect(try await store.saveResponse(Self.response("a"), for: "k"))
        #expect(try await store.response("a", for: "k") != nil)
    }

    @Test func `what expired goes also where nobody sweeps`() async throws {
        let store = store()
        for id in 0..<12 { #expect(try await store.saveResponse(Self.response("\(id)"), for: "k\(id)")) }
        clock.advance(by: .seconds(61))
        for id in 0..<2 { #expect(try await store.saveResponse(Self.response("\(id)"), for: "new")) }
        let database = try Database(path: path, busyTimeout: .seconds(1))
        #expect(try database.integer("SELECT count(*) FROM responses") == 2)
        #expect(try database.integer("SELECT count(*) FROM response_items") == 4)
    }

    @Test func `an id that is there already harms nobody else`() async throws {
        let store = store()
        let conversation = StoredConversation(id: "c", created: 0, metadata: [])
        try await store.createConversation(conversation, items: [], for: "k")
        await #expect(throws: StoreError.self) {
            try await store.createConversation(conversation, items: [], for: "k")
        }
        #expect(try await store.conversation("c", for: "k") == conversation)
    }

    @Test func `a full file makes room by its oldest answers, whoever has them`() async throws {
        let store = store(maximumBytes: 4 << 20)
        for id in 0..<40 {
            #expect(try await store.saveResponse(Self.response("\(id)", bytes: 200_000), for: "key-\(id)"))
        }
        await store.sweep()
        #expect(size(path) <= 4 << 20)
        var kept: [Int] = []
        for id in 0..<40 where try await store.response("\(id)", for: "key-\(id)") != nil { kept.append(id) }
        #expect(kept.count > 5 && kept.count < 21 && kept == Array((40 - kept.count)..<40))
        // A quarter is a caller's.
        await #expect(throws: StoreError.tooLarge) {
            try await store.saveResponse(Self.response("x", bytes: 1 << 20), for: "k")
        }
    }

    @Test func `a file full of conversations is full, until some expire`() async throws {
        let store = store(maximumBytes: 1 << 20)
        let items = [StoredItem(id: "1", bytes: [UInt8](repeating: 1, count: 100_000))]
        var count = 0
        await #expect(throws: StoreError.full) {
            while count < 100 {
                let conversation = StoredConversation(id: "\(count)", created: 0, metadata: [])
                try await store.createConversation(conversation, items: items, for: "key-\(count)")
                count += 1
            }
        }
        #expect(count > 2)
        await #expect(throws: StoreError.full) {
            try await store.saveResponse(Self.response("a", bytes: 150_000), for: "k")
        }
        #expect(try await store.conversation("0", for: "key-0") != nil)
        clock.advance(by: .seconds(61))
        await store.sweep()
        #expect(try await store.saveResponse(Self.response("a", bytes: 150_000), for: "k"))
        #expect(log.events.isEmpty)
    }

    // MARK: What the outside does to it

    @Test func `a file that is no database stays as it is, and is used no more until it went`() async throws {
        mkdir(directory.path("store"), 0o700)
        let text = String(repeating: "Somebody's notes. ", count: 500)
        put(text, at: path)
        let store = store()
        for _ in 0..<3 {
            await #expect {
                try await store.saveResponse(Self.response("a"), for: "k")
            } throws: {
                if case StoreError.unavailable = $0 { true } else { false }
            }
            clock.advance(by: .seconds(4))
        }
        #expect(try SmallFile.read(path) == Array(text.utf8))
        #expect(log.events.map(\.message) == ["store cannot be used"])
        #expect(rename(path, directory.path("store/moved")) == 0)
        #expect(try await store.saveResponse(Self.response("a"), for: "k"))
        #expect(log.events.map(\.message) == ["store cannot be used", "store is used again"])
    }

    @Test func `another program's database is left alone`() async throws {
        mkdir(directory.path("store"), 0o700)
        do {
            put("", at: path)
            let other = try Database(path: path, busyTimeout: .zero)
            try other.run("CREATE TABLE theirs (a)")
        }
        let before = try SmallFile.read(path)
        await #expect(throws: StoreError.unavailable("it is a database of another program")) {
            try await self.store().saveResponse(Self.response("a"), for: "k")
        }
        #expect(try SmallFile.read(path) == before)
    }

    @Test func `a later version's database is left alone`() async throws {
        #expect(try await store().saveResponse(Self.response("a"), for: "k"))
        try Database(path: path, busyTimeout: .seconds(5)).run("PRAGMA user_version = 3")
        await #expect(throws: StoreError.unavailable("a later version of this program made it")) {
            try await self.store().response("a", for: "k")
        }
    }

    @Test func `where no file can be made it says so, and tries again only after a while`() async throws {
        let store = store(directory.path("missing/store/store.db"))
        func isAvailable() async -> Bool { (try? await store.response("a", for: "k")) != nil }
        await #expect(throws: StoreError.self) { try await store.response("a", for: "k") }
        mkdir(directory.path("missing"), 0o700)
        await #expect(throws: StoreError.self) { try await store.response("a", for: "k") }
        clock.advance(by: .seconds(4))
        #expect(try await store.response("a", for: "k") == nil)
        #expect(log.events.map(\.message) == ["store cannot be used", "store is used again"])
        for path in ["/proc/fastrelay.db", "/dev/null", "/tmp"] {
            await #expect(throws: StoreError.self) { try await self.store(path).response("a", for: "k") }
        }
    }

    @Test func `a file that was replaced is opened anew`() async throws {
        let store = store()
        #expect(try await store.saveResponse(Self.response("a"), for: "k"))
        #expect(rename(directory.path("store"), directory.path("old")) == 0)
        #expect(try await store.response("a", for: "k") == nil)
        #expect(try await store.saveResponse(Self.response("b"), for: "k"))
        #expect(try await self.store().response("b", for: "k") != nil)
        #expect(try await self.store(directory.path("old/store.db")).response("a", for: "k") != nil)
    }

    @Test func `whoever waits too long for others is told`() async throws {
        let store = store(busyTimeout: .milliseconds(20))
        #expect(try await store.saveResponse(Self.response("a"), for: "k"))
        let other = try Database(path: path, busyTimeout: .zero)
        try other.run("BEGIN IMMEDIATE")
        // Readers do not wait.
        #expect(try await store.response("a", for: "k") != nil)
        await #expect(throws: StoreError.unavailable("others have it for too long")) {
            try await store.saveResponse(Self.response("b"), for: "k")
        }
        try other.run("ROLLBACK")
        #expect(try await store.saveResponse(Self.response("b"), for: "k"))
    }
}
