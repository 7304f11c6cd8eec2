import CGI
import FastCGI
import GatewayTestSupport
import Testing

/// What only FastCGI has: connections that are kept, answers with an end of their own, bodies of unknown length.
@Suite(.timeLimit(.minutes(1)))
struct ConnectionTests {
    private static let gateway = FastCGIProtocol()

    @Test func `a kept connection takes one request after the other`() async throws {
        try await withServer(speaking: Self.gateway, Echo()) { bed in
            let client = try bed.connect(FastCGIClient.self)
            for number in 0..<50 {
                client.send(FastCGIClient.request(body: Array("body \(number)".utf8), keepsConnection: true))
                #expect(try client.answer().hasSuffix("\nbody \(number)"))
            }
        }
    }

    @Test func `a body is as long as it is, whatever was announced`() async throws {
        try await withServer(speaking: Self.gateway, Echo(), limits: .init(bodyBytes: 1000)) { bed in
            let client = try bed.connect(FastCGIClient.self)
            client.send(
                FastCGIClient.request(body: [UInt8](repeating: 65, count: 1001), keepsConnection: true))
            #expect(try client.answer().hasSuffix("problem tooLarge(limit: 1000)"))
            client.send(
                FastCGIClient.head([], announcing: 5)
                    + FastCGIClient.body([UInt8](repeating: 65, count: 300_000)))
            #expect(try client.answer().hasSuffix("problem tooLarge(limit: 1000)"))
        }
    }

    @Test func `a kept connection ends with a body that came too late`() async throws {
        let handled = Handled()
        try await withServer(
            speaking: Self.gateway, handled,
            limits: .init(bodyTime: .milliseconds(300), bodyStall: .seconds(5))
        ) { bed in
            let client = try bed.connect(FastCGIClient.self)
            client.send(
                FastCGIClient.begin(keepsConnection: true)
                    + FastCGIClient.parameters([("CONTENT_LENGTH", "100000")]) + FastCGIClient.part([65]))
            #expect(try client.answer().hasSuffix("timedOut"))
            client.send(FastCGIClient.request([("FORGED", "1")], keepsConnection: true))
            #expect(client.isClosedByPeer())
        }
        #expect(handled.requests.map { $0.contains("FORGED") } == [false])
    }

    @Test func `a kept connection gives each request the whole time for its parameters`() async throws {
        let late = Signal()
        try await withServer(
            speaking: Self.gateway, Echo(), limits: .init(headerTime: .milliseconds(300)),
            report: { if case .lateRequest = $0 { late.raise() } }
        ) { bed in
            let client = try bed.connect(FastCGIClient.self)
            let request = FastCGIClient.request(keepsConnection: true)
            client.send(Array(request.prefix(20)))
            try await ContinuousClock().sleep(for: .milliseconds(20))
            client.send(Array(request.dropFirst(20)))
            _ = try client.answer()
            client.send(Array(request.prefix(20)))
            #expect(client.isClosedByPeer())
            await late.wait()
        }
    }

    @Test func `a handler that gives up cuts the answer`() async throws {
        try await withServer(speaking: Self.gateway, Quitter()) { bed in
            let client = try bed.connect(FastCGIClient.self)
            client.send(FastCGIClient.request(keepsConnection: true))
            #expect(throws: ClientSocket.Failure.closed) { try client.answer() }
        }
    }

    @Test func `parameters without an end are given up at the limit`() async throws {
        try await withServer(speaking: Self.gateway, Echo()) { bed in
            let client = try bed.connect(FastCGIClient.self)
            client.send(FastCGIClient.begin())
            let record = FastCGIClient.record(4, [UInt8](repeating: 0, count: 60_000))
            for _ in 0..<3 { client.send(record) }
            #expect(client.isClosedByPeer())
        }
    }

    @Test func `stopping closes a kept connection that waits for a request`() async throws {
        try await withServer(speaking: Self.gateway, Echo()) { bed in
            let client = try bed.connect(FastCGIClient.self)
            client.send(FastCGIClient.request(keepsConnection: true))
            _ = try client.answer()
            bed.server.stop {}
            #expect(client.isClosedByPeer())
        }
    }
}
