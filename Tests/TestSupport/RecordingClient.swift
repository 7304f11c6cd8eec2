public import Relay
import Synchronization
public import Wire

/// A client that keeps what it is sent, and can be slow or leave.
public final class RecordingClient: ClientResponse {
    /// One call of `send`.
    public struct Sent: Sendable {
        /// The head, with the first call.
        public var head: ResponseHead?
        /// The bytes.
        public var body: [UInt8]
        /// Whether it was the last call.
        public var isLast: Bool
        /// When it came.
        public var time: Instant
    }

    private let clock: any RelayClock
    private let leavesAfter: Int?
    private let gate: TestGate?
    private let all = Mutex<[Sent]>([])

    /// Makes a client.
    ///
    /// - Parameters:
    ///   - leavesAfter: it is gone after this many sends.
    ///   - gate: every send but the first waits for it.
    public init(clock: any RelayClock, leavesAfter: Int? = nil, gate: TestGate? = nil) {
        self.clock = clock
        self.leavesAfter = leavesAfter
        self.gate = gate
    }

    /// Everything that was sent, in order.
    public var sent: [Sent] { all.withLock { $0 } }
    /// The head, if one was sent.
    public var head: ResponseHead? { sent.first?.head }
    /// The status, or 0 when no head was sent.
    public var status: Int { head?.status ?? 0 }
    /// The value of a header field of the head.
    public func header(_ name: String) -> String? { headers[name] }
    /// The header fields of the head.
    public var headers: HeaderFields { HeaderFields(head?.fields ?? HeaderLines()) }
    /// The whole body.
    public var body: [UInt8] { sent.flatMap(\.body) }
    /// The whole body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }
    /// Whether the answer is complete.
    public var isComplete: Bool { sent.last?.isLast == true }
    /// The body as JSON; `null` when it is none, and a test then fails by what it looks for.
    public var json: JSONValue { (try? JSONValue(parsing: body)) ?? .null }

    /// The data of each event of a stream, comments as `: …`.
    public var events: [String] {
        text.split(separator: "\n\n").map { $0.hasPrefix("data: ") ? String($0.dropFirst(6)) : String($0) }
    }

    /// Keeps what is sent.
    public func send(head: ResponseHead?, body: [UInt8], isLast: Bool) async throws(ClientGone) {
        let count = all.withLock { $0.count }
        if let leavesAfter, count >= leavesAfter { throw ClientGone() }
        if let gate, count > 0, await !gate.wait() { throw ClientGone() }
        if Task.isCancelled { throw ClientGone() }
        let sent = Sent(head: head, body: body, isLast: isLast, time: clock.now())
        let wasComplete = all.withLock { all in
            defer { all.append(sent) }
            return all.last?.isLast == true
        }
        precondition(!wasComplete, "the relay sent something after the end")
        precondition((count == 0) == (head != nil), "the head belongs to the first send")
    }
}

extension HeaderFields {
    /// Reads an answer's fields.
    public init(_ lines: HeaderLines) {
        let text = String(decoding: lines.bytes, as: UTF8.self)
        self.init(
            text.split(separator: "\r\n").map { line in
                let name = line.prefix { $0 != ":" }
                return (String(name), String(line.dropFirst(name.count + 2)))
            })
    }
}
