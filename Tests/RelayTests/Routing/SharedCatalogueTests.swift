import Dialects
import Testing
import TestSupport
import Wire

@testable import Relay

/// Catalogues of several processes that share one store.
@Suite(.timeLimit(.minutes(1))) struct SharedCatalogueTests {
    let clock = ManualClock()
    let log = RecordingLog()
    let store = MemoryCatalogueStore()

    static let source = "https://api.1min.ai"
    static let name = StoredModelList.name(provider: "onemin", source: source, kind: .chat)
    static let answer = answer("stored")

    static func answer(_ id: String) -> [UInt8] {
        Array("{\"models\":[{\"modelId\":\"\(id)\",\"status\":\"ACTIVE\",\"provider\":\"x\"}]}".utf8)
    }

    func catalogue(_ script: @escaping FakeTransport.Script) -> (ModelCatalogue, FakeTransport) {
        let transport = FakeTransport(clock: clock, script: script)
        let ports = Ports(transport: transport, clock: clock, random: SeededRandom(), log: log, store: store)
        let upstream = Upstream(Configuration.Provider())
        return (
            ModelCatalogue(upstream, kind: .chat, models: Configuration.Models(), ports: ports), transport
        )
    }

    func put(age: Int, _ id: String = "stored") {
        let list = StoredModelList(answer: Self.answer(id), fetched: clock.unixTime().seconds - age)
        store.files[Self.name] = list.encoded(source: Self.source, kind: .chat)
    }

    @Test func `a list that one process fetched is there for the next, for as long as it is fresh`() async {
        let (first, firstTransport) = catalogue { _, _ in ModelCatalogueTests.listing("shared") }
        let (second, secondTransport) = catalogue { _, _ in ModelCatalogueTests.listing("newer") }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await first.run() }
            _ = await first.current(awaitingFirstFor: .seconds(60))
            // Else the second one would put its look off.
            #expect(await eventually { self.store.saveCount == 1 && !self.store.isClaimed })
            clock.advance(by: .seconds(400))
            group.addTask { await second.run() }
            let snapshot = await second.current(awaitingFirstFor: .seconds(60))
            #expect(snapshot.isConfirmed && snapshot.list.find("shared") != nil)
            // Its age counts, not the time since it was read.
            clock.advance(by: .seconds(199))
            _ = second.current()
            #expect(secondTransport.calls.isEmpty)
            clock.advance(by: .seconds(2))
            #expect(second.current().list.find("shared") != nil)
            #expect(await eventually { second.current().list.find("newer") != nil })
            #expect(firstTransport.calls.count == 1 && secondTransport.calls.count == 1)
            group.cancelAll()
        }
    }

    @Test func `a list is stored before it is used, for the process may end after that`() async {
        let disk = TestGate()
        let transport = FakeTransport(clock: clock) { _, _ in ModelCatalogueTests.listing("new") }
        let ports = Ports(
            transport: transport, clock: clock, random: SeededRandom(), log: log,
            store: MemoryCatalogueStore(saving: disk))
        let catalogue = ModelCatalogue(
            Upstream(Configuration.Provider()), kind: .chat, models: Configuration.Models(), ports: ports)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await catalogue.run() }
            #expect(!catalogue.current().isConfirmed)
            #expect(await eventually { disk.waitingCount == 1 })
            #expect(!catalogue.current().isConfirmed)
            disk.open()
            #expect(await catalogue.current(awaitingFirstFor: .seconds(60)).isConfirmed)
            group.cancelAll()
        }
    }

    @Test func `a stale stored list is used while a fetch runs`() async {
        let gate = TestGate()
        put(age: 86_400)
        let (catalogue, _) = catalogue { _, _ in [.gate(gate)] + ModelCatalogueTests.listing("new") }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await catalogue.run() }
            let snapshot = await catalogue.current(awaitingFirstFor: .seconds(60))
            #expect(snapshot.isConfirmed && snapshot.list.find("stored") != nil)
            _ = catalogue.current()
            #expect(await eventually { gate.waitingCount == 1 })
            gate.open()
            #expect(await eventually { catalogue.current().list.find("new") != nil })
            group.cancelAll()
        }
    }

    @Test func `many processes that start at once fetch once`() async {
        let gate = TestGate()
        let calls = Counter()
        let all = (0..<8).map { _ in
            catalogue { _, _ in
                _ = calls.next()
                return [.gate(gate)] + ModelCatalogueTests.listing("shared")
            }.0
        }
        await withTaskGroup(of: Void.self) { group in
            for catalogue in all {
                group.addTask { await catalogue.run() }
                _ = catalogue.current()
            }
            // The others sleep until their next look at the store.
            #expect(await eventually { self.clock.sleeperCount == 7 && gate.waitingCount == 1 })
            gate.open()
            #expect(await eventually { self.store.saveCount == 1 })
            clock.advance(by: ModelCatalogue.lookAgainSoon)
            #expect(await eventually { all.allSatisfy { $0.current().list.find("shared") != nil } })
            group.cancelAll()
        }
        #expect(calls.value == 1)
    }

    @Test func `a process with a list goes on with it while another fetches, and looks again`() async {
        put(age: 700)
        let (catalogue, transport) = catalogue { _, _ in ModelCatalogueTests.listing("own") }
        #expect(await store.claim(Self.name))
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await catalogue.run() }
            _ = await catalogue.current(awaitingFirstFor: .seconds(60))
            _ = catalogue.current()
            #expect(await eventually { self.store.claimCount == 2 })
            put(age: 0, "renewed")
            await store.release(Self.name)
            // Nobody is kept waiting, and nobody asks before the second is over.
            #expect(clock.sleeperCount == 0)
            #expect(catalogue.current().list.find("stored") != nil)
            #expect(store.claimCount == 2)
            #expect(
                await eventually {
                    self.clock.advance(by: ModelCatalogue.lookAgain)
                    return catalogue.current().list.find("renewed") != nil
                })
            group.cancelAll()
        }
        #expect(transport.calls.isEmpty)
    }

    @Test func `a claim that does not end is passed over where there is no list`() async {
        let (catalogue, transport) = catalogue { _, _ in ModelCatalogueTests.listing("own") }
        #expect(await store.claim(Self.name))
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await catalogue.run() }
            _ = catalogue.current()
            #expect(await eventually { self.clock.sleeperCount == 1 })
            clock.advance(by: ModelCatalogue.longestClaim - .milliseconds(1))
            #expect(await eventually { self.store.claimCount == 3 && self.clock.sleeperCount == 1 })
            #expect(transport.calls.isEmpty)
            clock.advance(by: ModelCatalogue.lookAgainSoon)
            #expect(await eventually { catalogue.current().list.find("own") != nil })
            group.cancelAll()
        }
    }

    @Test func `the claim ends with a fetch that failed`() async {
        let (catalogue, _) = catalogue { _, _ in [.fail(UpstreamError(.unreachable, message: "x"))] }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await catalogue.run() }
            _ = await catalogue.current(awaitingFirstFor: .seconds(60))
            group.cancelAll()
        }
        #expect(await store.claim(Self.name))
        #expect(store.saveCount == 0)
    }

    @Test(arguments: [-61, 30 * 86_400 + 1, 1_795_219_200, Int.min + 1_795_219_200 + 1])
    func `a list from the future or from long ago is replaced`(age: Int) async {
        let fetched = clock.unixTime().seconds.subtractingReportingOverflow(age).partialValue
        store.files[Self.name] = StoredModelList(answer: Self.answer, fetched: fetched).encoded(
            source: Self.source, kind: .chat)
        await expectReplaced()
    }

    @Test(arguments: [0, 1, 10, 60, 120, 180])
    func `a list with a byte changed is replaced`(position: Int) async throws {
        put(age: 0)
        var bytes = try #require(store.files[Self.name])
        try #require(position < bytes.count)
        bytes[position] ^= 1
        store.files[Self.name] = bytes
        await expectReplaced()
    }

    @Test(arguments: [0, 5, 100, 200])
    func `a list that was cut is replaced`(count: Int) async throws {
        put(age: 0)
        let bytes = try #require(store.files[Self.name])
        try #require(count < bytes.count)
        store.files[Self.name] = Array(bytes[..<count])
        await expectReplaced()
    }

    @Test func `a list of another place, or one that is none, is replaced`() async {
        let now = clock.unixTime().seconds
        let foreign = StoredModelList(answer: Self.answer, fetched: now)
        store.files[Self.name] = foreign.encoded(source: "https://elsewhere.example", kind: .chat)
        await expectReplaced()
        store.files[Self.name] = foreign.encoded(source: Self.source, kind: .textToSpeech)
        await expectReplaced()
        let none = StoredModelList(answer: Array("{}".utf8), fetched: now)
        store.files[Self.name] = none.encoded(source: Self.source, kind: .chat)
        await expectReplaced()
        store.files[Self.name] = [UInt8](repeating: UInt8(ascii: "["), count: 100_000)
        await expectReplaced()
    }

    /// Starts a process that finds what is in the store.
    private func expectReplaced(sourceLocation: SourceLocation = #_sourceLocation) async {
        let warnings = log.events.count
        let saved = store.saveCount
        let (catalogue, transport) = catalogue { _, _ in ModelCatalogueTests.listing("fetched") }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await catalogue.run() }
            let list = await catalogue.current(awaitingFirstFor: .seconds(60)).list
            #expect(list.find("fetched") != nil, sourceLocation: sourceLocation)
            #expect(await eventually { self.store.saveCount == saved + 1 }, sourceLocation: sourceLocation)
            group.cancelAll()
        }
        #expect(transport.calls.count == 1, sourceLocation: sourceLocation)
        let told = log.events.dropFirst(warnings).filter { $0.level == .warning }
        #expect(
            told.map(\.message) == ["stored model list is not used"], sourceLocation: sourceLocation)
        #expect(store.files[Self.name]?.isEmpty == false, sourceLocation: sourceLocation)
    }

    @Test func `what is stored has no address and no key in it, and a name that is a file's`() throws {
        put(age: 0)
        let text = String(decoding: try #require(store.files[Self.name]), as: UTF8.self)
        #expect(!text.contains("1min.ai"))
        #expect(Self.name.utf8.count <= 128)
        let isPlain = Self.name.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
            default: false
            }
        }
        #expect(isPlain)
        #expect(Self.name != StoredModelList.name(provider: "onemin", source: "https://b", kind: .chat))
        #expect(Self.name != StoredModelList.name(provider: "other", source: Self.source, kind: .chat))
    }
}
