import Relay
import Testing
import TestSupport
import Wire

@Suite(.timeLimit(.minutes(1))) struct WaitingTests {
    @Test func `silence between events is broken by comments every ten seconds`() async {
        let harness = Harness { _, _ in
            [.head(status: 200), .delta("a"), .wait(.seconds(35)), .delta("b"), .result("ab"), .done, .end]
        }
        let client = await harness.chat(["stream": true])
        let comments = client.sent.filter { $0.body == Array(": waiting\n\n".utf8) }
        #expect(comments.map { $0.time - client.sent[0].time } == [.seconds(10), .seconds(20), .seconds(30)])
        #expect(client.contents() == ["a", "b"])
        #expect(client.events.last == "[DONE]")
    }

    @Test func `silence before the first event too, once ten seconds have passed`() async {
        let harness = Harness { _, _ in
            [
                .wait(.seconds(15)), .head(status: 200), .wait(.seconds(10)), .delta("a"), .result("a"),
                .done, .end,
            ]
        }
        let client = await harness.chat(["stream": true])
        #expect(client.sent.first?.body == Array(": waiting\n\n".utf8))
        #expect(client.status == 200)
        #expect(client.events.filter { $0 == ": waiting" }.count == 2)
        #expect(client.contents() == ["a"])
    }

    @Test func `short silences are not commented`() async {
        let harness = Harness { _, _ in
            [
                .head(status: 200), .wait(.seconds(9)), .delta("a"), .wait(.seconds(9)), .delta("b"),
                .result("ab"), .done, .end,
            ]
        }
        let client = await harness.chat(["stream": true])
        #expect(!client.text.contains(": waiting"))
    }

    @Test func `an upstream that sends nothing but noise is silent to the client`() async {
        let noise: [FakeCall.Step] = (0..<25).flatMap { _ in [.wait(.seconds(1)), .text(": ping\n\n")] }
        let harness = Harness { _, _ in
            [.head(status: 200), .delta("a")] + noise + [.result("a"), .done, .end]
        }
        let client = await harness.chat(["stream": true])
        #expect(client.events.filter { $0 == ": waiting" }.count == 2)
    }

    @Test func `comments can be switched off`() async {
        var configuration = Configuration()
        configuration.heartbeat = nil
        let harness = Harness(configuration) { _, _ in
            [.head(status: 200), .delta("a"), .wait(.seconds(100)), .result("a"), .done, .end]
        }
        let client = await harness.chat(["stream": true])
        #expect(!client.text.contains(": waiting"))
        #expect(client.events.last == "[DONE]")
    }

    @Test func `an early failure after a comment is an error event`() async {
        let harness = Harness { _, _ in
            [.wait(.seconds(12)), .head(status: 429), .text(#"{"message":"slow down"}"#), .end]
        }
        let client = await harness.chat(["stream": true])
        #expect(client.status == 200)
        #expect(client.events.first == ": waiting")
        #expect(client.chunks.last?["error"]?["code"]?.stringValue == "rate_limit_exceeded")
        #expect(!client.events.contains("[DONE]"))
        #expect(harness.log.records.last?.outcome == .brokenOff)
    }

    @Test(arguments: [["stream": true], ["max_tokens": 9]] as [JSONValue])
    func `the first event has its time, silent or noisy`(_ members: JSONValue) async {
        let noise: [FakeCall.Step] = (0..<400).flatMap { _ in [.wait(.seconds(1)), .text(": ping\n\n")] }
        for steps: [FakeCall.Step] in [[.wait(.seconds(400))], noise] {
            var configuration = Configuration()
            configuration.heartbeat = nil
            let harness = Harness(configuration) { _, _ in [.head(status: 200)] + steps }
            let client = await harness.chat(members)
            #expect(client.status == 504)
            #expect(client.json["error"]?["code"]?.stringValue == "upstream_timeout")
            #expect(harness.log.records.last?.total == .seconds(180))
            #expect(harness.chats.first?.isOver == true)
        }
    }

    @Test func `the first event may take as long as it likes when told so`() async {
        var configuration = Configuration()
        configuration.heartbeat = nil
        configuration.providers[0].timeouts.firstEvent = nil
        let harness = Harness(configuration) { _, _ in
            [.head(status: 200), .wait(.seconds(4000)), .delta("a"), .result("a"), .done, .end]
        }
        #expect(await harness.chat(["stream": true]).events.last == "[DONE]")
        await harness.chat()
        #expect(harness.chats.last?.request.timeouts.firstByte == nil)
    }

    @Test func `whole answers have no comments`() async {
        let harness = Harness { _, _ in [.wait(.seconds(100))] + FakeCall.Step.whole("Hello") }
        let client = await harness.chat()
        #expect(client.sent.count == 1)
        #expect(harness.log.records.last?.firstByte == .seconds(100))
    }

    @Test func `several silent choices share their comments`() async {
        let gates = (0..<3).map { _ in TestGate() }
        let harness = Harness { _, count in
            [.head(status: 200), .delta("\(count)"), .gate(gates[count])]
                + (count == 0 ? [.wait(.seconds(25))] : []) + [.result("x"), .done, .end]
        }
        let client = harness.client()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await harness.chat(["stream": true, "n": 3], over: client) }
            #expect(await eventually { gates.allSatisfy { $0.waitingCount == 1 } })
            for gate in gates[1...] { gate.open() }
            #expect(await eventually { client.chunks.compactMap(\.finishReason).count == 2 })
            gates[0].open()
        }
        #expect(client.events.filter { $0 == ": waiting" }.count == 2)
        #expect(client.events.last == "[DONE]")
    }
}
