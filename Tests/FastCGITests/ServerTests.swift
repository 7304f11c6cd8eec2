import CGI
import EventLoop
import FastCGI
import Glibc
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ServerTests {
    @Test func `parameters and body arrive as sent, and the answer goes back`() async throws {
        try await withServer(Echo()) { bed in
            let client = try bed.client()
            client.send(FastCGIClient.request([("HTTP_X", "é=1"), ("EMPTY", "")], body: Array("hello".utf8)))
            let answer = try client.answer()
            #expect(answer.text.contains("HTTP_X=é=1\n"))
            #expect(answer.text.contains("EMPTY=\n"))
            #expect(answer.text.hasSuffix("\nhello"))
            #expect(client.isClosedByPeer())
        }
    }

    @Test func `a kept connection takes one request after the other`() async throws {
        try await withServer(Echo()) { bed in
            let client = try bed.client()
            for number in 0..<50 {
                client.send(FastCGIClient.request(body: Array("body \(number)".utf8), keepsConnection: true))
                #expect(try client.answer().text.hasSuffix("\nbody \(number)"))
            }
        }
    }

    @Test(arguments: [1, 2, 3, 1000])
    func `it does not matter in which pieces a request comes`(size: Int) async throws {
        try await withServer(Echo()) { bed in
            let client = try bed.client()
            let request = FastCGIClient.request([("A", "b")], body: Array("pieces".utf8))
            for start in stride(from: 0, to: request.count, by: size) {
                client.send(Array(request[start..<min(start + size, request.count)]))
            }
            #expect(try client.answer().text.hasSuffix("A=b\n\npieces"))
        }
    }

    @Test func `a large body arrives whole, and a large answer too`() async throws {
        try await withServer(Echo()) { bed in
            let client = try bed.client()
            let body = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            client.send(FastCGIClient.request(body: body))
            let output = try client.answer().output
            #expect(output.suffix(body.count).elementsEqual(body))
        }
    }

    @Test func `a body over the limit is read to its end and reported`() async throws {
        try await withServer(Echo(), limits: .init(bodyBytes: 1000)) { bed in
            let exact = try bed.client()
            exact.send(FastCGIClient.request(body: [UInt8](repeating: 65, count: 1000)))
            #expect(try exact.answer().text.hasSuffix("AAA"))
            let over = try bed.client()
            over.send(FastCGIClient.request(body: [UInt8](repeating: 65, count: 1001), keepsConnection: true))
            #expect(try over.answer().text.hasSuffix("problem tooLarge(limit: 1000)"))
            // Announced as small, and large: the limit counts what comes.
            over.send(
                FastCGIClient.begin() + FastCGIClient.parameters([("CONTENT_LENGTH", "5")])
                    + FastCGIClient.body([UInt8](repeating: 65, count: 300_000)))
            #expect(try over.answer().text.hasSuffix("problem tooLarge(limit: 1000)"))
        }
    }

    @Test func `a body that stalls is given up, while others are served`() async throws {
        try await withServer(Echo(), limits: .init(bodyStall: .milliseconds(200))) { bed in
            let slow = try bed.client()
            slow.send(
                FastCGIClient.begin() + FastCGIClient.parameters([("CONTENT_LENGTH", "9")])
                    + FastCGIClient.record(5, [1]))
            let quick = try bed.client()
            quick.send(FastCGIClient.request(body: [66]))
            #expect(try quick.answer().text.hasSuffix("\nB"))
            #expect(try slow.answer().text.hasSuffix("problem timedOut"))
        }
    }

    @Test func `slow uploads never use up what other requests need`() async throws {
        try await withServer(Echo(), limits: .init(bodiesAtOnce: 2)) { bed in
            let slow = try (0..<6).map { _ in try bed.client() }
            for client in slow {
                client.send(
                    FastCGIClient.begin() + FastCGIClient.parameters([("CONTENT_LENGTH", "3")])
                        + FastCGIClient.record(5, [65]))
            }
            let quick = try bed.client()
            quick.send(FastCGIClient.request(body: [66]))
            #expect(try quick.answer().text.hasSuffix("\nB"))
            for client in slow {
                client.send(FastCGIClient.record(5, [65, 65]) + FastCGIClient.record(5, []))
            }
            for client in slow { #expect(try client.answer().text.hasSuffix("\nAAA")) }
        }
    }

    @Test func `what is left of a body that came too late is not taken for a request`() async throws {
        let handled = Handled()
        try await withServer(handled, limits: .init(bodyTime: .milliseconds(300), bodyStall: .seconds(5))) {
            bed in
            let client = try bed.client()
            client.send(
                FastCGIClient.begin(keepsConnection: true)
                    + FastCGIClient.parameters([("CONTENT_LENGTH", "100000")])
                    + FastCGIClient.record(5, [65]))
            #expect(try client.answer().text.hasSuffix("timedOut"))
            // The late rest of the body looks like a request.
            client.send(FastCGIClient.request([("FORGED", "1")], keepsConnection: true))
            #expect(client.isClosedByPeer())
        }
        #expect(handled.requests.map { $0.contains("FORGED") } == [false])
    }

    @Test func `a client that leaves with the last byte of its request cancels its exchange`() async throws {
        for bodyIsLate in [false, true] {
            let handler = Waiter()
            try await withServer(handler) { bed in
                var client: FastCGIClient? = try bed.client()
                let request = FastCGIClient.request(body: [UInt8](repeating: 65, count: 10))
                if bodyIsLate {
                    client?.send(Array(request.dropLast(4)))
                    try await ContinuousClock().sleep(for: .milliseconds(50))
                    client?.send(Array(request.suffix(4)))
                } else {
                    client?.send(request)
                }
                client = nil
                await handler.wasCancelled.wait()
                #expect(client == nil)
            }
        }
    }

    @Test func `a client that leaves cancels its exchange`() async throws {
        let handler = Waiter()
        try await withServer(handler) { bed in
            var client: FastCGIClient? = try bed.client()
            client?.send(FastCGIClient.request())
            await handler.hasBegun.wait()
            client = nil
            await handler.wasCancelled.wait()
            #expect(client == nil)
        }
    }

    @Test func `a reader that stops holds up itself and nobody else`() async throws {
        let handler = Flood()
        try await withServer(handler) { bed in
            let stopped = try bed.client()
            stopped.send(FastCGIClient.request([("PIECES", "100000")]))
            _ = try stopped.nextOutput()
            for _ in 0..<20 {
                let quick = try bed.client()
                quick.send(FastCGIClient.request([("PIECES", "20")]))
                #expect(try quick.answer().output.count == 20 * Flood.pieceBytes)
            }
            // The socket's buffer is all that it got rid of meanwhile: at most 212,992 bytes.
            #expect(handler.sent(of: "100000") * Flood.pieceBytes < 400_000)
            var rest = 0
            while let piece = try stopped.nextOutput() { rest += piece.count }
            // The last piece is counted after the client may have read it.
            #expect(handler.sent(of: "100000") >= 99_999)
            #expect(rest > 99_000 * Flood.pieceBytes)
        }
    }

    @Test func `a handler that gives up cuts the answer`() async throws {
        try await withServer(Quitter()) { bed in
            let client = try bed.client()
            client.send(FastCGIClient.request(keepsConnection: true))
            #expect(throws: FastCGIClient.Failure.closed) { try client.answer() }
        }
    }

    @Test func `bytes that are no FastCGI close their connection and are reported`() async throws {
        let reported = Signal()
        try await withServer(Echo(), report: { _ in reported.raise() }) { bed in
            let client = try bed.client()
            client.send(Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
            #expect(client.isClosedByPeer())
            await reported.wait()
        }
    }

    @Test func `parameters without an end are given up at the limit`() async throws {
        try await withServer(Echo()) { bed in
            let client = try bed.client()
            client.send(FastCGIClient.begin())
            let record = FastCGIClient.record(4, [UInt8](repeating: 0, count: 60_000))
            for _ in 0..<3 { client.send(record) }
            #expect(client.isClosedByPeer())
        }
    }

    @Test func `it becomes quiet a second after the last exchange, and again after the next`() async throws {
        let handler = Waiter()
        let (moments, continuation) = AsyncStream<ContinuousClock.Instant>.makeStream()
        try await withServer(handler, whenQuiet: { continuation.yield(.now) }) { bed in
            var quiet = moments.makeAsyncIterator()
            let running = try bed.client()
            running.send(FastCGIClient.request())
            await handler.hasBegun.wait()
            let quick = try bed.client()
            quick.send(FastCGIClient.request([("QUICK", "1")], keepsConnection: true))
            #expect(try quick.answer().text.hasSuffix("done"))
            var last = ContinuousClock.now
            handler.mayEnd.raise()
            #expect(try running.answer().text.hasSuffix("done"))
            for _ in 0..<2 {
                // The loop's clock is read once per wake-up, before the exchange ends.
                let moment = try #require(await quiet.next())
                #expect(moment - last > .milliseconds(900))
                last = .now
                quick.send(FastCGIClient.request([("QUICK", "1")], keepsConnection: true))
                #expect(try quick.answer().text.hasSuffix("done"))
            }
        }
    }

    @Test func `stopping lets a running exchange end and takes no new one`() async throws {
        let handler = Waiter()
        try await withServer(handler) { bed in
            let idle = try bed.client()
            idle.send(FastCGIClient.request([("QUICK", "1")], keepsConnection: true))
            #expect(try idle.answer().text.hasSuffix("done"))
            let running = try bed.client()
            running.send(FastCGIClient.request(keepsConnection: true))
            await handler.hasBegun.wait()
            let isIdle = Signal()
            bed.server.stop { isIdle.raise() }
            #expect(idle.isClosedByPeer())
            #expect(!isIdle.isRaised)
            handler.mayEnd.raise()
            #expect(try running.answer().text.hasSuffix("done"))
            #expect(running.isClosedByPeer())
            await isIdle.wait()
        }
    }
}
