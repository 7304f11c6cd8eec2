import CGI
import GatewayTestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ServerTests {
    @Test(arguments: Speech.allCases)
    func `parameters and body arrive as sent, and the answer goes back`(speech: Speech) async throws {
        try await withServer(speaking: speech.gateway, Echo()) { bed in
            let client = try speech.connect(to: bed)
            client.send(speech.request([("HTTP_X", "é=1"), ("EMPTY", "")], body: Array("hello".utf8)))
            let answer = try client.answer()
            #expect(answer.contains("HTTP_X=é=1\n"))
            #expect(answer.contains("EMPTY=\n"))
            #expect(answer.hasSuffix("\nhello"))
            #expect(client.isClosedByPeer())
        }
    }

    @Test(arguments: Speech.allCases, [1, 2, 3, 1000])
    func `it does not matter in which pieces a request comes`(speech: Speech, size: Int) async throws {
        try await withServer(speaking: speech.gateway, Echo()) { bed in
            let client = try speech.connect(to: bed)
            let request = speech.request([("A", "b")], body: Array("pieces".utf8))
            for start in stride(from: 0, to: request.count, by: size) {
                client.send(Array(request[start..<min(start + size, request.count)]))
            }
            #expect(try client.answer().hasSuffix("A=b\n\npieces"))
        }
    }

    @Test(arguments: Speech.allCases)
    func `a large body arrives whole, and a large answer too`(speech: Speech) async throws {
        try await withServer(speaking: speech.gateway, Echo()) { bed in
            let client = try speech.connect(to: bed)
            let body = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            client.send(speech.request(body: body))
            #expect(try client.output().suffix(body.count).elementsEqual(body))
        }
    }

    @Test(arguments: Speech.allCases)
    func `a body over the limit is read to its end and reported`(speech: Speech) async throws {
        try await withServer(speaking: speech.gateway, Echo(), limits: .init(bodyBytes: 1000)) { bed in
            for (count, end) in [
                (1000, "AAA"), (1001, "tooLarge(limit: 1000)"), (300_000, "tooLarge(limit: 1000)"),
            ] {
                let client = try speech.connect(to: bed)
                client.send(speech.request(body: [UInt8](repeating: 65, count: count)))
                #expect(try client.answer().hasSuffix(end), "\(count)")
            }
        }
    }

    @Test(arguments: Speech.allCases)
    func `a body that stalls is given up, while others are served`(speech: Speech) async throws {
        try await withServer(
            speaking: speech.gateway, Echo(), limits: .init(bodyStall: .milliseconds(200))
        ) { bed in
            let slow = try speech.connect(to: bed)
            slow.send(speech.head(announcing: 9) + speech.part([1]))
            let quick = try speech.connect(to: bed)
            quick.send(speech.request(body: [66]))
            #expect(try quick.answer().hasSuffix("\nB"))
            #expect(try slow.answer().hasSuffix("problem timedOut"))
        }
    }

    @Test(arguments: Speech.allCases)
    func `slow uploads never use up what other requests need`(speech: Speech) async throws {
        try await withServer(speaking: speech.gateway, Echo(), limits: .init(bodiesAtOnce: 2)) { bed in
            let slow = try (0..<6).map { _ in try speech.connect(to: bed) }
            for client in slow { client.send(speech.head(announcing: 3) + speech.part([65])) }
            let quick = try speech.connect(to: bed)
            quick.send(speech.request(body: [66]))
            #expect(try quick.answer().hasSuffix("\nB"))
            for client in slow { client.send(speech.part([65, 65]) + speech.end) }
            for client in slow { #expect(try client.answer().hasSuffix("\nAAA")) }
        }
    }

    @Test(arguments: Speech.allCases)
    func `what is left of a body that came too late is not taken for a request`(
        speech: Speech
    ) async throws {
        let handled = Handled()
        try await withServer(
            speaking: speech.gateway, handled,
            limits: .init(bodyTime: .milliseconds(300), bodyStall: .seconds(5))
        ) { bed in
            let client = try speech.connect(to: bed)
            client.send(speech.head(announcing: 100_000) + speech.part([65]))
            #expect(try client.answer().hasSuffix("timedOut"))
            // The late rest of the body looks like a request.
            client.send(speech.request([("FORGED", "1")]))
            #expect(client.isClosedByPeer())
        }
        #expect(handled.requests.map { $0.contains("FORGED") } == [false])
    }

    // MARK: Parameters that do not come

    @Test(arguments: Speech.allCases)
    func `parameters that do not come to their end are given up in time and reported`(
        speech: Speech
    ) async throws {
        let late = Signal()
        try await withServer(
            speaking: speech.gateway, Echo(), limits: .init(headerTime: .milliseconds(300)),
            report: { if case .lateRequest = $0 { late.raise() } }
        ) { bed in
            // The time runs from the first byte: whoever sends a byte now and then gets no more of it.
            let slow = try speech.connect(to: bed)
            let request = speech.request()
            slow.send(Array(request[..<5]))
            // Half a request holds up nobody else, and one that has sent nothing yet may take its time.
            let silent = try speech.connect(to: bed)
            let quick = try speech.connect(to: bed)
            quick.send(speech.request(body: [66]))
            #expect(try quick.answer().hasSuffix("\nB"))
            for byte in request[5..<15] {
                try await ContinuousClock().sleep(for: .milliseconds(50))
                slow.send([byte])
            }
            #expect(slow.isClosedByPeer())
            await late.wait()
            silent.send(speech.request(body: [67]))
            #expect(try silent.answer().hasSuffix("\nC"))
        }
    }

    @Test(arguments: Speech.allCases)
    func `parameters that come in time leave no time limit behind`(speech: Speech) async throws {
        let handler = Waiter()
        let late = Signal()
        try await withServer(
            speaking: speech.gateway, handler, limits: .init(headerTime: .milliseconds(100)),
            report: { _ in late.raise() }
        ) { bed in
            let client = try speech.connect(to: bed)
            let request = speech.request()
            client.send(Array(request.dropLast(12)))
            try await ContinuousClock().sleep(for: .milliseconds(20))
            client.send(Array(request.suffix(12)))
            await handler.hasBegun.wait()
            // Longer than the limit: nothing can be awaited that should not happen.
            try await ContinuousClock().sleep(for: .milliseconds(150))
            handler.mayEnd.raise()
            #expect(try client.answer().hasSuffix("done"))
            #expect(!late.isRaised)
        }
    }

    @Test(arguments: Speech.allCases)
    func `bytes that are no request close their connection and are reported`(speech: Speech) async throws {
        for bytes in [
            Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8), [0], [255, 255, 255, 255, 255, 255, 255, 255],
        ] {
            let reported = Signal()
            try await withServer(
                speaking: speech.gateway, Echo(),
                report: { if case .malformedRequest = $0 { reported.raise() } }
            ) { bed in
                let client = try speech.connect(to: bed)
                client.send(bytes + [UInt8](repeating: 0, count: 8))
                #expect(client.isClosedByPeer())
                await reported.wait()
            }
        }
    }

    @Test(arguments: Speech.allCases)
    func `a request that ends in its parameters is reported`(speech: Speech) async throws {
        let reported = Signal()
        try await withServer(
            speaking: speech.gateway, Echo(), report: { if case .malformedRequest = $0 { reported.raise() } }
        ) { bed in
            var client: (any WebServerClient)? = try speech.connect(to: bed)
            client?.send(Array(speech.request().prefix(20)))
            client = nil
            await reported.wait()
            #expect(client == nil)
        }
    }

    // MARK: Leaving

    @Test(arguments: Speech.allCases, [false, true])
    func `a client that leaves with the last byte of its request cancels its exchange`(
        speech: Speech, bodyIsLate: Bool
    ) async throws {
        let handler = Waiter()
        try await withServer(speaking: speech.gateway, handler) { bed in
            var client: (any WebServerClient)? = try speech.connect(to: bed)
            let request = speech.request(body: [UInt8](repeating: 65, count: 10))
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

    @Test(arguments: Speech.allCases, [false, true])
    func `a client that leaves cancels its exchange, by half or altogether`(
        speech: Speech, isHalf: Bool
    ) async throws {
        let handler = Waiter()
        try await withServer(speaking: speech.gateway, handler) { bed in
            var client: (any WebServerClient)? = try speech.connect(to: bed)
            client?.send(speech.request())
            await handler.hasBegun.wait()
            if isHalf { client?.socket.closeHalf() } else { client = nil }
            await handler.wasCancelled.wait()
            #expect((client != nil) == isHalf)
        }
    }

    @Test(arguments: Speech.allCases, [500, 5_000, 100_000])
    func `a reader that stops holds up itself and nobody else`(speech: Speech, bytes: Int) async throws {
        let handler = Flood()
        let pieces = 30_000_000 / bytes
        let size = ("BYTES", "\(bytes)")
        try await withServer(speaking: speech.gateway, handler) { bed in
            let stopped = try speech.connect(to: bed)
            stopped.send(speech.request([("PIECES", "\(pieces)"), size]))
            var rest = try stopped.nextOutput()?.count ?? 0
            for _ in 0..<20 {
                let quick = try speech.connect(to: bed)
                quick.send(speech.request([("PIECES", "2"), size]))
                #expect(try quick.output().count == 2 * bytes)
            }
            // The socket's buffer is all that it got rid of meanwhile: at most 212,992 bytes.
            #expect(handler.sent(of: "\(pieces)") * bytes < 400_000)
            while let piece = try stopped.nextOutput() { rest += piece.count }
            // The last piece is counted after the client may have read it.
            #expect(handler.sent(of: "\(pieces)") >= pieces - 1)
            #expect(rest == pieces * bytes)
        }
    }

    @Test(arguments: Speech.allCases)
    func `stopping lets a running exchange end and takes no new one`(speech: Speech) async throws {
        let handler = Waiter()
        try await withServer(speaking: speech.gateway, handler) { bed in
            let idle = try speech.connect(to: bed)
            // Accepted in order: once this is answered, the one before is known.
            let answered = try speech.connect(to: bed)
            answered.send(speech.request([("QUICK", "1")]))
            #expect(try answered.answer().hasSuffix("done"))
            let running = try speech.connect(to: bed)
            running.send(speech.request())
            await handler.hasBegun.wait()
            let isIdle = Signal()
            bed.server.stop { isIdle.raise() }
            #expect(idle.isClosedByPeer())
            #expect(!isIdle.isRaised)
            handler.mayEnd.raise()
            #expect(try running.answer().hasSuffix("done"))
            #expect(running.isClosedByPeer())
            await isIdle.wait()
        }
    }

    @Test func `it becomes quiet a second after the last exchange, and again after the next`() async throws {
        let speech = Speech.scgi
        let handler = Waiter()
        let (moments, continuation) = AsyncStream<ContinuousClock.Instant>.makeStream()
        try await withServer(
            speaking: speech.gateway, handler, whenQuiet: { continuation.yield(.now) }
        ) { bed in
            func askQuickly() throws {
                let quick = try speech.connect(to: bed)
                quick.send(speech.request([("QUICK", "1")]))
                #expect(try quick.answer().hasSuffix("done"))
            }
            var quiet = moments.makeAsyncIterator()
            let running = try speech.connect(to: bed)
            running.send(speech.request())
            await handler.hasBegun.wait()
            try askQuickly()
            var last = ContinuousClock.now
            handler.mayEnd.raise()
            #expect(try running.answer().hasSuffix("done"))
            for _ in 0..<2 {
                // The loop's clock is read once per wake-up, before the exchange ends.
                let moment = try #require(await quiet.next())
                #expect(moment - last > .milliseconds(900))
                last = .now
                try askQuickly()
            }
        }
    }
}
