import Glibc
import Relay
import SQLite
import Testing
import TestSupport

@testable import Worker

/// What only a store of files with a directory can do, and suffer.
@Suite(.timeLimit(.minutes(2)), .serialized) final class SQLiteFileStoreTests {
    let directory: TemporaryDirectory
    let clock = ManualClock()
    let log = RecordingLog()

    init() throws { directory = try TemporaryDirectory("file-store") }

    static func store(
        _ database: String, _ bytes: String, clock: any RelayClock = ManualClock(),
        log: any ExchangeLog = RecordingLog()
    ) -> SQLiteFileStore {
        let connection = StoreConnection(
            path: database, maximumBytes: 1 << 30, limits: StoreLimits(), clock: clock,
            random: SystemRandom(), log: log)
        return SQLiteFileStore(
            connection, directory: bytes, limits: FileLimits(), random: SystemRandom(), log: log)
    }

    func store(_ database: String = "store.db", _ bytes: String = "bytes") -> SQLiteFileStore {
        Self.store(directory.path(database), directory.path(bytes), clock: clock, log: log)
    }

    static func file(_ id: String, _ count: Int, expires: Int? = nil) -> StoredFile {
        StoredFile(
            id: id, name: id, purpose: "user_data", mediaType: "text/plain", count: count, hash: [1],
            created: 1, expires: expires)
    }

    static func content(_ count: Int) -> FileContent { .bytes([UInt8](repeating: 0x61, count: count)) }

    func names(_ path: String = "bytes") -> [String] {
        guard let folder = opendir(directory.path(path)) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    func put(_ text: String, at path: String) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        #expect(write(file, text, text.utf8.count) == text.utf8.count)
        close(file)
    }

    @Test func `a file survives the process, for its user alone`() async throws {
        let former = umask(0)
        defer { umask(former) }
        try await store().save(Self.file("a", 70_000), content: Self.content(70_000), for: "a-key")
        let later = store()
        #expect(try await later.file("a", for: "a-key") == Self.file("a", 70_000))
        let content = try #require(try await later.content("a", for: "a-key"))
        #expect(try content.read(0..<70_000) == [UInt8](repeating: 0x61, count: 70_000))
        var status = stat()
        #expect(stat(directory.path("bytes"), &status) == 0 && status.st_mode & 0o777 == 0o700)
        let name = try #require(names().first)
        #expect(stat(directory.path("bytes/\(name)"), &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(!name.contains("a-key"))
        #expect(log.events.isEmpty)
    }

    @Test func `bytes go with their file`() async throws {
        let store = store()
        let soon = clock.unixTime().seconds + 60
        try await store.save(Self.file("a", 1), content: Self.content(1), for: "k")
        try await store.save(Self.file("b", 1, expires: soon), content: Self.content(1), for: "k")
        try await store.save(Self.file("c", 1, expires: soon), content: Self.content(1), for: "k")
        #expect(names().count == 3)
        #expect(try await store.deleteFile("a", for: "k"))
        #expect(names().count == 2)
        clock.advance(by: .seconds(60))
        await store.sweep()
        #expect(names() == [])
        // Also where nobody sweeps.
        try await store.save(Self.file("d", 1, expires: soon + 60), content: Self.content(1), for: "k")
        clock.advance(by: .seconds(60))
        try await store.save(Self.file("e", 1), content: Self.content(1), for: "k")
        #expect(names().count == 1)
    }

    @Test func `what a crash left behind is swept, and nothing else`() async throws {
        let store = store()
        await store.sweep()
        #expect(access(directory.path("store.db"), F_OK) != 0)
        try await store.save(Self.file("a", 3), content: Self.content(3), for: "k")
        let kept = try #require(names().first)
        let mark = try #require(kept.split(separator: "-").first)
        // Bytes without a row, as from a process that was killed between the two.
        put("left", at: directory.path("bytes/\(mark)-0123"))
        // Bytes that another process is about to write.
        let path = directory.path("bytes/\(mark)-4567")
        put("half", at: path)
        let writer = open(path, O_RDWR)
        #expect(flock(writer, LOCK_EX) == 0)
        // What belongs to another database, or to nobody here.
        let other = self.store("other.db")
        try await other.save(Self.file("b", 3), content: Self.content(3), for: "k")
        put("notes", at: directory.path("bytes/notes.txt"))
        let before = Set(names())
        #expect(before.count == 5)
        await store.sweep()
        #expect(before.subtracting(names()) == ["\(mark)-0123"])
        close(writer)
        await store.sweep()
        #expect(before.subtracting(names()) == ["\(mark)-0123", "\(mark)-4567"])
        #expect(try await store.content("a", for: "k") != nil)
        #expect(try await other.content("b", for: "k") != nil)
    }

    @Test func `a file whose bytes went away is not there`() async throws {
        let store = store()
        try await store.save(Self.file("a", 3), content: Self.content(3), for: "k")
        let path = directory.path("bytes/\(try #require(names().first))")
        put("longer than it was", at: path)
        await #expect(throws: StoreError.unavailable("a file is not as it was written")) {
            try await store.content("a", for: "k")
        }
        unlink(path)
        #expect(try await store.content("a", for: "k") == nil)
        #expect(try await store.deleteFile("a", for: "k"))
        #expect(log.events.map(\.message) == ["directory of files cannot be used"])
    }

    @Test func `a directory that cannot be made fails the call and keeps nothing`() async throws {
        let store = store("store.db", "missing/bytes")
        for _ in 0..<2 {
            await #expect {
                try await store.save(Self.file("a", 3), content: Self.content(3), for: "k")
            } throws: {
                if case StoreError.unavailable = $0 { true } else { false }
            }
        }
        #expect(try await store.file("a", for: "k") == nil)
        #expect(log.events.map(\.message) == ["directory of files cannot be used"])
        mkdir(directory.path("missing"), 0o700)
        try await store.save(Self.file("a", 3), content: Self.content(3), for: "k")
    }

    @Test func `an id that is there already leaves no bytes`() async throws {
        let store = store()
        try await store.save(Self.file("a", 3), content: Self.content(3), for: "k")
        await #expect(throws: StoreError.self) {
            try await store.save(Self.file("a", 4), content: Self.content(4), for: "k")
        }
        #expect(try await store.file("a", for: "k")?.count == 3)
        #expect(names().count == 1)
    }

    @Test func `a database of the version before gets the tables`() async throws {
        let path = directory.path("store.db")
        let conversations = SQLiteConversationStore(
            StoreConnection(
                path: path, maximumBytes: 1 << 30, limits: StoreLimits(), clock: clock,
                random: SystemRandom(), log: log))
        let conversation = StoredConversation(id: "c", created: 1, metadata: [2])
        try await conversations.createConversation(conversation, items: [], for: "k")
        do {
            let database = try Database(path: path, busyTimeout: .seconds(1))
            for table in ["files", "assets"] { try database.run("DROP TABLE \(table)") }
            try database.run("PRAGMA user_version = 1")
        }
        let store = store()
        try await store.save(Self.file("a", 3), content: Self.content(3), for: "k")
        #expect(try await conversations.conversation("c", for: "k") == conversation)
        let database = try Database(path: path, busyTimeout: .seconds(1))
        #expect(try database.integer("PRAGMA user_version") == 2)
        // One caller is the same in all tables.
        #expect(
            try database.integer("SELECT count(*) FROM files JOIN conversations USING (owner)") == 1)
    }

    @Test func `processes share files`() async throws {
        let (database, bytes) = (directory.path("store.db"), directory.path("bytes"))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    await #expect(processExitsWith: .success) {
                        [database = database as String, bytes = bytes as String] in
                        let store = SQLiteFileStoreTests.store(database, bytes)
                        for number in 0..<10 {
                            let id = "\(getpid())-\(number)"
                            let file = SQLiteFileStoreTests.file(id, 1000)
                            try await store.save(
                                file, content: SQLiteFileStoreTests.content(1000), for: "k")
                            // While others save.
                            await store.sweep()
                            try #require(try await store.content(id, for: "k")?.count == 1000)
                        }
                    }
                }
            }
        }
        let list = try await store().files(purpose: nil, page: StoredPage(limit: 1000), for: "k")
        #expect(list.files.count == 30)
        #expect(names().count == 30)
    }

    @Test func `a process that is killed while it saves leaves whole files`() async throws {
        let (database, bytes) = (directory.path("store.db"), directory.path("bytes"))
        for round in 0..<4 {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [database = database as String, bytes = bytes as String, round = round as Int] in
                let store = SQLiteFileStoreTests.store(database, bytes)
                // Somewhere in the middle of what the others do then.
                Task.detached {
                    while (try? await store.file("\(round)-\(3 * round)", for: "k")) == .some(nil) {}
                    kill(getpid(), SIGKILL)
                }
                for number in 0..<1_000_000 {
                    try await store.save(
                        SQLiteFileStoreTests.file("\(round)-\(number)", 500_000),
                        content: SQLiteFileStoreTests.content(500_000), for: "k")
                }
            }
            let store = store()
            await store.sweep()
            let files = try await store.files(
                purpose: nil, page: StoredPage(limit: 1000), for: "k"
            ).files
            #expect(files.count > 3 * round)
            // Every file has its bytes, and all bytes are a file's.
            for file in files {
                let content = try #require(try await store.content(file.id, for: "k"))
                #expect(try content.read(499_999..<500_000) == [0x61])
            }
            #expect(names().count == files.count)
        }
    }
}
