import Curl
import EventLoop
import Glibc
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct TransferTests {
    // MARK: Answers

    @Test func `a body comes whole, with its head first`() async throws {
        try await withPool { connection in
            _ = connection.request()
            connection.send(
                "HTTP/1.1 418 Teapot\r\nContent-Type: text/plain\r\nX-Two:  b \r\nContent-Length: 5\r\n\r\nhello"
            )
        } body: { bed in
            let answer = try await bed.read(TransferOptions(url: bed.url))
            #expect(answer.status == 418)
            #expect(answer.headers["content-type"] == "text/plain")
            #expect(answer.headers["x-two"] == "b")
            #expect(answer.text == "hello")
        }
    }

    @Test(arguments: [0, 1, 1000, 64 * 1024, 64 * 1024 + 1, 3_000_000])
    func `a request body arrives as it was given`(count: Int) async throws {
        let sent = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 2) }
        let seen = Box<ScriptedConnection.Request>()
        try await withPool { connection in
            seen.value = connection.request()
            connection.answer("ok")
        } body: { bed in
            var options = TransferOptions(url: bed.url + "/path?x=1")
            options.method = "POST"
            options.body = sent
            options.headerLines = Array("API-KEY: secret\r\nContent-Type: application/json\r\n".utf8)
            let answer = try await bed.read(options)
            #expect(answer.text == "ok")
        }
        let request = try #require(seen.value)
        #expect(request.head.hasPrefix("POST /path?x=1 HTTP/1.1\r\n"))
        #expect(request.head.contains("\r\nAPI-KEY: secret"))
        #expect(!request.head.contains("Expect:"))
        #expect(request.body == sent)
    }

    @Test func `one connection serves one call after the other`() async throws {
        try await withPool { connection in
            while connection.request() != nil { connection.answer("again") }
        } body: { bed in
            for _ in 0..<20 {
                let answer = try await bed.read(TransferOptions(url: bed.url))
                #expect(answer.text == "again")
            }
            #expect(bed.server.connections == 1)
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nanother", "HTTP/1.1 408 Request Timeout\r\n\r\n", "?",
    ])
    func `what comes after an answer is nobody's`(further: String) async throws {
        let (isAsked, isSent) = (Gate(), Gate())
        try await withPool { connection in
            var isFirst = true
            while let request = connection.request() {
                connection.answer(String(request.head.split(separator: " ")[1]))
                guard isFirst, request.head.hasPrefix("GET /1 ") else { continue }
                isFirst = false
                isAsked.wait()
                // On this machine it has arrived when it is sent.
                connection.send(further)
                isSent.open()
            }
        } body: { bed in
            #expect(await bed.text(of: TransferOptions(url: bed.url + "/1")) == "/1")
            isAsked.open()
            isSent.wait()
            for path in ["/2", "/3", "/4"] {
                #expect(await bed.text(of: TransferOptions(url: bed.url + path)) == path)
            }
            #expect(bed.server.connections == 2)
        }
    }

    @Test func `pieces are handed on as they come`() async throws {
        let gate = Gate()
        try await withPool { connection in
            _ = connection.request()
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for number in 0..<5 {
                connection.send("6\r\npiece\(number)\r\n")
                gate.wait()
            }
            connection.send("0\r\n\r\n")
        } body: { bed in
            try await bed.run { pool in
                let transfer = pool.start(TransferOptions(url: bed.url))
                _ = try await transfer.next(silence: nil)
                for number in 0..<5 {
                    // The server sends the next piece only after this one was read.
                    guard case .bytes(let bytes) = try await transfer.next(silence: nil) else {
                        Issue.record("piece \(number) is missing")
                        return
                    }
                    #expect(String(decoding: bytes, as: UTF8.self) == "piece\(number)")
                    gate.open()
                }
                guard case .end = try await transfer.next(silence: nil) else {
                    Issue.record("no end")
                    return
                }
            }
        }
    }

    @Test func `silence is told and the call goes on`() async throws {
        let gate = Gate()
        try await withPool { connection in
            _ = connection.request()
            gate.wait()
            connection.answer("late")
        } body: { bed in
            try await bed.run { pool in
                let transfer = pool.start(TransferOptions(url: bed.url))
                for _ in 0..<3 {
                    guard case .silence = try await transfer.next(silence: .milliseconds(20)) else {
                        Issue.record("no silence")
                        return
                    }
                }
                gate.open()
                guard case .head(200, _) = try await transfer.next(silence: .seconds(10)) else {
                    Issue.record("no head")
                    return
                }
            }
        }
    }

    @Test func `an interim head is passed over, a redirect is not followed`() async throws {
        try await withPool { connection in
            _ = connection.request()
            connection.send("HTTP/1.1 100 Continue\r\nX-Interim: 1\r\n\r\n")
            connection.send(
                "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
        } body: { bed in
            let answer = try await bed.read(TransferOptions(url: bed.url))
            #expect(answer.status == 302)
            #expect(answer.headers["x-interim"] == nil)
            #expect(answer.headers["location"] == "http://127.0.0.1:1/")
        }
    }

    // MARK: Failures

    @Test func `a port where nobody listens is unreachable`() async throws {
        try await withPool { _ in
        } body: { bed in
            bed.server.stop()
            await #expect(throws: CurlError.self) { try await bed.read(TransferOptions(url: bed.url)) }
            let code = await bed.failure(of: TransferOptions(url: bed.url))
            #expect(code == .unreachable)
        }
    }

    @Test func `a URL that is none, and a protocol that is not HTTP, are refused`() async throws {
        try await withPool { _ in
        } body: { bed in
            for url in ["", "http://", "file:///etc/passwd", "ftp://127.0.0.1/"] {
                #expect(await bed.failure(of: TransferOptions(url: url)) == .badOptions, "\(url)")
            }
        }
    }

    @Test(arguments: [
        "", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", "nonsense\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ])
    func `an answer that breaks off is cut, whatever came before`(answer: String) async throws {
        try await withPool { connection in
            _ = connection.request()
            connection.send(answer)
        } body: { bed in
            #expect(await bed.failure(of: TransferOptions(url: bed.url)) == .cut)
        }
    }

    @Test func `a call on a kept connection that breaks is not sent again`() async throws {
        let requests = Counter()
        try await withPool { connection in
            // Answers once; the second request on the same connection is read, and the connection closed.
            guard connection.request() != nil else { return }
            requests.add()
            connection.answer("first")
            if connection.request() != nil { requests.add() }
        } body: { bed in
            let first = try await bed.read(TransferOptions(url: bed.url))
            #expect(first.text == "first")
            var options = TransferOptions(url: bed.url)
            options.method = "POST"
            options.body = Array("paid".utf8)
            #expect(await bed.failure(of: options) == .cut)
            #expect(requests.value == 2)
        }
    }

    @Test func `an endless head and a body over its limit are refused`() async throws {
        try await withPool { connection in
            guard let request = connection.request() else { return }
            if request.head.contains("/head") {
                connection.send("HTTP/1.1 200 OK\r\n")
                let line = Array("X-Padding: \(String(repeating: "x", count: 1000))\r\n".utf8)
                while connection.send(line) {}
            } else {
                connection.send("HTTP/1.1 200 OK\r\n\r\n")
                while connection.send([UInt8](repeating: 65, count: 10_000)) {}
            }
        } body: { bed in
            #expect(await bed.failure(of: TransferOptions(url: bed.url + "/head")) == .tooLarge)
            var options = TransferOptions(url: bed.url + "/body")
            options.maximumBodyBytes = 100_000
            #expect(await bed.failure(of: options) == .tooLarge)
        }
    }

    @Test func `calls that wait for one connection together give up together`() async throws {
        try await withPool { connection in
            // Never answers the TLS greeting.
            connection.waitForClose()
        } body: { bed in
            // On the loop, so that other tests' work cannot come between.
            try await bed.run { pool in
                var options = TransferOptions(url: "https://127.0.0.1:\(bed.server.port)/")
                options.connect = .milliseconds(200)
                let started = ContinuousClock().now
                for transfer in (0..<5).map({ _ in pool.start(options) }) {
                    let error = await #expect(throws: CurlError.self) {
                        try await transfer.next(silence: nil)
                    }
                    #expect(error?.code == .connectTimedOut)
                }
                #expect(ContinuousClock().now - started < .milliseconds(900))
            }
        }
    }

    @Test func `a name is looked up and its server reached`() async throws {
        // Not “localhost”, which libcurl knows without asking.
        var name = [CChar](repeating: 0, count: 256)
        #expect(gethostname(&name, name.count - 1) == 0)
        let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try await withPool { connection in
            while connection.request() != nil { connection.answer("by name") }
        } body: { bed in
            for _ in 0..<3 {
                let code = await bed.failure(of: TransferOptions(url: "http://\(host):\(bed.server.port)/"))
                // A machine may not know its own name; what it must not do is wait.
                #expect(code == nil || code == .unreachable)
            }
        }
    }

    @Test func `each time-out ends the call in its phase`() async throws {
        try await withPool { connection in
            guard let request = connection.request() else { return }
            if request.head.contains("/idle") || request.head.contains("/total") {
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            }
            connection.waitForClose()
        } body: { bed in
            var options = TransferOptions(url: bed.url + "/first")
            options.firstByte = .milliseconds(50)
            #expect(await bed.failure(of: options) == .firstByteTimedOut)
            options = TransferOptions(url: bed.url + "/idle")
            options.idle = .milliseconds(50)
            #expect(await bed.failure(of: options) == .idleTimedOut)
            options = TransferOptions(url: bed.url + "/total")
            options.total = .milliseconds(50)
            #expect(await bed.failure(of: options) == .totalTimedOut)
        }
    }

    // MARK: Giving up

    enum Moment: CaseIterable { case beforeStart, beforeHead, inBody }

    @Test(arguments: Moment.allCases)
    func `cancelling the task closes the connection, at whatever moment`(moment: Moment) async throws {
        let (isOpen, isClosed) = (Gate(), Gate())
        try await withPool { connection in
            isOpen.open()
            guard connection.request() != nil else { return isClosed.open() }
            if moment == .inBody { connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf") }
            connection.waitForClose()
            isClosed.open()
        } body: { bed in
            let reached = Gate()
            let task = Task(executorPreference: bed.loop) {
                let transfer = bed.pool.start(TransferOptions(url: bed.url))
                do throws(CurlError) {
                    if moment == .beforeStart { while !Task.isCancelled { await Task.yield() } }
                    reached.open()
                    while true {
                        _ = try await transfer.next(silence: .milliseconds(5))
                    }
                } catch {
                    return error.code
                }
            }
            // Without a connection there is none to close.
            isOpen.wait()
            if moment != .beforeStart { reached.wait() }
            task.cancel()
            #expect(await task.value == .cancelled)
            isClosed.wait()
        }
    }

    @Test func `a reader that stops makes the sender stop, and loses nothing`() async throws {
        let sent = Counter()
        let total = 20_000_000
        try await withPool { connection in
            _ = connection.request()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
            let piece = [UInt8](repeating: 65, count: 50_000)
            while sent.value < total, connection.send(piece) { sent.add(piece.count) }
        } body: { bed in
            try await bed.run { pool in
                let transfer = pool.start(TransferOptions(url: bed.url))
                _ = try await transfer.next(silence: nil)
                guard case .bytes(let first) = try await transfer.next(silence: nil) else { return }
                // Another call on the same loop runs at full speed meanwhile, and ends after the sender has stopped.
                var before = -1
                while sent.value != before {
                    before = sent.value
                    try await ContinuousClock().sleep(for: .milliseconds(50))
                }
                // What the kernel's socket buffers take, and no more.
                #expect(sent.value < total)
                var received = first.count
                var largest = 0
                loop: while true {
                    switch try await transfer.next(silence: nil) {
                    case .bytes(let bytes):
                        received += bytes.count
                        largest = max(largest, bytes.count)
                    case .end: break loop
                    default: Issue.record("unexpected event")
                    }
                }
                #expect(received == total)
                #expect(largest <= 48 * 1024)
            }
        }
    }
}
