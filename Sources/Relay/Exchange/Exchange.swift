import Dialects
import Wire

/// One request on its way to its answer: what was sent so far, and what the log will say.
///
/// It belongs to the exchange's task and never leaves it.
public final class Exchange {
    /// What a request leads to, as far as it can be said without waiting.
    ///
    /// What is long is indirect: the step is part of every exchange, and of the frames that take it.
    enum Step {
        case none
        indirect case fail(Failure)
        case send(status: Int, body: [UInt8])
        case allow(methods: [String])
        case sendModels
        indirect case sendAnthropicModels(AnthropicPage)
        case sendModel(id: String)
        case chat(body: [UInt8], credential: String)
        case countTokens(body: [UInt8], credential: String)
        indirect case stored(StoredObject, StoredRequest)
        /// It is prepared; nobody has looked yet what it is further to be counted for.
        indirect case ready(PreparedChat)
        /// It is counted for what is further known of it, as soon as the store has decided that.
        indirect case start(PreparedChat)
        indirect case media(MediaRequest)
        case run(any ExchangeRun)
    }

    /// What is to be done next.
    var step = Step.none
    /// What the log will say.
    var record: ExchangeRecord
    /// When the request was taken over.
    let started: Instant
    private let ports: Ports
    private let admission: Admission
    private let client: any ClientResponse
    private let isHead: Bool
    /// In whose words the client is answered.
    let dialect: ClientDialect
    private var ignored: [String] = []

    /// Whether a chat was asked of a vendor, who may have used tokens since.
    var hasStarted = false
    /// What the request was counted for.
    var ticket = LimitTicket()
    /// Why the exchange ended before its answer was complete, where a vendor's word may tell something of the key.
    private(set) var vendorStop: ExchangeStop?
    /// Whether a vendor was asked about the key, and what it said was noted: what comes after that says nothing more of it.
    var isKeyNoted = false
    /// Whether something dear was asked of a vendor, so that a failure may have been paid for: then the client's SDK is
    /// told not to ask for it again by itself.
    var mayBePaid = false
    /// Whether the answer is a file, in which no error can be told any more.
    private var isFile = false
    /// Whether status and header fields are on their way, so that the status cannot change any more.
    private(set) var hasSentHead = false
    /// When something was last sent; before that, when the exchange began.
    private(set) var lastSent: Instant

    /// The methods that log lines tell apart.
    private static let knownMethods = ["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"]
    /// The most parameters that `x-fastrelay-ignored` names.
    private static let maximumIgnoredNames = 32

    /// Begins an exchange.
    init(
        _ request: borrowing ClientRequest, route: Route, client: any ClientResponse, ports: Ports,
        admission: Admission
    ) {
        started = ports.clock.now()
        lastSent = started
        self.ports = ports
        self.admission = admission
        self.client = client
        let method = request.method
        isHead = method == "HEAD"
        dialect = ClientDialect(route, request.headers)
        record = ExchangeRecord()
        let time = ports.clock.unixTime()
        record.startedUnixNanoseconds = Int64(time.seconds) &* 1_000_000_000 &+ Int64(time.nanoseconds)
        record.requestID = Identifier.request(request.headers["x-request-id"], ports.random)
        record.route = route.name.rawValue
        record.method = Self.knownMethods.contains(method) ? method : "OTHER"
        record.bytesIn = request.bodyCount
    }

    /// Takes the next step out, so that nothing of it is kept.
    func takeStep() -> Step {
        defer { step = .none }
        return step
    }

    /// Keeps the names of parameters that the upstream cannot express, for the answer's header.
    func ignore(_ names: [String]) {
        // The encoder gives documented names only; a header is no place to rely on that.
        var seen: Set<String> = []
        ignored = names.filter { name in
            !name.isEmpty && name.utf8.count <= 64 && seen.insert(name).inserted
                && name.utf8.allSatisfy { byte in
                    switch byte {
                    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                    // Flags of a prompt have hyphens: `--cref`.
                    case UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"): true
                    default: false
                    }
                }
        }
        ignored = Array(ignored.prefix(Self.maximumIgnoredNames))
    }

    /// Sends a whole answer.
    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) func send(
        status: Int, contentType: String? = "application/json", body: [UInt8],
        further: HeaderLines = HeaderLines()
    ) async throws(ExchangeStop) {
        var fields = HeaderLines()
        if let contentType { fields.add("content-type", contentType) }
        if status != 204 { fields.add("content-length", body.count) }
        fields.add(further)
        try await send(head: complete(fields, status: status), body: isHead ? [] : body, isLast: true)
    }

    /// Sends a whole answer that is true at this moment only, such as a state of health.
    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) func sendFresh(status: Int, body: [UInt8]) async throws(ExchangeStop) {
        var further = HeaderLines()
        further.add("cache-control", "no-store")
        try await send(status: status, body: body, further: further)
    }

    /// Sends a piece of a stream; the first one brings status 200 with it.
    func send(streamed bytes: [UInt8], isLast: Bool) async throws(ExchangeStop) {
        guard !hasSentHead else { return try await send(head: nil, body: bytes, isLast: isLast) }
        var fields = HeaderLines()
        fields.add("content-type", "text/event-stream; charset=utf-8")
        fields.add("cache-control", "no-store")
        // nginx then passes every piece on at once:
        // https://nginx.org/en/docs/http/ngx_http_fastcgi_module.html#fastcgi_buffering
        fields.add("x-accel-buffering", "no")
        try await send(head: complete(fields, status: 200), body: bytes, isLast: isLast)
    }

    /// Begins an answer that is a file.
    ///
    /// - Parameter count: how many bytes it has; nil where that is not known.
    func sendHead(
        contentType: String, count: Int?, further: HeaderLines = HeaderLines()
    ) async throws(ExchangeStop) {
        var fields = HeaderLines()
        fields.add("content-type", contentType)
        if let count { fields.add("content-length", count) }
        fields.add(further)
        // See `send(streamed:)`.
        fields.add("x-accel-buffering", "no")
        isFile = true
        try await send(head: complete(fields, status: 200), body: [], isLast: isHead)
    }

    /// Whether the body of the answer is wanted.
    var wantsBody: Bool { !isHead }

    /// Sends a piece of a file.
    func send(piece: [UInt8], isLast: Bool = false) async throws(ExchangeStop) {
        try await send(head: nil, body: piece, isLast: isLast)
    }

    /// Ends the exchange before its answer is complete, and tells the client why, if it is still there.
    ///
    /// - Parameter pending: bytes of the stream, the failure's own event with them; empty where no stream was begun.
    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) func end(by stop: ExchangeStop, after pending: [UInt8] = []) async {
        do throws(ExchangeStop) {
            guard case .failure(let failure) = stop else { throw stop }
            if record.upstreamCalls > 0 { vendorStop = stop }
            try await send(failure, after: pending)
        } catch {
            // A failure cannot come from sending one: all that is left is a client that is gone.
            record.outcome = .clientLeft
            record.status = 499
        }
    }

    /// Sends a failure: with its own status while no byte was sent, else as the stream's error event. Then the end.
    private func send(_ failure: Failure, after pending: [UInt8]) async throws(ExchangeStop) {
        record.errorCode = failure.openAICode.map(Self.plainCode)
        guard !hasSentHead, pending.isEmpty else {
            record.outcome = .brokenOff
            // The client sees it by the connection, which ends too early.
            if isFile { return }
            let bytes = pending.isEmpty ? dialect.errorEvent(for: failure) : pending
            return try await send(streamed: bytes, isLast: true)
        }
        record.outcome = record.upstreamCalls > 0 ? .failed : .refused
        var further = HeaderLines()
        if let seconds = failure.retryAfterSeconds { further.add("retry-after", seconds) }
        // The SDKs of both vendors repeat what fails with 408, 409, 429 and 5xx, unless they are told not to:
        // `_should_retry` in their `_base_client.py`.
        // They wait for a minute at most, and else repeat at once.
        let isInVain = failure.retryAfterSeconds.map { $0 > 60 } ?? ticket.isRefused
        if isInVain || failure.kind == .answerUnusable || mayBePaid && failure.mayHaveBeenCharged {
            further.add("x-should-retry", "false")
        }
        if case .methodNotAllowed(let methods) = failure.kind {
            further.add("allow", methods.joined(separator: ", "))
        }
        // https://www.rfc-editor.org/rfc/rfc9110#section-15.5.2 wants it with every 401.
        let status = dialect.status(for: failure)
        if status == 401 { further.add("www-authenticate", "Bearer") }
        try await send(
            status: status, body: dialect.errorBody(for: failure, requestID: record.requestID),
            further: further)
    }

    /// Writes the record, after the last byte or after the client left.
    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) func finish() {
        ticket.end(usedTokens: usedTokens, in: ports.limits)
        admission.noteKey(self)
        record.total = ports.clock.now() - started
        ports.log.record(record)
    }

    /// Does what cannot wait for `finish`: whoever has all of the answer may come again before that, and to another process.
    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) private func prepareEnd() {
        if ticket.isScarce { ticket.end(usedTokens: usedTokens, in: ports.limits) }
        admission.noteKey(self)
    }

    /// What is settled for reserved tokens: what was used, and where that is not known, since the client left, all of them.
    private var usedTokens: Int {
        guard let input = record.inputTokens else {
            return record.outcome == .clientLeft && hasStarted ? ticket.reservedTokens : 0
        }
        return input.addingSaturated(record.outputTokens ?? 0)
    }

    private func complete(_ fields: consuming HeaderLines, status: Int) -> ResponseHead {
        fields.add("x-request-id", record.requestID)
        // The anthropic SDKs read this one: https://docs.anthropic.com/en/api/errors#request-id
        if dialect == .anthropic { fields.add("request-id", record.requestID) }
        let windows = ticket.takeWindows()
        if !windows.isEmpty {
            LimitHeaders.add(windows, to: &fields, dialect: dialect, now: ports.clock.unixTime().seconds)
        }
        if !ignored.isEmpty { fields.add("x-fastrelay-ignored", ignored.joined(separator: ", ")) }
        return ResponseHead(status: status, fields: fields)
    }

    private func send(head: ResponseHead?, body: [UInt8], isLast: Bool) async throws(ExchangeStop) {
        if isLast { prepareEnd() }
        do throws(ClientGone) {
            try await client.send(head: head, body: body, isLast: isLast)
        } catch {
            throw .clientGone
        }
        let now = ports.clock.now()
        if let head {
            hasSentHead = true
            record.status = head.status
        }
        if record.firstByte == nil, !body.isEmpty { record.firstByte = now - started }
        record.bytesOut += body.count
        lastSent = now
    }

    /// A code as a log line may have it: a vendor's own could be anything.
    private static func plainCode(_ code: String) -> String {
        let isPlain = code.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): true
            default: false
            }
        }
        return isPlain && (1...64).contains(code.utf8.count) ? code : "other"
    }
}
