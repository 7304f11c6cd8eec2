import EventLoop
import Glibc
import Synchronization
import Testing

@testable import Curl

@Suite(.timeLimit(.minutes(1)))
struct UploadTests {
    /// Bytes that do not repeat within a piece.
    private static let pattern = (0..<1_000_003).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }

    private static func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + pattern.count)
        while bytes.count < count { bytes += pattern }
        return Array(bytes[..<count])
    }

    private static func source(_ bytes: [UInt8]) -> BodySource {
        BodySource(count: bytes.count) { Array(bytes[$0]) }
    }

    private static func options(_ url: String, _ source: BodySource, body: String = "") -> TransferOptions {
        var options = TransferOptions(url: url + "/upload")
        options.method = "POST"
        options.body = Array(body.utf8)
        options.further = source
        return options
    }

    private static let piece = Upload.pieceBytes

    @Test(arguments: [0, 1, 1000, piece - 1, piece, piece + 1, 2 * piece, 3 * piece + 7, 25_000_000])
    func `a body arrives as its source has it, behind what was in memory`(count: Int) async throws {
        let sent = Self.bytes(count)
        let seen = Box<ScriptedConnection.Request>()
        try await withPool { connection in
            seen.value = connection.request()
            connection.answer("ok")
        } body: { bed in
            let answer = try await bed.read(Self.options(bed.url, Self.source(sent), body: "before"))
            #expect(answer.text == "ok")
        }
        let request = try #require(seen.value)
        #expect(request.head.hasPrefix("POST /upload HTTP/1.1\r\n"))
        #expect(request.head.contains("\r\nContent-Length: \(count + 6)"))
        #expect(!request.head.contains("Expect:") && !request.head.contains("Transfer-Encoding:"))
        #expect(request.body == Array("before".utf8) + sent)
    }

    @Test func `one connection serves one upload after the other`() async throws {
        let lengths = Box<[Int]>()
        try await withPool { connection in
            while let request = connection.request() {
                lengths.value = (lengths.value ?? []) + [request.body.count]
                connection.answer("again")
            }
        } body: { bed in
            for count in [300_000, 0, 600_000] {
                let answer = try await bed.read(
                    Self.options(bed.url, Self.source(Self.bytes(count)), body: "x"))
                #expect(answer.text == "again")
            }
            #expect(bed.server.connections == 1)
        }
        #expect(lengths.value == [300_001, 1, 600_001])
    }

    @Test(arguments: [10, 60_000, 300_000])
    func `an answer may begin before the body was read, and the next call has a head and body of its own`(
        count: Int
    ) async throws {
        let hasAnswer = Gate()
        let seen = Box<[ScriptedConnection.Request]>()
        try await withPool { connection in
            for number in 1...2 {
                guard let head = connection.head() else { return }
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
                if number == 1 { hasAnswer.wait() }
                guard let body = connection.bytes(count) else { return }
                seen.value = (seen.value ?? []) + [ScriptedConnection.Request(head: head, body: body)]
                connection.send("ok")
            }
        } body: { bed in
            try await bed.run { pool in
                for number in 1...2 {
                    var options = TransferOptions(url: bed.url)
                    options.method = "POST"
                    options.body = [UInt8](repeating: UInt8(number), count: count)
                    options.headerLines = Array("API-KEY: secret-\(number)\r\n".utf8)
                    let transfer = pool.start(options)
                    var body: [UInt8] = []
                    reading: while true {
                        switch try await transfer.next(silence: nil) {
                        case .head: hasAnswer.open()
                        case .bytes(let bytes): body += bytes
                        case .silence: break
                        case .end: break reading
                        }
                    }
                    #expect(body == Array("ok".utf8))
                }
            }
            #expect(bed.server.connections == 1)
        }
        #expect(seen.value?.map(\.body) == [1, 2].map { [UInt8](repeating: $0, count: count) })
        #expect(seen.value?[0].head.contains("\r\nAPI-KEY: secret-1") == true)
        #expect(seen.value?[1].head.contains("\r\nAPI-KEY: secret-2") == true)
    }

    // MARK: Pieces

    /// What is to be read now, out of the macro's reach, which takes values only.
    private static func nextRange(_ upload: inout Upload) -> Range<Int>? {
        upload.nextPart()?.range
    }

    @Test func `no more than one piece is read ahead`() {
        let source = BodySource(count: 3 * Self.piece) { [UInt8](repeating: 1, count: $0.count) }
        var upload = Upload([7], source: source)
        #expect(Self.nextRange(&upload) == 0..<Self.piece)
        #expect(Self.nextRange(&upload) == nil)
        upload.put([UInt8](repeating: 1, count: Self.piece))
        #expect(Self.nextRange(&upload) == nil)
        // A buffer that takes a byte of the piece makes it the one that is sent, and the next may be read.
        var buffer = [UInt8](repeating: 0, count: 2)
        let count = buffer.withUnsafeMutableBytes { upload.take(into: $0) }
        #expect(count == 2)
        #expect(buffer == [7, 1])
        #expect(Self.nextRange(&upload) == Self.piece..<2 * Self.piece)
        upload.put([UInt8](repeating: 2, count: Self.piece))
        #expect(Self.nextRange(&upload) == nil)
        #expect(upload.bytesLeft == 3 * Self.piece - 1)
    }

    @Test func `a body can be sent again until the first of its pieces is gone`() {
        var upload = Upload([1, 2, 3], source: BodySource(count: 2) { Array(repeating: 4, count: $0.count) })
        var buffer: [UInt8] = [0, 0]
        func take() -> [UInt8] {
            let count = buffer.withUnsafeMutableBytes { upload.take(into: $0) }
            return Array(buffer.prefix(count))
        }
        #expect(take() == [1, 2])
        let isAtFirst = upload.rewind()
        #expect(isAtFirst)
        #expect(upload.bytesLeft == 5)
        #expect(take() == [1, 2])
        #expect(take() == [3])
        let isLater = upload.rewind()
        #expect(!isLater)
        #expect(upload.bytesLeft == 2)
    }

    @Test func `a server that stops reading makes the source stop, then the call`() async throws {
        let read = Counter()
        let isClosed = Gate()
        let mayClose = Gate()
        try await withPool { connection in
            _ = connection.head()
            // Reads nothing more.
            mayClose.wait()
            connection.waitForClose()
            isClosed.open()
        } body: { bed in
            let total = 100_000_000
            let source = BodySource(count: total) { range in
                read.add(range.count)
                return [UInt8](repeating: 65, count: range.count)
            }
            var options = Self.options(bed.url, source)
            options.firstByte = .milliseconds(20)
            options.idle = .milliseconds(300)
            #expect(await bed.failure(of: options) == .idleTimedOut)
            // What the kernel's socket buffers take, and two pieces.
            #expect(read.value < total / 4)
            mayClose.open()
            isClosed.wait()
        }
    }

    // MARK: Time

    @Test func `a slow source is not the server's silence, whose time begins at the end of the body`()
        async throws
    {
        try await withPool { connection in
            while let request = connection.request() {
                if request.body.last == 1 { connection.answer("ok") } else { connection.waitForClose() }
            }
        } body: { bed in
            for (byte, expected) in [(UInt8(1), CurlError.Code?.none), (2, .firstByteTimedOut)] {
                let source = BodySource(count: 4 * Self.piece) { range in
                    // Longer than either time-out altogether, and than both in one go.
                    usleep(range.lowerBound == 0 ? 500_000 : 100_000)
                    return [UInt8](repeating: byte, count: range.count)
                }
                var options = Self.options(bed.url, source)
                options.firstByte = .milliseconds(300)
                options.idle = .milliseconds(300)
                #expect(await bed.failure(of: options) == expected)
            }
        }
    }

    @Test func `a server that reads slowly but steadily is not given up`() async throws {
        let total = 30_000_000
        try await withPool { connection in
            _ = connection.head()
            if connection.takeSlowly(total, pause: 70_000) { connection.answer("ok") }
        } body: { bed in
            let source = BodySource(count: total) { [UInt8](repeating: 65, count: $0.count) }
            var options = Self.options(bed.url, source)
            // More than what is in the kernel's buffers when libcurl has handed over all takes, and far less than the
            // whole.
            options.firstByte = .milliseconds(1500)
            options.idle = .milliseconds(1500)
            let started = ContinuousClock().now
            #expect(await bed.text(of: options) == "ok")
            #expect(ContinuousClock().now - started > .milliseconds(1600))
        }
    }

    // MARK: Failures

    @Test(arguments: [true, false])
    func `a source that cannot be read fails the call`(isShort: Bool) async throws {
        let isClosed = Gate()
        try await withPool { connection in
            _ = connection.request()
            isClosed.open()
        } body: { bed in
            let source = BodySource(count: 4 * Self.piece) { range in
                if range.lowerBound == 0 { return [UInt8](repeating: 65, count: range.count) }
                return isShort ? [65] : nil
            }
            #expect(await bed.failure(of: Self.options(bed.url, source)) == .unreadableBody)
            isClosed.wait()
        }
    }

    @Test func `an answer that comes before the end of the body is read`() async throws {
        try await withPool { connection in
            _ = connection.head()
            connection.send("HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\nConnection: close\r\n\r\nlarge")
            connection.waitForClose()
        } body: { bed in
            let source = BodySource(count: 50_000_000) { [UInt8](repeating: 65, count: $0.count) }
            let answer = try await bed.read(Self.options(bed.url, source))
            #expect(answer.status == 413)
            #expect(answer.text == "large")
        }
    }

    // MARK: Giving up

    /// Opens a gate when nobody has it any more.
    private final class Held: Sendable {
        let gone: Gate

        init(_ gone: Gate) {
            self.gone = gone
        }

        deinit {
            gone.open()
        }
    }

    @Test(arguments: [0, piece])
    func `cancelling while a piece is read is safe, and lets go of the source`(position: Int) async throws {
        let (isOpen, isClosed) = (Gate(), Gate())
        let isReading = Gate()
        let mayRead = Gate()
        let isGone = Gate()
        try await withPool { connection in
            isOpen.open()
            _ = connection.request()
            isClosed.open()
        } body: { bed in
            let task = Task(executorPreference: bed.loop) {
                let held = Held(isGone)
                let source = BodySource(count: 4 * Self.piece) { range in
                    if range.lowerBound == position {
                        isReading.open()
                        mayRead.wait()
                    }
                    return withExtendedLifetime(held) { [UInt8](repeating: 65, count: range.count) }
                }
                let transfer = bed.pool.start(Self.options(bed.url, source))
                do throws(CurlError) {
                    while true { _ = try await transfer.next(silence: nil) }
                } catch {
                    return error.code
                }
            }
            isReading.wait()
            // Without a connection there is none to close.
            isOpen.wait()
            task.cancel()
            #expect(await task.value == .cancelled)
            isClosed.wait()
            mayRead.open()
            isGone.wait()
            // The loop takes what was read for a call that has ended, and goes on.
            try await bed.run { _ in }
        }
    }

    @Test func `uploads that wait for the same readers all come to their end`() async throws {
        try await withPool { connection in
            while let request = connection.request() { connection.answer("\(request.body.count)") }
        } body: { bed in
            let source = Self.source(Self.bytes(5 * Self.piece))
            let answers = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<10 {
                    group.addTask { try await bed.read(Self.options(bed.url, source)).text }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers == [String](repeating: "\(5 * Self.piece)", count: 10))
        }
    }
}
