import Curl
import EventLoop
import Relay
import Wire

/// Makes the calls, and keeps what came of them. For the loop of its pool.
struct Examination: Sendable {
    private let options: Doctor.Options
    private let pool: TransferPool
    private let origin: String

    /// The bodies that are tried, from the longest on, in bytes: beyond nginx's default limit of 1 MiB, just below it,
    /// and below mod_fcgid's of 128 KiB.
    static let bodySizes = [4 << 20, (1 << 20) - 1024, 100 << 10]
    /// The most of an answer that is kept, in bytes; the relay's have at most some 10 KB.
    static let maximumAnswerBytes = 64 << 10

    /// Nothing is called yet.
    init(_ options: Doctor.Options, pool: TransferPool) {
        self.options = options
        self.pool = pool
        origin = options.origin ?? Observations.defaultOrigin
    }

    /// Looks at everything; what cannot be seen because of something before it is left out.
    func run() async -> Observations {
        let seen = await greeting()
        guard seen.isFastrelay else { return seen }
        // The long silences run beside everything else.
        async let silences = silences(seen)
        var all = await shortCalls(seen)
        (all.stream, all.compressed) = await streams(seen)
        // Last, for a long upload would hold up whatever runs beside it.
        all.bodies = await bodies(seen)
        (all.wait, all.silence) = await silences
        return all
    }

    /// Asks who is there.
    private func greeting() async -> Observations {
        // Anything will do to see whether the headers arrive.
        let headers = [
            ("authorization", "Bearer fastrelay-doctor"), ("x-api-key", "fastrelay-doctor"),
            ("x-request-id", Doctor.requestID),
        ]
        var call = probe("request", verifies: true, headers: headers)
        call.isReported = true
        var seen = Observations(url: options.url, first: await read(call))
        seen.now = SystemTime.unixSeconds()
        seen.hasKey = options.key != nil
        seen.origin = origin
        seen.isOriginGiven = options.origin != nil
        seen.isQuick = options.isQuick
        seen.waitSeconds = options.waitSeconds
        // `CURLE_PEER_FAILED_VERIFICATION`: https://curl.se/libcurl/c/libcurl-errors.html
        if seen.first.trouble?.curlCode == 60 {
            call.verifiesCertificate = false
            seen.unverified = await read(call)
        }
        return seen
    }

    private func shortCalls(_ before: Observations) async -> Observations {
        let verifies = before.unverified == nil
        var preflight = call(
            "/v1/chat/completions", verifies: verifies,
            headers: [
                ("origin", origin), ("access-control-request-method", "POST"),
                ("access-control-request-headers", "authorization,content-type,x-stainless-lang"),
            ])
        preflight.method = "OPTIONS"
        let refused = call("/v1/models", verifies: verifies, headers: [("origin", origin)])
        async let preflightReply = read(preflight)
        async let refusedReply = read(refused)
        async let healthReply = read(call("/health", verifies: verifies))
        async let keyReply = key(before)
        async let clearReply = clear()
        async let oldReply = oldTLS()
        var seen = before
        seen.preflight = await preflightReply
        seen.refused = await refusedReply
        seen.health = await healthReply
        seen.key = await keyReply
        seen.clear = await clearReply
        seen.oldTLS = await oldReply
        return seen
    }

    private func key(_ seen: Observations) async -> Reply? {
        guard let key = options.key, seen.isSafeForKey else { return nil }
        return await read(
            probe(
                "key", verifies: true, headers: [("authorization", "Bearer \(key.revealed())")],
                total: .seconds(30)))
    }

    /// Without a look at the certificate: what counts is whether there is a connection.
    private func oldTLS() async -> Reply? {
        guard options.url.isSecure else { return nil }
        var call = self.call("/v1/health/request", verifies: false)
        call.speaksOldTLS = true
        return await read(call)
    }

    private func clear() async -> Reply? {
        guard let url = options.url.clearURL("/v1/health/request") else { return nil }
        var call = TransferOptions(url: url)
        call.proxy = ""
        call.maximumBodyBytes = Self.maximumAnswerBytes
        call.connect = .seconds(5)
        call.total = .seconds(10)
        return await read(call)
    }

    private func streams(_ seen: Observations) async -> (Reply, Reply) {
        let gap = Int(Doctor.streamGap / .milliseconds(1))
        let path = "stream?events=\(Doctor.streamEvents)&gap=\(gap)"
        let verifies = seen.unverified == nil
        // libcurl is not told, so it hands over what comes.
        let gzip = probe(path, verifies: verifies, headers: [("accept-encoding", "gzip, br")])
        async let plain = read(probe(path, verifies: verifies))
        async let compressed = read(gzip)
        return (await plain, await compressed)
    }

    private func bodies(_ seen: Observations) async -> [(bytes: Int, reply: Reply)] {
        var tried: [(bytes: Int, reply: Reply)] = []
        for size in Self.bodySizes {
            var call = self.call(
                "/v1/health/body", verifies: seen.unverified == nil,
                headers: [("content-type", "application/octet-stream")], total: .seconds(60))
            call.method = "POST"
            call.body = [UInt8](repeating: UInt8(ascii: "x"), count: size)
            let reply = await read(call)
            tried.append((size, reply))
            if reply.status == 200 || reply.trouble?.code == .totalTimedOut { break }
        }
        return tried
    }

    private func silences(_ seen: Observations) async -> (wait: Reply?, silence: Reply?) {
        guard !options.isQuick else { return (nil, nil) }
        let verifies = seen.unverified == nil
        let total = Duration.seconds(options.waitSeconds + 20)
        let path = "wait?seconds=\(options.waitSeconds)"
        async let wait = read(probe(path, verifies: verifies, total: total))
        async let silence = read(probe(path + "&stream=1", verifies: verifies, total: total))
        return (await wait, await silence)
    }

    // MARK: One call

    private func call(
        _ path: String, verifies: Bool, headers: [(String, String)] = [], total: Duration = .seconds(20)
    ) -> TransferOptions {
        var call = TransferOptions(url: options.url.url(path))
        var fields = HeaderFields([("user-agent", "fastrelay-doctor/\(Relay.version)")])
        for (name, value) in headers { fields.add(name, value) }
        call.headerLines = fields.lines
        call.total = total
        call.maximumBodyBytes = Self.maximumAnswerBytes
        call.certificateFile = options.certificateFile
        call.verifiesCertificate = verifies
        call.proxy = ""
        return call
    }

    /// A call of a probe as a chat would be called, for a web server may treat a POST in a way of its own: on shared
    /// hosting another program answers it.
    private func probe(
        _ name: String, verifies: Bool, headers: [(String, String)] = [], total: Duration = .seconds(20)
    ) -> TransferOptions {
        var call = self.call(
            "/v1/health/" + name, verifies: verifies,
            headers: [("content-type", "application/json")] + headers, total: total)
        call.method = "POST"
        call.body = Array("{}".utf8)
        return call
    }

    /// Makes a call and reads it to its end, whatever that is.
    ///
    /// A second time if a kept connection turned out to be closed: none of these calls does anything.
    private func read(_ call: TransferOptions) async -> Reply {
        let reply = await readOnce(call)
        let isStale =
            reply.trouble?.code == .cut && reply.status == 0 && reply.duration < Self.staleWithin
        return isStale ? await readOnce(call) : reply
    }

    /// A server that looked at the request takes longer, or fails the second time as well.
    private static let staleWithin = Duration.milliseconds(500)

    private func readOnce(_ call: TransferOptions) async -> Reply {
        let start = EventLoop.monotonicTime()
        let transfer = pool.start(call)
        var reply = Reply()
        var isOver = false
        while !isOver {
            do throws(CurlError) {
                switch try await transfer.next(silence: nil) {
                case .head(let status, let lines):
                    reply.status = status
                    reply.headers = HeaderFields(lines: lines.span)
                case .bytes(let bytes):
                    reply.pieces.append(Reply.Piece(time: Self.time(since: start), bytes: bytes))
                case .silence: break
                case .end: isOver = true
                }
            } catch {
                // Of an answer that is too long, the beginning tells enough.
                if error.code != .tooLarge || reply.status == 0 {
                    reply.trouble = Reply.Trouble(
                        code: error.code, message: error.message, curlCode: error.curlCode)
                }
                isOver = true
            }
        }
        reply.duration = Self.time(since: start)
        if let report = transfer.report { reply.connection = report }
        return reply
    }

    private static func time(since start: UInt64) -> Duration {
        .nanoseconds(Int64(clamping: EventLoop.monotonicTime() - start))
    }
}
