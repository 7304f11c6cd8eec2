import CGI
import FastCGI
import GatewayTestSupport
import Testing

/// What becomes of connections that a web server keeps, when the server stops.
@Suite(.timeLimit(.minutes(1))) struct StoppingTests {
    /// Stops a server, and returns when every loop knows: then nobody can connect any more.
    static func stop(
        _ bed: ServerBed, isSucceeded: Bool = false, whenIdle: @escaping @Sendable () -> Void = {}
    ) async {
        bed.server.stop(isSucceeded: isSucceeded, whenIdle: whenIdle)
        // Cancellation only makes the wait shorter.
        while (try? bed.connect(FastCGIClient.self)) != nil { try? await Task.sleep(for: .milliseconds(1)) }
    }

    /// A connection that was answered and is kept, and one whose exchange runs and keeps the server from being idle.
    static func connect(
        _ bed: ServerBed, _ handler: Waiter
    ) async throws -> (kept: FastCGIClient, running: FastCGIClient) {
        let kept = try bed.connect(FastCGIClient.self)
        kept.send(FastCGIClient.request([("QUICK", "1")], keepsConnection: true))
        #expect(try kept.answer().hasSuffix("done"))
        let running = try bed.connect(FastCGIClient.self)
        running.send(FastCGIClient.request(keepsConnection: true))
        await handler.hasBegun.wait()
        return (kept, running)
    }

    // With a successor, which leaves it two seconds for that; else it is a tenth, which a busy machine may need.
    @Test func `a kept connection is answered once more, and marked as not to be used again`() async throws {
        let handler = Waiter()
        try await withServer(speaking: FastCGIProtocol(), handler) { bed in
            let (kept, running) = try await Self.connect(bed, handler)
            let isIdle = Signal()
            await Self.stop(bed, isSucceeded: true) { isIdle.raise() }
            // As nginx does that has not noticed yet.
            kept.send(FastCGIClient.request([("QUICK", "1")], keepsConnection: true))
            #expect(try kept.answer().hasSuffix("done"))
            // A record of the application that belongs to no request, behind the end of the request.
            let last = try kept.nextRecord()
            #expect(last.type == 11 && last.content.count == 8)
            #expect(kept.isClosedByPeer())

            handler.mayEnd.raise()
            #expect(try running.answer().hasSuffix("done"))
            #expect(try running.nextRecord().type == 11)
            #expect(running.isClosedByPeer())
            await isIdle.wait()
        }
    }

    @Test func `what runs is marked too, and idle connections are closed soon`() async throws {
        let handler = Waiter()
        try await withServer(speaking: FastCGIProtocol(), handler) { bed in
            let (kept, running) = try await Self.connect(bed, handler)
            await Self.stop(bed)
            #expect(kept.isClosedByPeer())
            handler.mayEnd.raise()
            #expect(try running.answer().hasSuffix("done"))
            #expect(try running.nextRecord().type == 11)
        }
    }

    @Test func `a connection that is not to be kept ends as ever`() async throws {
        let handler = Waiter()
        try await withServer(speaking: FastCGIProtocol(), handler) { bed in
            let running = try bed.connect(FastCGIClient.self)
            running.send(FastCGIClient.request())
            await handler.hasBegun.wait()
            await Self.stop(bed)
            handler.mayEnd.raise()
            #expect(try running.answer().hasSuffix("done"))
            #expect(throws: ClientSocket.Failure.closed) { try running.nextRecord() }
        }
    }

    @Test func `an answer longer than the library's buffer is whole before the mark`() async throws {
        try await withServer(speaking: FastCGIProtocol(), Echo()) { bed in
            let client = try bed.connect(FastCGIClient.self)
            let body = (0..<50_000).map { UInt8(truncatingIfNeeded: $0) }
            let request = FastCGIClient.request(body: body, keepsConnection: true)
            // The record that ends the body is still to come, and the answer waits for it.
            client.send(Array(request.dropLast(8)))
            await Self.stop(bed)
            client.send(Array(request.suffix(8)))
            #expect(try client.output().suffix(body.count).elementsEqual(body))
            #expect(try client.nextRecord().type == 11)
        }
    }

    @Test func `limits change for requests to come`() async throws {
        try await withServer(speaking: FastCGIProtocol(), Echo()) { bed in
            for (limit, isTooLarge) in [(100, true), (10_000, false), (100, true)] {
                bed.server.limits = Server.Limits(bodyBytes: limit)
                let client = try bed.connect(FastCGIClient.self)
                client.send(FastCGIClient.request(body: [UInt8](repeating: 65, count: 1000)))
                #expect(try client.answer().contains("problem tooLarge") == isTooLarge)
            }
        }
    }
}
