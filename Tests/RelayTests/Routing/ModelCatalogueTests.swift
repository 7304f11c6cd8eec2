import Dialects
import Testing
import TestSupport
import Wire

@testable import Relay

@Suite(.timeLimit(.minutes(1))) struct ModelCatalogueTests {
    let clock = ManualClock()
    let log = RecordingLog()

    static func listing(_ ids: String...) -> [FakeCall.Step] {
        let models = ids.map { "{\"modelId\":\"\($0)\",\"status\":\"ACTIVE\",\"provider\":\"x\"}" }
        return [.head(status: 200), .text("{\"models\":[\(models.joined(separator: ","))]}"), .end]
    }

    func catalogue(
        models: Configuration.Models = Configuration.Models(), _ script: @escaping FakeTransport.Script
    ) -> (ModelCatalogue, FakeTransport) {
        let transport = FakeTransport(clock: clock, script: script)
        let ports = Ports(transport: transport, clock: clock, random: SeededRandom(), log: log)
        let upstream = Upstream(Configuration.Provider())
        return (ModelCatalogue(upstream, kind: .chat, models: models, ports: ports), transport)
    }

    @Test func `nothing is fetched before somebody asks, and the first one need not wait`() async {
        let (catalogue, transport) = catalogue { _, _ in Self.listing("new-model") }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await catalogue.run() }
            #expect(transport.calls.isEmpty)
            let first = catalogue.current()
            #expect(!first.isConfirmed)
            #expect(first.list.find("gpt-4o") != nil)
            #expect(await eventually { catalogue.current().isConfirmed })
            #expect(catalogue.current().list.find("new-model") != nil)
            #expect(catalogue.current().list.find("gpt-4o") == nil)
            group.cancelAll()
        }
        let request = transport.calls.first?.request
        #expect(request?.url == "https://api.1min.ai/models?feature=UNIFY_CHAT_WITH_AI")
        #expect(request?.method == "GET")
        #expect(request?.headers["api-key"] == nil)
        #expect(request?.timeouts == ModelCatalogue.timeouts)
        #expect(transport.calls.count == 1)
    }

    @Test func `many who ask at once cause one fetch`() async {
        let gate = TestGate()
        let (catalogue, transport) = catalogue { _, _ in [.gate(gate)] + Self.listing("a-model") }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await catalogue.run() }
            await withTaskGroup(of: Void.self) { askers in
                for _ in 0..<50 {
                    askers.addTask {
                        let snapshot = await catalogue.current(awaitingFirstFor: .seconds(60))
                        #expect(snapshot.isConfirmed)
                    }
                }
                #expect(await eventually { gate.waitingCount == 1 })
                gate.open()
            }
            group.cancelAll()
        }
        #expect(transport.calls.count == 1)
    }

    @Test func `a stale list is used while one fetch runs`() async {
        let gate = TestGate()
        let (catalogue, transport) = catalogue { _, count in
            count == 0 ? Self.listing("old") : [.gate(gate)] + Self.listing("new")
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await catalogue.run() }
            _ = await catalogue.current(awaitingFirstFor: .seconds(60))
            clock.advance(by: .seconds(599))
            _ = catalogue.current()
            #expect(transport.calls.count == 1)
            clock.advance(by: .seconds(2))
            #expect(catalogue.current().list.find("old") != nil)
            #expect(await eventually { gate.waitingCount == 1 })
            #expect(catalogue.current().list.find("old") != nil)
            #expect(transport.calls.count == 2)
            gate.open()
            #expect(await eventually { catalogue.current().list.find("new") != nil })
            group.cancelAll()
        }
    }

    @Test(arguments: [
        [FakeCall.Step.fail(UpstreamError(.unreachable, message: "no route"))],
        [.head(status: 503), .text("<html>busy</html>"), .end],
        [.head(status: 302, headers: HeaderFields([("location", "https://evil.example")])), .end],
        [.head(status: 200), .text("{\"models\":[]}"), .end],
        [.head(status: 200), .text("not json"), .end],
        [.head(status: 200), .text("{"), .fail(UpstreamError(.cut, message: "reset"))],
    ])
    func `a failed fetch keeps the list and backs off`(failure: [FakeCall.Step]) async {
        let (catalogue, transport) = catalogue { _, count in
            count == 0 || count == 4 ? Self.listing("kept") : failure
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await catalogue.run() }
            _ = await catalogue.current(awaitingFirstFor: .seconds(60))
            clock.advance(by: .seconds(601))
            for (fetches, wait) in [(2, 5), (3, 10), (4, 20)] {
                _ = catalogue.current()
                #expect(
                    await eventually { self.log.events.filter { $0.level == .warning }.count == fetches - 1 })
                #expect(transport.calls.count == fetches)
                clock.advance(by: .seconds(wait) - .milliseconds(1))
                #expect(catalogue.current().list.find("kept") != nil)
                #expect(catalogue.current().isConfirmed)
                #expect(transport.calls.count == fetches)
                clock.advance(by: .milliseconds(1))
            }
            _ = catalogue.current()
            #expect(await eventually { self.log.events.filter { $0.level == .debug }.count == 2 })
            #expect(transport.calls.count == 5)
            group.cancelAll()
        }
    }

    @Test func `waiting for the first list ends by itself`() async {
        let (catalogue, _) = catalogue { _, _ in [] }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await catalogue.run() }
            group.addTask {
                let snapshot = await catalogue.current(awaitingFirstFor: .seconds(2))
                #expect(!snapshot.isConfirmed)
            }
            #expect(await eventually { self.clock.sleeperCount == 1 })
            clock.advance(by: .seconds(2))
            await group.next()
            group.cancelAll()
        }
    }

    @Test func `nobody waits after the first attempt failed`() async {
        let (catalogue, _) = catalogue { _, _ in [.fail(UpstreamError(.unreachable, message: "x"))] }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await catalogue.run() }
            for _ in 0..<3 {
                let snapshot = await catalogue.current(awaitingFirstFor: .seconds(600))
                #expect(!snapshot.isConfirmed)
                #expect(snapshot.list.find("gpt-4o") != nil)
            }
            group.cancelAll()
        }
    }

    @Test func `a latch is left when the task is cancelled, before, during and after`() async {
        let latch = Latch()
        let early = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            await latch.wait()
        }
        await early.value
        let during = Task { await latch.wait() }
        during.cancel()
        await during.value
        latch.open()
        await latch.wait()
        let after = Task { await latch.wait() }
        await after.value
        after.cancel()
    }
}
