import Dialects
import Wire

/// Carries a streamed chat: waits for the upstream calls and sends what becomes of their bytes.
///
/// Each chunk of an upstream becomes at most a few sends, and the next chunk is asked for only when they are done, so a
/// slow client holds one chunk, its translation, and what the transport buffers, and no more.
final class ChatStream: ExchangeRun {
    private enum LongWork { case bytes, end }
    private struct Arrival: Sendable { let choice: Int; let event: Result<UpstreamEvent, UpstreamError> }

    /// More than this is sent before more is translated, in bytes.
    static let flushBytes = 16 << 10
    /// A long chunk is translated in pieces of this size, in bytes: an event of a few letters becomes ten times as long.
    static let sliceBytes = 4 << 10

    private let exchange: Exchange
    private let upstream: Upstream
    private let followUp: FollowUp?
    private let keeping: AnswerKeeping?
    private var calls: [any UpstreamCall]
    private let ports: Ports
    private let heartbeat: Duration?
    private var firstEventDeadline: Instant?
    /// The same for further calls, by their choices.
    private var followUpDeadlines: [Int: Instant] = [:]
    private var answer: StreamedAnswer
    /// Whether the last byte is on its way.
    private var hasEnded = false
    /// The bytes of the event at hand, and how many of them are translated.
    private var bytes: [UInt8] = []
    private var translated = 0
    /// What of the event at hand is too much work for a loop.
    private var longWork: LongWork?
    /// The head of an answer that is none.
    private var refusedHead: (status: Int, headers: HeaderFields)?

    /// What was asked of the calls has just been started.
    init(
        _ exchange: Exchange, _ plan: ChatPlan, _ calls: [any UpstreamCall], _ answer: StreamedAnswer,
        keeping: AnswerKeeping?, ports: Ports, heartbeat: Duration?
    ) {
        self.exchange = exchange
        upstream = plan.route.upstream
        followUp = plan.followUp
        self.keeping = keeping
        self.calls = calls
        self.answer = answer
        self.ports = ports
        self.heartbeat = heartbeat
        firstEventDeadline = plan.firstEvent.map { ports.clock.now() + $0 }
    }

    /// Nothing here that suspends holds more than it must, and what it calls is not inlined: see `Relay.answer`.
    func run() async throws(ExchangeStop) {
        let stop = calls.count == 1 ? await runOne() : await runAll()
        // Whatever happened, no call outlives the exchange.
        cancelCalls()
        note(stop)
        if let stop { await end(by: stop) }
    }

    @inline(never) private func end(by stop: ExchangeStop) async {
        await exchange.end(by: stop, after: rest(stop))
    }

    /// What is translated and not sent, and the failure in the dialect's words once there is a stream.
    @inline(never) private func rest(_ stop: ExchangeStop) -> [UInt8] {
        if case .failure(let failure) = stop, exchange.hasSentHead || !answer.pending.isEmpty {
            answer.fail(failure)
        }
        return answer.pending
    }

    @inline(never) private func cancelCalls() {
        for call in calls { call.cancel() }
    }

    /// Puts what was used into the record; that of a complete answer is there before its last byte is sent.
    ///
    /// A vendor that failed before it said anything is taken to have used nothing.
    @inline(never) private func note(_ stop: ExchangeStop?) {
        switch stop {
        case nil: break
        case .failure where !answer.hasBegun: break
        case .failure, .clientGone: exchange.record.note(answer.usageSoFar())
        }
        exchange.record.note(followUp)
    }

    /// The direct way of a single call.
    ///
    /// - Returns: why it ended before its end.
    @inline(never) private func runOne() async -> ExchangeStop? {
        do throws(ExchangeStop) {
            while !hasEnded {
                do throws(UpstreamError) {
                    take(try await calls[0].next(silence: patience(choice: 0)), choice: 0)
                } catch {
                    try bear(error, choice: 0)
                }
                try await pass(choice: 0)
            }
            return nil
        } catch {
            return error
        }
    }

    /// Several calls at once: each has one child task that waits for its next event.
    @inline(never) private func runAll() async -> ExchangeStop? {
        await withTaskGroup(of: Arrival.self) { group in
            func wait(_ choice: Int) {
                let call = calls[choice]
                let silence = patience(choice: choice)
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
                    case .success(let event): take(event, choice: choice)
                    case .failure(let error): try bear(error, choice: choice)
                    }
                    try await pass(choice: choice)
                } catch {
                    return error
                }
                if hasEnded { return nil }
                if !answer.isOver(choice) { wait(choice) }
            }
            return nil
        }
    }

    /// Takes the end of a call that failed: one that is no loss is given up, any other ends the exchange.
    @inline(never) private func bear(_ error: UpstreamError, choice: Int) throws(ExchangeStop) {
        let stop = ExchangeStop(error, from: upstream)
        guard case .failure = stop, answer.isExpendable(choice) else { throw stop }
        answer.giveUpFollowUp(choice)
    }

    /// How long a call may be waited for before something has to be done: a comment, or giving up.
    @inline(never) private func patience(choice: Int) -> Duration? {
        let now = ports.clock.now()
        var patience = heartbeat.map { exchange.lastSent + $0 - now }
        if let deadline = deadline(choice: choice) {
            patience = min(patience ?? .seconds(86400), deadline - now)
        }
        return patience
    }

    /// When the call at hand is given up unless its first event has come; nil once it has.
    private func deadline(choice: Int) -> Instant? {
        if answer.isExpendable(choice) { return followUpDeadlines[choice] }
        return answer.hasBegun ? nil : firstEventDeadline
    }

    /// Takes an event in. What comes of it is passed on by `pass`.
    @inline(never) private func take(_ event: UpstreamEvent, choice: Int) {
        switch event {
        case .head(let status, let headers):
            guard (200..<300).contains(status) else {
                refusedHead = (status, headers)
                return
            }
            if let type = headers["content-type"], RequestBody.isJSON(type) {
                answer.expectWholeBody(choice: choice)
            }
        case .bytes(let bytes):
            self.bytes = bytes
            translated = 0
        case .end:
            if answer.isEndLong(choice: choice) { longWork = .end } else { answer.end(choice: choice) }
        case .silence: break
        }
    }

    /// Sends what comes of the event at hand, piece by piece.
    private func pass(choice: Int) async throws(ExchangeStop) {
        if refusedHead != nil { try await takeRefusal(choice: choice) }
        while true {
            if longWork != nil { await workElsewhere(choice: choice) }
            guard let isLast = try translate(choice: choice) else {
                if longWork != nil { continue }
                guard answer.followUp(choice) != nil else { return }
                try await askAgain(choice: choice)
                continue
            }
            if isLast { await keep() }
            try await exchange.send(streamed: answer.pending, isLast: isLast)
            answer.clearPending()
            if isLast { return }
        }
    }

    /// Takes in away from the loop what takes long. Nobody else touches the answer meanwhile.
    @inline(never) private func workElsewhere(choice: Int) async {
        let (work, before) = (longWork, answer)
        let bytes = work == .bytes ? nextSlice() : []
        longWork = nil
        answer = await ports.offload.run {
            var after = before
            if work == .end { after.end(choice: choice) } else { after.take(bytes, choice: choice) }
            return after
        }
    }

    /// Takes an answer with an error status: of a call that is no loss it does no harm, any other ends the exchange.
    private func takeRefusal(choice: Int) async throws(ExchangeStop) {
        let body = await UpstreamAnswer.errorBody(calls[choice])
        guard let head = refusedHead, !Task.isCancelled else { throw .clientGone }
        guard answer.isExpendable(choice) else {
            throw .failure(OneMinErrorDecoder.failure(status: head.status, headers: head.headers, body: body))
        }
        refusedHead = nil
        calls[choice].cancel()
        answer.giveUpFollowUp(choice)
    }

    /// Starts the further call that a choice wants, or ends the choice without it.
    private func askAgain(choice: Int) async throws(ExchangeStop) {
        calls[choice].cancel()
        do throws(ExchangeStop) {
            guard let followUp, let turns = answer.followUp(choice) else {
                return answer.giveUpFollowUp(choice)
            }
            calls[choice] = try await followUp.start(turns, ports)
            followUpDeadlines[choice] = upstream.settings.timeouts.firstEvent.map { ports.clock.now() + $0 }
            answer.beginFollowUp(choice)
        } catch {
            guard case .failure = error else { throw error }
            answer.giveUpFollowUp(choice)
        }
    }

    /// Stores the complete answer, before the client learns that it is complete.
    private func keep() async {
        guard let keeping, let whole = answer.whole else { return }
        await keeping.keep(whole)
    }

    /// Translates bytes until there is something worth sending, or none are left.
    ///
    /// - Returns: whether what is to be sent ends the answer; nil when nothing is to be sent, or `longWork` comes first.
    @inline(never) private func translate(choice: Int) throws(ExchangeStop) -> Bool? {
        while translated < bytes.count, answer.failure == nil, !answer.isOver(choice),
            answer.followUp(choice) == nil,
            answer.pending.count < Self.flushBytes
        {
            let start = translated
            let slice = nextSlice()
            guard !answer.isLong(slice, choice: choice) else {
                translated = start
                longWork = .bytes
                break
            }
            answer.take(slice, choice: choice)
        }
        if longWork == nil { try endLate(choice: choice) }
        let isOver = answer.isOver(choice) || answer.followUp(choice) != nil
        if isOver { calls[choice].cancel() }
        // What a choice does not take any more must not be there when the next one's turn comes.
        if isOver || translated == bytes.count { bytes = [] }
        if let failure = answer.failure { throw .failure(failure) }
        if answer.isComplete {
            // With the last choice's end also what ends the stream, in the same send.
            answer.finish()
            hasEnded = true
            // Before the last byte is sent: with it the exchange may be settled.
            exchange.record.note(answer.usage)
            return true
        }
        if answer.pending.isEmpty {
            // With the room that was made for what did not come.
            answer.clearPending()
            keepAlive()
        }
        return answer.pending.isEmpty ? nil : false
    }

    /// The bytes to translate next.
    private func nextSlice() -> [UInt8] {
        let end = min(translated + Self.sliceBytes, bytes.count)
        defer { translated = end }
        return end - translated == bytes.count ? bytes : Array(bytes[translated..<end])
    }

    /// Gives up a call whose first event does not come in time.
    private func endLate(choice: Int) throws(ExchangeStop) {
        guard let deadline = deadline(choice: choice), ports.clock.now() >= deadline else { return }
        try bear(UpstreamError(.timedOut(.firstEvent), message: ""), choice: choice)
    }

    /// Breaks a long silence with a comment.
    private func keepAlive() {
        let now = ports.clock.now()
        if let heartbeat, now - exchange.lastSent >= heartbeat { answer.addHeartbeat() }
    }
}
