import EventLoop
import Glibc

/// A stand-in for 1min.ai that does nothing but answer fast, on one thread: for benchmarks only.
///
/// `bench-upstream PORT EVENTS GAP`: a streamed answer has EVENTS events, each written by itself, GAP milliseconds apart
/// (0: one after the other without waiting). Answers have the shape of the real service's.
@main
struct Main {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let port = UInt16(arguments[1]), let events = Int(arguments[2]),
            let gap = UInt64(arguments[3])
        else {
            print("usage: bench-upstream PORT EVENTS GAP_IN_MILLISECONDS")
            exit(64)
        }
        signal(SIGPIPE, SIG_IGN)
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)

        let loop = try EventLoop()
        let socket = try ListeningSocket(.tcp(host: "127.0.0.1", port: port))
        let acceptor = Acceptor(
            loop: loop, socket: socket, script: Script(events: events, gap: gap * 1_000_000))
        try loop.watch(socket.descriptor, for: [.read], acceptor)
        print("ready")
        fflush(nil)
        loop.run()
    }
}

/// The answers, made once.
struct Script {
    let gap: UInt64
    let streamHead = Array(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"
            .utf8)
    let events: [[UInt8]]
    let answer: [UInt8]
    let models: [UInt8]

    init(events count: Int, gap: UInt64) {
        self.gap = gap
        let words = ["The ", "quick ", "brown ", "fox ", "jumps ", "over ", "the ", "lazy ", "dog", ". "]
        let text = (0..<count).map { words[$0 % words.count] }.joined()
        let record =
            #"{"aiRecord":{"uuid":"7b0c4f3e-1111-4222-8333-444455556666","userId":"u","teamId":"t","#
            + #""teamUser":{"teamId":"t","userId":"u","userName":"bench","creditLimit":1000000,"usedCredit":1234},"#
            + #""model":"gpt-4o-mini","type":"UNIFY_CHAT_WITH_AI","#
            + #""metadata":{"inputToken":12,"outputToken":100,"totalToken":112,"credit":42,"finishReason":"stop"},"#
            + #""rating":null,"feedback":null,"conversationId":null,"status":"SUCCESS","#
            + #""createdAt":"2026-10-06T12:00:00.000Z","aiRecordDetail":{"promptObject":{"prompt":"hello"},"#
            + #""resultObject":["\#(text)"]},"modelDetail":{"name":"GPT-4o mini","provider":"OPENAI"}}}"#
        var events = (0..<count).map {
            "event: content\ndata: {\"content\":\"\(words[$0 % words.count])\"}\n\n"
        }
        events.append("event: result\ndata: \(record)\n\n")
        events.append("event: done\ndata: {\"message\":\"Stream completed\"}\n\n")
        self.events = events.enumerated().map { index, event in
            Array(
                (String(event.utf8.count, radix: 16) + "\r\n" + event + "\r\n"
                    + (index == events.count - 1 ? "0\r\n\r\n" : "")).utf8)
        }
        answer = Self.json(record)
        models = Self.json(
            #"{"models":[{"uuid":"1","modelId":"gpt-4o-mini","name":"GPT-4o mini - OpenAI","provider":"openai","#
                + #""status":"ACTIVE","features":["UNIFY_CHAT_WITH_AI"],"#
                + #""modality":{"INPUT":["text","image"],"OUTPUT":["text"]},"#
                + #""creditMetadata":{"INPUT":0.15,"OUTPUT":0.6,"CONTEXT":128000}}],"total":1}"#)
    }

    private static func json(_ body: String) -> [UInt8] {
        Array(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                .utf8)
    }
}

final class Acceptor: FileWatcher {
    let loop: EventLoop
    let script: Script
    private let socket: ListeningSocket
    private var connections: [Int32: Connection] = [:]

    init(loop: EventLoop, socket: ListeningSocket, script: Script) {
        self.loop = loop
        self.socket = socket
        self.script = script
    }

    func fileIsReady(_ what: FileInterest) {
        while let descriptor = try? socket.accept() {
            let connection = Connection(descriptor: descriptor, acceptor: self)
            connections[descriptor] = connection
            try? loop.watch(descriptor, for: [.read], connection)
        }
    }

    func close(_ descriptor: Int32) {
        connections[descriptor] = nil
        loop.forget(descriptor)
        Glibc.close(descriptor)
    }
}

final class Connection: FileWatcher {
    private let descriptor: Int32
    private unowned let acceptor: Acceptor
    private var received: [UInt8] = []
    private var nextEvent = 0
    private var started: UInt64 = 0
    private lazy var timer = LoopTimer { [weak self] in self?.sendNext() }

    init(descriptor: Int32, acceptor: Acceptor) {
        self.descriptor = descriptor
        self.acceptor = acceptor
    }

    func fileIsReady(_ what: FileInterest) {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count <= 0 {
            if count < 0, errno == EAGAIN { return }
            acceptor.loop.cancel(timer)
            return acceptor.close(descriptor)
        }
        received.append(contentsOf: buffer[..<count])
        guard let (isModels, isStream) = completeRequest() else { return }
        received.removeAll(keepingCapacity: true)
        if isModels {
            send(acceptor.script.models)
        } else if isStream {
            send(acceptor.script.streamHead)
            nextEvent = 0
            started = acceptor.loop.now
            sendNext()
        } else {
            send(acceptor.script.answer)
        }
    }

    private static let endOfHead = Array("\r\n\r\n".utf8)
    private static let contentLength = Array("\r\ncontent-length:".utf8)
    private static let streaming = Array("isStreaming=true".utf8)

    /// What is asked for, once head and body are here.
    private func completeRequest() -> (isModels: Bool, isStream: Bool)? {
        guard let end = find(Self.endOfHead, in: received[...]) else { return nil }
        let head = received[..<end]
        var length = 0
        if let start = find(Self.contentLength, in: head) {
            for byte in head[(start + Self.contentLength.count)...] {
                if byte == UInt8(ascii: " ") { continue }
                guard let digit = Int(String(UnicodeScalar(byte))) else { break }
                length = length * 10 + digit
            }
        }
        guard received.count >= end + 4 + length else { return nil }
        return (received.starts(with: "GET /models".utf8), find(Self.streaming, in: head.prefix(200)) != nil)
    }

    /// Where a lower-case text stands, whatever its case there.
    private func find(_ text: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count >= text.count else { return nil }
        return (bytes.startIndex...(bytes.endIndex - text.count)).first { start in
            text.indices.allSatisfy {
                bytes[start + $0] == text[$0] || bytes[start + $0] | 0x20 == text[$0] | 0x20
            }
        }
    }

    private func sendNext() {
        let script = acceptor.script
        while nextEvent < script.events.count {
            send(script.events[nextEvent])
            nextEvent += 1
            if script.gap > 0, nextEvent < script.events.count {
                acceptor.loop.set(timer, deadline: started + UInt64(nextEvent) * script.gap)
                return
            }
        }
    }

    private func send(_ bytes: [UInt8]) {
        // Small against the socket's buffer; a reader that stops altogether ends its connection.
        if Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT)) < 0 {
            shutdown(descriptor, Int32(SHUT_RDWR))
        }
    }
}
