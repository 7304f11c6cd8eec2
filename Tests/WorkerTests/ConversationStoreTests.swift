import Relay
import Testing
import TestSupport

@testable import Worker

/// What every store does, the one in memory and the one in a file.
@Suite(.timeLimit(.minutes(1))) final class ConversationStoreTests {
    enum Kind: CaseIterable { case memory, file }

    let directory = try? TemporaryDirectory("conversations")
    let clock = ManualClock()

    func store(_ kind: Kind, _ change: (inout StoreLimits) -> Void = { _ in }) throws -> any ConversationStore
    {
        var limits = StoreLimits()
        change(&limits)
        switch kind {
        case .memory: return MemoryConversationStore(clock: clock, limits: limits)
        case .file:
            return SQLiteConversationStore(
                StoreConnection(
                    path: try #require(directory).path("store.db"), maximumBytes: 1 << 30, limits: limits,
                    clock: clock,
                    random: SystemRandom(), log: RecordingLog()))
        }
    }

    func item(_ id: String, _ text: String? = nil) -> StoredItem {
        StoredItem(id: id, bytes: Array((text ?? "item \(id)").utf8))
    }

    func response(
        _ id: String, after previous: String? = nil, in conversation: String? = nil, input: [String] = ["in"],
        output: [String] = ["out"], body: [UInt8] = [1, 2, 3]
    ) -> StoredResponse {
        StoredResponse(
            id: id, previousID: previous, conversationID: conversation, body: body,
            input: input.map { item("\(id)-\($0)") }, output: output.map { item("\(id)-\($0)") })
    }

    func conversation(_ id: String) -> StoredConversation {
        StoredConversation(id: id, created: 77, metadata: Array("{}".utf8))
    }

    // MARK: Answers

    @Test(arguments: Kind.allCases)
    func `an answer is its caller's until it is deleted`(kind: Kind) async throws {
        let store = try store(kind)
        #expect(store.isConfigured)
        #expect(try await store.response("a", for: "key") == nil)
        #expect(try await store.saveResponse(response("a"), for: "key"))
        #expect(try await store.saveResponse(response("a", body: []), for: "key2"))
        #expect(try await store.response("a", for: "key") == [1, 2, 3])
        #expect(try await store.response("a", for: "key2") == [])
        for other in ["", "ke", "key3", "KEY", "' OR 1=1 --"] {
            #expect(try await store.response("a", for: other) == nil)
            #expect(try await store.deleteResponse("a", for: other) == false)
            #expect(try await store.inputItems(ofResponse: "a", page: StoredPage(), for: other) == nil)
            #expect(
                try await store.history(endingAt: "a", maximumResponses: 9, maximumBytes: 99, for: other)
                    == nil)
        }
        #expect(try await store.saveResponse(response("a", input: ["new"], body: [4]), for: "key"))
        #expect(try await store.response("a", for: "key") == [4])
        let items = try await store.inputItems(ofResponse: "a", page: StoredPage(), for: "key")
        #expect(items?.items.map(\.id) == ["a-new"])
        #expect(try await store.deleteResponse("a", for: "key"))
        #expect(try await store.deleteResponse("a", for: "key") == false)
        #expect(try await store.response("a", for: "key") == nil)
        #expect(try await store.response("a", for: "key2") == [])
    }

    @Test(arguments: Kind.allCases)
    func `an answer expires at its time, swept or not`(kind: Kind) async throws {
        let store = try store(kind) { $0.retention = .seconds(60) }
        #expect(try await store.saveResponse(response("a"), for: "k"))
        try await store.createConversation(conversation("c"), items: [], for: "k")
        clock.advance(by: .seconds(30))
        #expect(try await store.saveResponse(response("b", after: "a"), for: "k"))
        clock.advance(by: .seconds(29))
        #expect(try await store.response("a", for: "k") != nil)
        #expect(try await store.conversation("c", for: "k") != nil)
        clock.advance(by: .seconds(1))
        for _ in 0..<2 {
            #expect(try await store.response("a", for: "k") == nil)
            #expect(try await store.deleteResponse("a", for: "k") == false)
            #expect(try await store.conversation("c", for: "k") == nil)
            #expect(try await store.addItems([item("x")], toConversation: "c", for: "k") == false)
            #expect(try await store.saveResponse(response("d", in: "c"), for: "k") == false)
            #expect(try await store.response("b", for: "k") != nil)
            #expect(
                try await store.history(endingAt: "b", maximumResponses: 9, maximumBytes: 99, for: "k") == nil
            )
            await store.sweep()
        }
    }

    @Test(arguments: Kind.allCases)
    func `a history is oldest first, and whole or not at all`(kind: Kind) async throws {
        let store = try store(kind)
        #expect(try await store.saveResponse(response("a", input: ["1", "0"]), for: "k"))
        #expect(try await store.saveResponse(response("b", after: "a", output: []), for: "k"))
        #expect(
            try await store.saveResponse(response("c", after: "b", input: [], output: ["2", "1"]), for: "k"))
        func history(_ id: String, _ responses: Int = 3, _ bytes: Int = 1000) async throws -> [String]? {
            let items = try await store.history(
                endingAt: id, maximumResponses: responses, maximumBytes: bytes, for: "k")
            for item in items ?? [] { #expect(item == self.item(item.id)) }
            return items?.map(\.id)
        }
        let all = ["a-1", "a-0", "a-out", "b-in", "c-2", "c-1"]
        #expect(try await history("c") == all)
        #expect(try await history("b", 2) == Array(all.prefix(4)))
        #expect(try await history("d") == nil)
        await #expect(throws: StoreError.tooLarge) { try await history("c", 2) }
        let bytes = all.reduce(0) { $0 + item($1).bytes.count }
        #expect(try await history("c", 3, bytes) == all)
        await #expect(throws: StoreError.tooLarge) { try await history("c", 3, bytes - 1) }
        // Another caller's answer is none of this one's history.
        #expect(try await store.saveResponse(response("x", after: "c"), for: "other"))
        #expect(
            try await store.history(endingAt: "x", maximumResponses: 9, maximumBytes: 999, for: "other")
                == nil)
        #expect(try await store.deleteResponse("b", for: "k"))
        #expect(try await history("c") == nil)
        #expect(try await history("a") == Array(all.prefix(3)))
    }

    @Test(arguments: Kind.allCases)
    func `input items come in pages from either end`(kind: Kind) async throws {
        let store = try store(kind)
        let names = (0..<5).map { "\($0)" }
        #expect(try await store.saveResponse(response("a", input: names), for: "k"))
        func page(_ page: StoredPage) async throws -> ([String]?, Bool?) {
            let list = try await store.inputItems(ofResponse: "a", page: page, for: "k")
            return (list?.items.map(\.id), list?.hasMore)
        }
        #expect(try await page(StoredPage()) == (["a-4", "a-3", "a-2", "a-1", "a-0"], false))
        #expect(try await page(StoredPage(limit: 2)) == (["a-4", "a-3"], true))
        #expect(try await page(StoredPage(after: "a-3", limit: 3)) == (["a-2", "a-1", "a-0"], false))
        #expect(
            try await page(StoredPage(limit: 4, order: .oldestFirst)) == (["a-0", "a-1", "a-2", "a-3"], true))
        #expect(try await page(StoredPage(after: "a-3", limit: 1, order: .oldestFirst)) == (["a-4"], false))
        #expect(try await page(StoredPage(after: "a-4", limit: 1, order: .oldestFirst)) == ([], false))
        for id in ["a-out", "nothing"] {
            await #expect(throws: StoreError.unknownItem) { try await page(StoredPage(after: id)) }
        }
    }

    @Test(arguments: Kind.allCases)
    func `a page of large items is shorter, but never empty`(kind: Kind) async throws {
        let store = try store(kind) { $0.pageBytes = 100 }
        let sizes = [40, 60, 1, 150, 99]
        let items = sizes.enumerated().map {
            StoredItem(id: "\($0)", bytes: [UInt8](repeating: 0, count: $1))
        }
        try await store.createConversation(conversation("c"), items: items, for: "k")
        var after: String?
        for (ids, hasMore) in [(["0", "1"], true), (["2"], true), (["3"], true), (["4"], false)] {
            let page = StoredPage(after: after, order: .oldestFirst)
            let list = try await store.items(ofConversation: "c", page: page, for: "k")
            #expect(list?.items.map(\.id) == ids && list?.hasMore == hasMore)
            after = ids.last
        }
    }

    // MARK: Conversations

    @Test(arguments: Kind.allCases)
    func `a conversation is its caller's until it is deleted`(kind: Kind) async throws {
        let store = try store(kind)
        try await store.createConversation(conversation("c"), items: [item("1"), item("0")], for: "k")
        #expect(try await store.conversation("c", for: "k") == conversation("c"))
        #expect(try await store.conversation("c", for: "other") == nil)
        #expect(try await store.setMetadata([9], ofConversation: "c", for: "other") == nil)
        #expect(try await store.setMetadata([9], ofConversation: "c", for: "k")?.metadata == [9])
        #expect(try await store.conversation("c", for: "k")?.metadata == [9])
        #expect(try await store.addItems([item("3")], toConversation: "c", for: "other") == false)
        // What is there stays where it is, and counts once.
        #expect(
            try await store.addItems([item("3"), item("1", "new"), item("2")], toConversation: "c", for: "k"))
        #expect(try await ids(store) == ["1", "0", "3", "2"])
        #expect(try await store.item("1", ofConversation: "c", for: "k") == item("1"))
        #expect(try await store.item("1", ofConversation: "c", for: "other") == nil)
        #expect(try await store.item("9", ofConversation: "c", for: "k") == nil)
        #expect(try await store.deleteItem("0", ofConversation: "c", for: "other") == false)
        #expect(try await store.deleteItem("0", ofConversation: "c", for: "k"))
        #expect(try await store.deleteItem("0", ofConversation: "c", for: "k") == false)
        #expect(try await ids(store) == ["1", "3", "2"])
        let page = try await store.items(
            ofConversation: "c", page: StoredPage(after: "2", limit: 1), for: "k")
        #expect(page?.items == [item("3")] && page?.hasMore == true)
        #expect(try await store.items(ofConversation: "c", page: StoredPage(), for: "other") == nil)
        #expect(try await store.deleteConversation("c", for: "other") == false)
        #expect(try await store.deleteConversation("c", for: "k"))
        #expect(try await store.deleteConversation("c", for: "k") == false)
        #expect(try await ids(store) == nil)
        #expect(try await store.item("1", ofConversation: "c", for: "k") == nil)
    }

    func ids(_ store: any ConversationStore, bytes: Int = 10_000) async throws -> [String]? {
        try await store.history(ofConversation: "c", maximumBytes: bytes, for: "k")?.map(\.id)
    }

    @Test(arguments: Kind.allCases)
    func `an answer puts its items behind those of its conversation`(kind: Kind) async throws {
        let store = try store(kind)
        #expect(try await store.saveResponse(response("a", in: "c"), for: "k") == false)
        #expect(try await store.response("a", for: "k") == nil)
        try await store.createConversation(conversation("c"), items: [item("0")], for: "k")
        #expect(try await store.saveResponse(response("a", in: "c"), for: "other") == false)
        #expect(try await store.saveResponse(response("a", in: "c"), for: "k"))
        #expect(try await store.saveResponse(response("b", in: "c"), for: "k"))
        #expect(try await ids(store) == ["0", "a-in", "a-out", "b-in", "b-out"])
        await #expect(throws: StoreError.tooLarge) { try await ids(store, bytes: 30) }
        #expect(try await store.deleteResponse("a", for: "k"))
        #expect(try await ids(store) == ["0", "a-in", "a-out", "b-in", "b-out"])
        #expect(try await store.deleteConversation("c", for: "k"))
        #expect(try await store.response("b", for: "k") == [1, 2, 3])
    }

    @Test(arguments: Kind.allCases)
    func `using a conversation keeps it`(kind: Kind) async throws {
        let store = try store(kind) { $0.retention = .seconds(60) }
        try await store.createConversation(conversation("c"), items: [], for: "k")
        for number in 0..<4 {
            clock.advance(by: .seconds(50))
            switch number {
            case 0: #expect(try await store.addItems([item("1")], toConversation: "c", for: "k"))
            case 1: #expect(try await store.setMetadata([], ofConversation: "c", for: "k") != nil)
            case 2: #expect(try await store.saveResponse(response("a", in: "c"), for: "k"))
            default: #expect(try await store.deleteItem("1", ofConversation: "c", for: "k"))
            }
        }
        await store.sweep()
        #expect(try await ids(store) == ["a-in", "a-out"])
    }

    // MARK: Limits

    @Test(arguments: Kind.allCases)
    func `a caller's oldest answers make room for his next`(kind: Kind) async throws {
        let one = response("0").storedBytes
        let store = try store(kind) { $0.callerBytes = 3 * one }
        #expect(try await store.saveResponse(response("0"), for: "other"))
        for id in 0..<5 { #expect(try await store.saveResponse(response("\(id)"), for: "k")) }
        for id in 0..<5 { #expect(try await (store.response("\(id)", for: "k") != nil) == (id > 1)) }
        #expect(try await store.response("0", for: "other") != nil)
        // Replacing one needs no other's room.
        #expect(try await store.saveResponse(response("3"), for: "k"))
        #expect(try await store.response("2", for: "k") != nil)
        let large = [UInt8](repeating: 0, count: 3 * one)
        await #expect(throws: StoreError.tooLarge) {
            try await store.saveResponse(self.response("5", body: large), for: "k")
        }
        #expect(try await store.response("2", for: "k") != nil)
        // Conversations push answers out, but nothing pushes conversations out.
        let size = conversation("c").metadata.count + StoreLimits.overheadBytes
        let items = [StoredItem(id: "", bytes: [UInt8](repeating: 0, count: 3 * one - size - 128))]
        try await store.createConversation(conversation("c"), items: items, for: "k")
        #expect(try await store.response("4", for: "k") == nil)
        await #expect(throws: StoreError.full) { try await store.saveResponse(self.response("6"), for: "k") }
        #expect(try await store.deleteItem("", ofConversation: "c", for: "k"))
        #expect(try await store.saveResponse(response("6"), for: "k"))
    }

    @Test(arguments: Kind.allCases)
    func `counts are limited`(kind: Kind) async throws {
        let store = try store(kind) {
            $0.callerResponses = 2
            $0.callerConversations = 2
            $0.entryItems = 2
        }
        for id in ["a", "b", "c"] { #expect(try await store.saveResponse(response(id), for: "k")) }
        #expect(try await store.response("a", for: "k") == nil)
        #expect(try await store.response("b", for: "k") != nil)
        await #expect(throws: StoreError.tooLarge) {
            try await store.saveResponse(self.response("d", input: ["1", "2"]), for: "k")
        }
        for id in ["c", "d"] { try await store.createConversation(conversation(id), items: [], for: "k") }
        await #expect(throws: StoreError.full) {
            try await store.createConversation(self.conversation("e"), items: [], for: "k")
        }
        try await store.createConversation(conversation("e"), items: [], for: "other")
        await #expect(throws: StoreError.tooLarge) {
            try await store.addItems((0..<3).map { self.item("\($0)") }, toConversation: "c", for: "k")
        }
    }

    @Test(arguments: Kind.allCases)
    func `items that are added together stay together`(kind: Kind) async throws {
        let store = try store(kind)
        try await store.createConversation(conversation("c"), items: [], for: "k")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                let items = (0..<5).map { item("\(writer)-\($0)") }
                group.addTask { _ = try await store.addItems(items, toConversation: "c", for: "k") }
            }
            try await group.waitForAll()
        }
        let ids = try #require(try await ids(store))
        #expect(ids.count == 40)
        for start in stride(from: 0, to: ids.count, by: 5) {
            let writer = ids[start].prefix(2)
            #expect(ids[start..<start + 5].elementsEqual((0..<5).map { "\(writer)\($0)" }))
        }
    }

    @Test func `a process without a store finds nothing and keeps nothing`() async throws {
        let store = NoConversationStore()
        #expect(!store.isConfigured)
        #expect(try await store.response("a", for: "k") == nil)
        await #expect(throws: StoreError.self) { try await store.saveResponse(self.response("a"), for: "k") }
    }
}
