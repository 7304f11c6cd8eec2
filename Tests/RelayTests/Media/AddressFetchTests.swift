import Relay
import TestSupport
import Testing
import Wire

@Suite struct AddressFetchTests {
    private let address = "https://example.org/a.png"

    private func chat(_ url: String) -> ClientRequest {
        Harness.chatRequest([
            "messages": [
                ["role": "user", "content": [["type": "image_url", "image_url": ["url": .string(url)]]]]
            ]
        ])
    }

    private func fetches(_ harness: Harness) -> [UpstreamRequest] {
        harness.transport.calls.map(\.request).filter { $0.url.contains("example.org") }
    }

    @Test func `size, time and networks are the operator's`() async throws {
        var configuration = Configuration()
        configuration.fetch.maximumBytes = 1000
        configuration.fetch.timeout = .seconds(7)
        configuration.fetch.networks = [try #require(NetworkBlock("10.1.0.0/16"))]
        configuration.fetch.caFile = "/ca.pem"
        let harness = MediaUpstream().harness(configuration)
        #expect(await harness.respond(to: chat(address)).status == 200)
        let request = try #require(fetches(harness).first)
        #expect(request.maximumResponseBytes == 1000)
        #expect(request.timeouts.total == .seconds(7))
        #expect(request.timeouts.connect == .seconds(7))
        #expect(request.reach == .publicAddresses(except: configuration.fetch.networks))
        #expect(request.certificateFile == "/ca.pem")
        #expect(request.isDownload)
    }

    @Test func `redirects share the time`() async throws {
        let harness = MediaUpstream(pages: { url in
            url.hasSuffix("/a.png")
                ? [.wait(.seconds(15)), .head(status: 301, headers: HeaderFields([("location", "b.png")]))]
                : [.head(status: 200), .bytes(MediaUpstream.png), .end]
        }).harness()
        #expect(await harness.respond(to: chat(address)).status == 200)
        #expect(fetches(harness).map(\.timeouts.total) == [.seconds(20), .seconds(5)])
        #expect(fetches(harness).map(\.timeouts.connect) == [.seconds(10), .seconds(5)])
    }

    /// A fetch that fails, and the word of the message that tells why.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let steps: [FakeCall.Step]
        let word: String
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(
            name: "too large", steps: [.fail(UpstreamError(.tooLarge, message: ""))], word: "20971520 bytes"),
        Case(
            name: "late", steps: [.head(status: 200), .fail(UpstreamError(.timedOut(.total), message: ""))],
            word: "in time"),
        Case(name: "no certificate", steps: [.fail(UpstreamError(.tls, message: ""))], word: "secure"),
        Case(name: "not there", steps: [.head(status: 404), .text("<html>"), .end], word: "status 404"),
        Case(
            name: "to http",
            steps: [.head(status: 302, headers: HeaderFields([("location", "http://example.org/b")]))],
            word: "something else than https"),
        Case(name: "to nowhere", steps: [.head(status: 302), .end], word: "status 302"),
    ])
    func `what cannot be fetched is the client's mistake`(_ test: Case) async throws {
        let harness = MediaUpstream(pages: { _ in test.steps }).harness()
        let client = await harness.respond(to: chat(address))
        #expect(client.status == 400)
        #expect(client.json["error"]?["code"] == "invalid_file_url")
        #expect(client.json["error"]?["param"] == "messages[0].content[0]")
        #expect(client.json["error"]?["message"]?.stringValue?.contains(test.word) == true)
        #expect(harness.transport.calls.allSatisfy { $0.isOver })
        #expect(harness.chats.isEmpty)
    }

    @Test func `an address is not endless`() async throws {
        let harness = MediaUpstream().harness()
        let base = "https://example.org/"
        let longest = base + String(repeating: "a", count: 8192 - base.utf8.count)
        #expect(await harness.respond(to: chat(longest)).status == 200)
        let client = await harness.respond(to: chat(longest + "a"))
        #expect(client.json["error"]?["code"] == "invalid_file_url")
        #expect(fetches(harness).count == 1)
    }
}
