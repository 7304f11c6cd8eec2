import Dialects
import Testing
import TestSupport
import Wire

@testable import Relay

/// What becomes of the lists of models when the configuration is read again.
@Suite(.timeLimit(.minutes(1))) struct CatalogueSuccessionTests {
    let clock = ManualClock()
    let log = RecordingLog()
    /// How many lists there are.
    let kindCount = ModelEntry.Kind.allCases.count

    func relay(
        _ configuration: Configuration, _ transport: FakeTransport, succeeding predecessor: Relay? = nil
    ) -> Relay {
        Relay(
            configuration: configuration,
            ports: Ports(transport: transport, clock: clock, random: SeededRandom(), log: log),
            succeeding: predecessor)
    }

    /// Reads the configuration again: another relay takes the place of `first`, and does its housekeeping in `group`.
    func replace(
        _ first: Relay, by configuration: Configuration, _ transport: FakeTransport,
        in group: inout DiscardingTaskGroup
    ) -> Relay {
        let second = relay(configuration, transport, succeeding: first)
        first.retire(inFavourOf: second)
        group.addTask { await second.run() }
        return second
    }

    /// Gives the chat models another name at each fetch; the models of the other kinds keep theirs.
    func transport() -> FakeTransport {
        let fetches = Counter()
        return FakeTransport(clock: clock) { request, _ in
            request.url.hasSuffix("UNIFY_CHAT_WITH_AI")
                ? ModelCatalogueTests.listing("model-\(fetches.next())")
                : ModelCatalogueTests.listing("other")
        }
    }

    func models(_ relay: Relay) async -> String {
        let client = RecordingClient(clock: clock)
        var headers = HeaderFields()
        headers.add("authorization", "Bearer key")
        await relay.respond(
            to: ClientRequest(method: "GET", path: "/v1/models", headers: headers), over: client)
        return client.text
    }

    @Test func `a list outlives changes that do not concern its vendor, without another fetch`() async {
        let transport = transport()
        let first = relay(Configuration(), transport)
        await withDiscardingTaskGroup { group in
            group.addTask { await first.run() }
            #expect(await models(first).contains("model-0"))

            var changed = Configuration()
            changed.heartbeat = nil
            changed.limits.choices = 2
            let second = replace(first, by: changed, transport, in: &group)
            #expect(await models(second).contains("model-0"))

            changed.providers[0].timeouts.idle = .seconds(9)
            changed.models.aliases = ["mine": "model-0"]
            let third = replace(second, by: changed, transport, in: &group)
            #expect(await models(third).contains("model-0"))
            #expect(transport.calls.count == kindCount)

            // It is still kept fresh, once.
            clock.advance(by: .seconds(601))
            _ = await models(third)
            #expect(await eventually { transport.calls.count == 2 * kindCount })
            group.cancelAll()
        }
        #expect(transport.calls.count == 2 * kindCount)
    }

    @Test func `another vendor has another list`() async throws {
        let transport = transport()
        let first = relay(Configuration(), transport)
        await withDiscardingTaskGroup { group in
            group.addTask { await first.run() }
            #expect(await models(first).contains("model-0"))
            var changed = Configuration()
            if let address = try? UpstreamAddress(parsing: "https://other.example") {
                changed.providers[0].baseURL = address
            }
            let second = replace(first, by: changed, transport, in: &group)
            #expect(await models(second).contains("model-1"))
            group.cancelAll()
        }
        #expect(transport.calls.map(\.request.url).last?.hasPrefix("https://other.example/") == true)
    }

    @Test func `what is permitted changes at once`() async {
        let transport = transport()
        let first = relay(Configuration(), transport)
        await withDiscardingTaskGroup { group in
            group.addTask { await first.run() }
            #expect(await models(first).contains("model-0"))
            var changed = Configuration()
            changed.models.permitted = ["something-else"]
            let second = replace(first, by: changed, transport, in: &group)
            #expect(await !models(second).contains("model-0"))
            // Who was begun with the old one keeps it.
            #expect(await models(first).contains("model-0"))
            group.cancelAll()
        }
        #expect(transport.calls.count == kindCount)
    }

    @Test func `the housekeeping of a relay that nothing is left of ends`() async {
        let transport = transport()
        let first = relay(Configuration(), transport)
        var changed = Configuration()
        changed.models.refresh = .seconds(5)
        let second = relay(changed, transport, succeeding: first)
        async let running: Void = first.run()
        first.retire(inFavourOf: second)
        await running
    }

    @Test func `callers keep their names in the log`() async {
        let transport = transport()
        let first = relay(Configuration(), transport)
        var changed = Configuration()
        changed.heartbeat = nil
        let second = relay(changed, transport, succeeding: first)
        await withDiscardingTaskGroup { group in
            group.addTask { await first.run() }
            _ = await models(first)
            _ = await models(second)
            group.cancelAll()
        }
        #expect(log.records.count == 2)
        #expect(log.records.first?.callerHash != nil)
        #expect(log.records.first?.callerHash == log.records.last?.callerHash)
    }
}
