import CGI
import EventLoop
import Glibc
import Relay
import Synchronization
import Testing
import TestSupport
import Wire

@testable import Worker

/// The two ends of a CGI program, on pipes and sockets instead of a web server's.
@Suite(.timeLimit(.minutes(1))) struct CGIProgramTests {
    struct Failed: Error {}

    /// Two connected descriptors: a pipe's reading and writing end.
    static func pipePair() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Failed() }
        return (ends[0], ends[1])
    }

    static func put(_ bytes: [UInt8], into descriptor: Int32) throws {
        guard write(descriptor, bytes, bytes.count) == bytes.count else { throw Failed() }
    }

    // MARK: Input

    struct Body: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let sent: Int
        let announced: Int?
        let count: Int
        var problem: Request.BodyProblem?
    }

    @Test(arguments: [
        Body(testDescription: "announced", sent: 100, announced: 100, count: 100),
        Body(testDescription: "at the limit", sent: 1000, announced: 1000, count: 1000),
        Body(
            testDescription: "over the limit", sent: 1001, announced: 1001, count: 0,
            problem: .tooLarge(limit: 1000)),
        Body(testDescription: "not announced", sent: 1000, announced: nil, count: 1000),
        Body(
            testDescription: "not announced, over the limit", sent: 1001, announced: nil, count: 0,
            problem: .tooLarge(limit: 1000)),
        Body(testDescription: "shorter than announced", sent: 10, announced: 100, count: 10),
        Body(testDescription: "longer than announced", sent: 100, announced: 10, count: 10),
        Body(testDescription: "empty", sent: 0, announced: 0, count: 0),
    ])
    func `a body is read as far as it is announced`(_ body: Body) throws {
        let (read, write) = try Self.pipePair()
        defer { close(read) }
        try Self.put([UInt8](repeating: 7, count: body.sent), into: write)
        close(write)
        let input = CGIInput(descriptor: read, limits: CGIInput.Limits(bytes: 1000, time: .seconds(30)))
        let arrived = input.read(body.announced)
        #expect(arrived.bytes == [UInt8](repeating: 7, count: body.count))
        #expect(arrived.problem == body.problem)
        guard case .tooLarge = arrived.problem else { return }
        // Nothing is left behind.
        var byte: UInt8 = 0
        #expect(Glibc.read(read, &byte, 1) == 0)
    }

    @Test(arguments: [true, false])
    func `a long form is put into a file, announced or not`(isAnnounced: Bool) throws {
        let (read, write) = try Self.pipePair()
        defer { close(read) }
        let sent = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 13 >> 4) }
        let writer = try Thread(name: "writer") {
            var rest = sent[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Glibc.write(write, $0.baseAddress, $0.count) }
                guard count > 0 else { break }
                rest = rest.dropFirst(count)
            }
            close(write)
        }
        defer { writer.join() }
        let input = CGIInput(descriptor: read, limits: CGIInput.Limits(bytes: 1 << 20, time: .seconds(30)))
        let arrived = input.read(
            isAnnounced ? sent.count : nil, contentType: "multipart/form-data; boundary=x")
        #expect(arrived.problem == nil && arrived.bytes.isEmpty)
        let source = FileSource(try #require(arrived.file))
        #expect(source.count == sent.count)
        #expect(try source.read(0..<sent.count) == sent)
        #expect(try source.read(131_000..<131_500) == Array(sent[131_000..<131_500]))
        #expect(throws: ByteSourceError.self) { try source.read(sent.count - 1..<sent.count + 1) }
        let request = CGIVariables().request(body: [], longBody: source, problem: nil)
        #expect(request.longBody?.count == sent.count && request.bodyProblem == nil)
    }

    @Test func `a long body shorter than announced is truncated`() throws {
        var variables = CGIVariables()
        variables.set("CONTENT_LENGTH".utf8.span, "300001".utf8.span)
        let file = try SpoolFile(in: "/tmp")
        try file.append([UInt8](repeating: 1, count: 300_000).span)
        let request = variables.request(body: [], longBody: FileSource(file), problem: nil)
        #expect(request.bodyProblem == .truncated)
    }

    @Test(arguments: [(Duration.milliseconds(30), Duration.seconds(30)), (.seconds(30), .milliseconds(30))])
    func `a body that stops coming is given up`(time: Duration, stall: Duration) throws {
        let (read, write) = try Self.pipePair()
        defer {
            close(read)
            close(write)
        }
        try Self.put([1, 2], into: write)
        let input = CGIInput(
            descriptor: read, limits: CGIInput.Limits(bytes: 1000, time: time, stall: stall))
        #expect(input.read(10).problem == .timedOut)
    }

    // MARK: Output

    /// Runs `body` with an output on a loop, and the other end of it.
    static func withOutput(
        _ pair: (read: Int32, write: Int32), onLeaving: @escaping @Sendable () -> Void = {},
        _ body: (CGIOutput, EventLoop) async throws -> Void
    ) async throws {
        let loop = try EventLoop()
        let output = CGIOutput(descriptor: pair.write, loop: loop)
        output.start(onLeaving: onLeaving)
        let thread = try Thread(name: "test-loop") { loop.run() }
        defer {
            loop.stop()
            thread.join()
        }
        try await body(output, loop)
    }

    /// Sends on the loop, as an exchange does; whether the client was there to the end.
    static func send(_ output: CGIOutput, _ bytes: [UInt8], on loop: EventLoop) -> Task<Bool, Never> {
        Task(executorPreference: loop) {
            do throws(ClientGone) {
                var fields = HeaderLines()
                fields.add("a", "b")
                let head = ResponseHead(status: 200, fields: fields)
                try await output.send(head: head, body: bytes, isLast: true)
                return true
            } catch {
                return false
            }
        }
    }

    @Test func `a slow reader gets everything, and then the end`() async throws {
        let pair = try Self.pipePair()
        defer {
            close(pair.read)
            close(pair.write)
        }
        let sent = [UInt8](repeating: 9, count: 3 << 20)
        try await Self.withOutput(pair) { output, loop in
            let task = Self.send(output, sent, on: loop)
            let reader = try ReadingThread(pair.read)
            #expect(await task.value)
            let received = reader.result()
            let head = Array("Status: 200 OK\r\na: b\r\n\r\n".utf8)
            #expect(received == head + sent)
        }
    }

    @Test func `a reader that leaves is told at once, and while bytes wait for it`() async throws {
        for waits in [false, true] {
            let pair = try Self.pipePair()
            let left = Counter()
            try await Self.withOutput(pair, onLeaving: { _ = left.next() }) { output, loop in
                let task = waits ? Self.send(output, [UInt8](repeating: 9, count: 1 << 20), on: loop) : nil
                if waits { #expect(await eventually { Self.isFull(pair.write) }) }
                close(pair.read)
                #expect(await eventually { left.value == 1 })
                if let task { #expect(!(await task.value)) }
                #expect(!(await Self.send(output, [1], on: loop).value))
                #expect(left.value == 1)
            }
            close(pair.write)
        }
    }

    @Test func `an exchange that is cancelled does not wait for its reader`() async throws {
        let pair = try Self.pipePair()
        defer {
            close(pair.read)
            close(pair.write)
        }
        try await Self.withOutput(pair) { output, loop in
            let task = Self.send(output, [UInt8](repeating: 9, count: 1 << 20), on: loop)
            #expect(await eventually { Self.isFull(pair.write) })
            task.cancel()
            #expect(!(await task.value))
        }
    }

    private static func isFull(_ descriptor: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&entry, 1, 0) == 0
    }
}

/// Reads a descriptor to its end on a thread of its own.
private final class ReadingThread: Sendable {
    private let bytes: Shared
    private let thread: Thread

    private final class Shared: Sendable {
        let bytes = Mutex<[UInt8]>([])
    }

    init(_ descriptor: Int32) throws {
        let bytes = Shared()
        self.bytes = bytes
        thread = try Thread(name: "test-reader") {
            var chunk = [UInt8](repeating: 0, count: 10_000)
            while true {
                let count = read(descriptor, &chunk, chunk.count)
                guard count > 0 else { return }
                bytes.bytes.withLock { $0 += chunk[..<count] }
            }
        }
    }

    func result() -> [UInt8] {
        thread.join()
        return bytes.bytes.withLock { $0 }
    }
}
