import Glibc
import Relay
import SQLite
import Testing
import TestSupport

@testable import Worker

/// A store in a file that several processes have, of which some end badly.
@Suite(.timeLimit(.minutes(2)), .serialized) struct StoreProcessTests {
    static func response(_ id: String, bytes: Int) -> StoredResponse {
        StoredResponse(
            id: id, body: [UInt8](repeating: 0x61, count: bytes), input: [StoredItem(id: "in", bytes: [1])],
            output: [StoredItem(id: "out", bytes: [2])])
    }

    static func store(_ path: String) -> SQLiteConversationStore {
        SQLiteConversationStore(
            StoreConnection(
                path: path, maximumBytes: 1 << 30, limits: StoreLimits(), clock: ManualClock(),
                random: SystemRandom(), log: RecordingLog()))
    }

    @Test func `processes that start at once agree on one file`() async throws {
        let directory = try TemporaryDirectory("processes")
        let path = directory.path("store.db")
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    await #expect(processExitsWith: .success) { [path = path as String] in
                        let store = StoreProcessTests.store(path)
                        for number in 0..<25 {
                            let id = "\(getpid())-\(number)"
                            let response = StoreProcessTests.response(id, bytes: 100)
                            try #require(try await store.saveResponse(response, for: "k"))
                            try #require(try await store.response(id, for: "k") != nil)
                        }
                    }
                }
            }
        }
        let database = try Database(path: path, busyTimeout: .seconds(1))
        #expect(try database.integer("SELECT count(*) FROM responses") == 100)
        #expect(try database.integer("SELECT count(DISTINCT owner) FROM responses") == 1)
        #expect(try database.integer("SELECT count(*) FROM store") == 1)
    }

    @Test func `a process that is killed leaves whole answers`() async throws {
        let directory = try TemporaryDirectory("killed")
        let path = directory.path("store.db")
        for round in 0..<5 {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [path = path as String, round = round as Int] in
                let store = StoreProcessTests.store(path)
                // Somewhere in the middle of what the other thread does then.
                Task.detached {
                    while (try? await store.response("\(round)-\(5 * round)", for: "k")) == .some(nil) {}
                    kill(getpid(), SIGKILL)
                }
                for number in 0..<1_000_000 {
                    let response = StoreProcessTests.response("\(round)-\(number)", bytes: 30_000)
                    try #require(try await store.saveResponse(response, for: "k"))
                }
            }
            do {
                let database = try Database(path: path, busyTimeout: .seconds(1))
                #expect(try database.first("PRAGMA integrity_check") { $0.text(0) } == "ok")
                let count = try database.integer("SELECT count(*) FROM responses")
                #expect(count > 5 * round)
                #expect(try database.integer("SELECT count(*) FROM response_items") == 2 * count)
            }
            #expect(
                try await Self.store(path).saveResponse(Self.response("after-\(round)", bytes: 9), for: "k"))
        }
    }
}
