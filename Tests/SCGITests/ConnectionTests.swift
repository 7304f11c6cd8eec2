import CGI
import GatewayTestSupport
import SCGI
import Testing

/// What only SCGI has: the end of the answer is the end of the connection, and the length of a body is announced.
@Suite(.timeLimit(.minutes(1)))
struct ConnectionTests {
    @Test func `the connection closes behind the answer, and takes no second request`() async throws {
        let handled = Handled()
        try await withServer(speaking: SCGIProtocol(), handled) { bed in
            let client = try bed.connect(SCGIClient.self)
            client.send(SCGIClient.request([("FIRST", "1")], body: [65]))
            #expect(try client.answer().hasSuffix("none"))
            client.send(SCGIClient.request([("SECOND", "1")]))
            #expect(client.isClosedByPeer())
        }
        #expect(handled.requests.count == 1)
    }

    @Test func `a second request behind the first is malformed`() async throws {
        let handled = Handled()
        let reported = Signal()
        try await withServer(speaking: SCGIProtocol(), handled, report: { _ in reported.raise() }) { bed in
            let client = try bed.connect(SCGIClient.self)
            client.send(SCGIClient.request() + SCGIClient.request())
            #expect(client.isClosedByPeer())
            await reported.wait()
        }
        #expect(handled.requests.isEmpty)
    }

    @Test func `a handler that gives up closes the connection`() async throws {
        try await withServer(speaking: SCGIProtocol(), Quitter()) { bed in
            let client = try bed.connect(SCGIClient.self)
            client.send(SCGIClient.request())
            #expect(try client.answer().hasSuffix("half"))
        }
    }

    @Test func `headers over the limit are refused before they have come`() async throws {
        try await withServer(speaking: SCGIProtocol(), Echo()) { bed in
            let client = try bed.connect(SCGIClient.self)
            client.send(Array("200000:CONTENT_LENGTH".utf8))
            #expect(client.isClosedByPeer())
        }
    }

    @Test func `headers of 100 KiB are read`() async throws {
        try await withServer(speaking: SCGIProtocol(), Echo()) { bed in
            let client = try bed.connect(SCGIClient.self)
            let value = String(repeating: "x", count: 100 * 1024)
            client.send(SCGIClient.request([("HTTP_X", value)], body: [65]))
            #expect(try client.answer().hasSuffix("HTTP_X=\(value)\n\nA"))
        }
    }

    @Test func `a body that breaks off cancels its exchange`() async throws {
        let handler = Waiter()
        try await withServer(speaking: SCGIProtocol(), handler) { bed in
            var client: SCGIClient? = try bed.connect(SCGIClient.self)
            client?.send(SCGIClient.head([], announcing: 1000) + [65])
            client = nil
            await handler.wasCancelled.wait()
            #expect(client == nil)
        }
    }
}
