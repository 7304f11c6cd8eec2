import Dialects
import Wire

/// Carries a streamed chat: waits for the upstream calls and sends what becomes of their bytes.
///
/// Each chunk of an upstream becomes at most a few sends, and the next chunk is asked for only when they are done, so a
/// slow client holds one chunk, its translation, and what the transport buffers, and no more.
final class ChatStream {
    private struct Arrival: Sendable { let choice: Int; let event: Result<UpstreamEvent, UpstreamError> }

    /// More than this is sent before more is translated, in bytes.
    static let flushBytes = 16 << 10
    /// A long chunk is translated in pieces of this size, in bytes: an event of a few letters becomes ten times as long.
    static let sliceBytes = 4 << 10

    private let exchange: Exchange
    private let upstream: Upstream
    private let calls: [any UpstreamCall]
    private let ports: Ports
    private let heartbeat: Duration?
    private let firstEventDeadline: Instant?
    private var answer: StreamedAnswer

    /// What was asked of the calls has just been started.
    init(
        _ exchange: Exchange, _ upstream: Upstream, _ calls: [any UpstreamCall], _ answer: StreamedAnswer,
        ports: Ports, heartbeat: Duration?
    ) {
        self.exchange = exchange
        self.upstream = upstream
        self.calls = calls
        self.answer = answer
        self.ports = ports
        self.heartbeat = heartbeat
        firstEventDeadline = upstream.settings.timeouts.firstEvent.map { ports.clock.now() + $0 }
    }

    /// Runs to the end of the answer, successful or not, and tells the client either way.
    ///
    /// - Throws: `clientGone` only.
    func run() async throws(ExchangeStop) {
        // Whatever happens from here on, no call outlives the exchange.
        defer { for call in calls { call.cancel() } }
        do throws(ExchangeStop) {
            if calls.count == 1 { try await runOne() } else { try await runAll() }
        } catch .failure(let failure) {
            note()
            return try await exchange.send(failure, after: answer.pending)
        }
        note()
    }

    /// Puts what was used into the record.
    private func note() {
        exchange.record.note(answer.usage)
    }

    /// The direct way of a single call.
    private func runOne() async throws(ExchangeStop) {
        while !answer.isComplete {
            let event: UpstreamEvent
            do throws(UpstreamError) {
                event = try await calls[0].next(silence: patience())
            } catch {
                throw ExchangeStop(error, from: upstream)
            }
            try await take(event, choice: 0)
        }
    }

    /// Several calls at once: each has one child task that waits for its next event.
    private func runAll() async throws(ExchangeStop) {
        let stop: ExchangeStop? = await withTaskGroup(
            of: Arrival.self
        ) { group in
            func wait(_ choice: Int) {
                let call = calls[choice]
                let silence = patience()
                group.addTask {
                    do throws(UpstreamError) {
                        return Arrival(choice: choice, event: .success(try await call.next(silence: silence)))
                    } catch {
                        return Arrival(choice: choice, event: .failure(error))
                    }
                }
            }
            defer { group.cancelAll() }
            for choice in calls.indices { wait(choice) }
            while let arrival = await group.next() {
                let choice = arrival.choice
                do throws(ExchangeStop) {
                    switch arrival.event {
                    case .success(let event): try await take(event, choice: choice)
                    case .failure(let error): throw ExchangeStop(error, from: upstream)
                    }
                } catch {
                    return error
                }
                if answer.isComplete { return nil }
                if !answer.isOver(choice) { wait(choice) }
            }
            return nil
        }
        if let stop { throw stop }
    }

    /// How long a call may be waited for before something has to be done: a comment, or giving up.
    private func patience() -> Duration? {
        let now = ports.clock.now()
        var patience = heartbeat.map { exchange.lastSent + $0 - now }
        if !answer.hasBegun, let firstEventDeadline {
            patience = min(patience ?? .seconds(86400), firstEventDeadline - now)
        }
        return patience
    }

    private func take(_ event: UpstreamEvent, choice: Int) async throws(ExchangeStop) {
        switch event {
        case .head(let status, let headers): try await takeHead(status, headers, choice: choice)
        case .bytes(let bytes): try await takeBytes(bytes, choice: choice)
        case .end:
            answer.end(choice: choice)
            try await send()
        case .silence: break
        }
        try await keepAlive()
    }

    private func takeHead(_ status: Int, _ headers: HeaderFields, choice: Int) async throws(ExchangeStop) {
        guard (200..<300).contains(status) else {
            let body = await UpstreamAnswer.errorBody(calls[choice])
            if Task.isCancelled { throw .clientGone }
            throw .failure(OneMinErrorDecoder.failure(status: status, headers: headers, body: body))
        }
        if let type = headers["content-type"], RequestBody.isJSON(type) {
            answer.expectWholeBody(choice: choice)
        }
    }

    private func takeBytes(_ bytes: [UInt8], choice: Int) async throws(ExchangeStop) {
        if bytes.count <= Self.sliceBytes {
            answer.take(bytes, choice: choice)
        } else {
            var start = 0
            while start < bytes.count, answer.failure == nil, !answer.isOver(choice) {
                let end = min(start + Self.sliceBytes, bytes.count)
                answer.take(Array(bytes[start..<end]), choice: choice)
                start = end
                if answer.pending.count >= Self.flushBytes { try await flush() }
            }
        }
        if answer.isOver(choice) { calls[choice].cancel() }
        try await send()
    }

    /// Sends what gathered; with the last choice's end also what ends the stream, in the same send.
    private func send() async throws(ExchangeStop) {
        if let failure = answer.failure { throw .failure(failure) }
        if answer.isComplete {
            answer.finish()
            try await exchange.send(streamed: answer.pending, isLast: true)
            answer.clearPending()
        } else if !answer.pending.isEmpty {
            try await flush()
        }
    }

    private func flush() async throws(ExchangeStop) {
        try await exchange.send(streamed: answer.pending, isLast: false)
        answer.clearPending()
    }

    /// Gives up a call without a first event, and breaks a long silence with a comment.
    private func keepAlive() async throws(ExchangeStop) {
        guard !answer.isComplete else { return }
        let now = ports.clock.now()
        if !answer.hasBegun, let firstEventDeadline, now >= firstEventDeadline {
            throw .failure(
                Failure(UpstreamError(.timedOut(.firstEvent), message: ""), from: upstream.name))
        }
        if let heartbeat, now - exchange.lastSent >= heartbeat {
            try await exchange.send(streamed: OpenAIChatStreamEncoder.heartbeat, isLast: false)
        }
    }
}
