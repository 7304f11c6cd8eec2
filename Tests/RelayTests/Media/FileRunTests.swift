import Relay
import TestSupport
import Testing
import Wire

@Suite(.timeLimit(.minutes(1))) struct FileRunTests {
    let clock = ManualClock()
    let store: MemoryFileStore
    let harness: Harness
    /// Three pieces of 64 KiB and a shorter one, no two bytes in a row alike.
    let bytes = (0..<200 << 10).map { UInt8(truncatingIfNeeded: $0 % 251) }

    init() {
        store = MemoryFileStore(clock: clock)
        harness = MediaUpstream().harness(files: store, clock: clock)
    }

    /// Keeps a file, and gives the path of its content.
    private func keep(_ bytes: [UInt8]) async throws -> String {
        let request = MediaUpstream.form(
            "/v1/files", [("purpose", "user_data")], file: ("file", "a.html", bytes))
        let client = await harness.respond(to: request)
        #expect(client.status == 200)
        return "/v1/files/\(try #require(client.json["id"]?.stringValue))/content"
    }

    @Test func `a file comes back as it went in`() async throws {
        let path = try await keep(Array("<!doctype html>".utf8) + bytes)
        let client = await harness.respond(to: Harness.request("GET", path))
        #expect(client.body == Array("<!doctype html>".utf8) + bytes)
        #expect(client.isComplete)
        #expect(client.header("content-length") == String(bytes.count + 15))
        #expect(client.header("content-disposition") == "attachment")
        #expect(client.header("x-content-type-options") == "nosniff")
    }

    @Test func `a slow client has one piece read for it at a time`() async throws {
        let path = try await keep(bytes)
        let gate = TestGate()
        let client = harness.client(gate: gate)
        let harness = harness
        let task = Task { await harness.relay.respond(to: Harness.request("GET", path), over: client) }
        #expect(await eventually { gate.waitingCount == 1 })
        #expect(store.reads.value == 1)
        gate.open()
        await task.value
        #expect(client.body == bytes)
        #expect(client.sent.map(\.body.count) == [0, 64 << 10, 64 << 10, 64 << 10, 8 << 10])
        #expect(store.reads.value == 4)
    }

    @Test func `nothing is read for a client that left`() async throws {
        let path = try await keep(bytes)
        let client = await harness.respond(
            to: Harness.request("GET", path), over: harness.client(leavesAfter: 2))
        #expect(!client.isComplete)
        #expect(store.reads.value == 2)
        #expect(harness.log.records.last?.outcome == .clientLeft)
    }

    @Test func `the head alone needs no bytes`() async throws {
        let path = try await keep(bytes)
        let client = await harness.respond(to: Harness.request("HEAD", path))
        #expect(client.status == 200 && client.isComplete && client.body.isEmpty)
        #expect(client.header("content-length") == String(bytes.count))
        #expect(store.reads.value == 0)
    }

    @Test func `a store that fails is told before the answer begins`() async throws {
        let path = try await keep(bytes)
        store.error = .unavailable("the disk is gone")
        let client = await harness.respond(to: Harness.request("GET", path))
        #expect(client.status == 503)
        #expect(client.json["error"]?["message"]?.stringValue?.contains("store of files") == true)
        #expect(!client.text.contains("disk"))
    }

    @Test func `a chat names a stored file`() async throws {
        let path = try await keep(MediaUpstream.png)
        let id = path.split(separator: "/")[2]
        let chat: JSONValue = [
            "messages": [
                ["role": "user", "content": [["type": "file", "file": ["file_id": .string(String(id))]]]]
            ]
        ]
        #expect(await harness.chat(chat).status == 200)
        store.error = .unavailable("the disk is gone")
        let failed = await harness.chat(chat)
        #expect(failed.status == 503)
        #expect(failed.json["error"]?["message"]?.stringValue?.contains("store of files") == true)
        store.error = nil
        let unknown = await harness.chat([
            "messages": [["role": "user", "content": [["type": "file", "file": ["file_id": "file-none"]]]]]
        ])
        #expect(unknown.status == 404)
        #expect(unknown.json["error"]?["param"] == "messages[0].content[0]")
    }
}
