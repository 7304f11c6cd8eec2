import Dialects
import Wire

/// Reads the answer of one choice, for a client that wants it as a whole.
///
/// An object, so that the task that waits for the vendor holds little meanwhile, and what does not suspend is not inlined
/// into what does: see `Relay.answer`. It belongs to one task.
final class ChoiceReader {
    /// What is long, in bytes.
    struct Limits: Sendable {
        /// The text of an answer.
        let answerBytes: Int
        /// An event of a stream.
        let eventBytes: Int
        /// What is not decoded on a loop any more.
        let offloadBytes: Int

        /// Takes over what concerns answers.
        init(_ limits: borrowing Configuration.Limits) {
            answerBytes = limits.answerBytes
            eventBytes = limits.eventBytes
            offloadBytes = limits.offloadBytes
        }
    }

    private let plan: ChatPlan
    private let ports: Ports
    private let limits: Limits
    /// One. In an array, so that it is worked with where it lies and not copied.
    private var choice: [FoldedChoice]

    // Of the call at hand.
    private var answer = UpstreamAnswer()
    private var deadline: Instant?
    private var hasHeard = false
    /// Bytes that are too much work for a loop.
    private var longBytes: [UInt8]?
    /// Whether nothing more is to be read.
    private var isOver = false

    /// Nothing came yet.
    ///
    /// - Parameters:
    ///   - choice: which of the choices it is, from 0.
    ///   - ports: the clock, the way to the vendor, and where long answers are decoded.
    @inline(never) init(_ plan: ChatPlan, choice: Int, ports: Ports, limits: Limits) {
        self.plan = plan
        self.ports = ports
        self.limits = limits
        self.choice = [
            FoldedChoice(plan, choice: choice, maximumEventBytes: limits.eventBytes + plan.echoBytes)
        ]
    }

    /// Waits for the end of the choice's call, and of a further one where the relay asks the model again.
    ///
    /// - Returns: also what went wrong, with what was used until then.
    func read(_ call: any UpstreamCall) async -> FoldedChoice.Outcome {
        do throws(ExchangeStop) {
            try await readToEnd(call)
            if choice[0].followUp != nil { try await askAgain() }
        } catch {
            return choice[0].takeOutcome(error)
        }
        return choice[0].takeOutcome()
    }

    /// Starts the further call that the choice wants; it ends with what there was where that fails.
    @inline(never) private func askAgain() async throws(ExchangeStop) {
        guard let turns = choice[0].followUp, let followUp = plan.followUp else { return }
        choice[0].beginFollowUp()
        let before = choice
        do throws(ExchangeStop) {
            try await readToEnd(try await followUp.start(turns, ports))
        } catch {
            guard case .failure = error else { throw error }
            let used = choice[0].usageOfBoth()
            choice = before
            choice[0].giveUpFollowUp(having: used)
        }
    }

    /// Reads a call to its end, or to the end of what is wanted of it.
    private func readToEnd(_ call: any UpstreamCall) async throws(ExchangeStop) {
        defer { call.cancel() }
        begin()
        while !isOver {
            do throws(UpstreamError) {
                take(try await call.next(silence: try patience()))
            } catch {
                throw stop(error)
            }
            if longBytes != nil { await takeElsewhere() }
            try checkLength()
        }
        let refusal = answer.isSuccess ? nil : await refusal(call)
        if Task.isCancelled { throw .clientGone }
        if let refusal { throw .failure(refusal) }
        if isEndLong { await completeElsewhere() } else { choice[0].complete(answer) }
    }

    @inline(never) private func begin() {
        answer = UpstreamAnswer()
        deadline = plan.firstEvent.map { ports.clock.now() + $0 }
        hasHeard = false
        isOver = false
    }

    /// How long the next event may take: the head of a stream comes at once, so it is the first text that has this time.
    @inline(never) private func patience() throws(UpstreamError) -> Duration? {
        guard choice[0].isStreamed, !hasHeard, let deadline else { return nil }
        let patience = deadline - ports.clock.now()
        guard patience > .zero else { throw UpstreamError(.timedOut(.firstEvent), message: "") }
        return patience
    }

    @inline(never) private func stop(_ error: UpstreamError) -> ExchangeStop {
        // The head has the time of the first event, so that is what ran out; see `ChatPreparation`.
        let isFirstEvent = error.kind == .timedOut(.firstByte)
        return ExchangeStop(
            isFirstEvent ? UpstreamError(.timedOut(.firstEvent), message: error.message) : error,
            from: plan.route.upstream)
    }

    @inline(never) private func take(_ event: UpstreamEvent) {
        switch event {
        case .head(let status, let headers):
            answer.status = status
            answer.headers = headers
            guard answer.isSuccess else {
                isOver = true
                return
            }
            // Some refusals come as a JSON document although a stream was asked for.
            let isDocument = headers["content-type"].map(RequestBody.isJSON) ?? false
            if plan.streamsUpstream, !isDocument { choice[0].expectStream() }
        case .bytes(let bytes):
            if !choice[0].isStreamed {
                answer.append(bytes)
            } else if choice[0].isLong(with: bytes) {
                longBytes = bytes
            } else {
                choice[0].take(bytes)
            }
        case .silence: break
        case .end: isOver = true
        }
    }

    /// Takes in away from the loop what takes long. Nobody else touches the choice meanwhile.
    @inline(never) private func takeElsewhere() async {
        let (bytes, before) = (longBytes ?? [], choice)
        longBytes = nil
        choice = await ports.offload.run {
            var after = before
            after[0].take(bytes)
            return after
        }
    }

    /// Looks at how much there is: too much, or enough.
    @inline(never) private func checkLength() throws(ExchangeStop) {
        var length = max(0, answer.body.count - plan.echoBytes)
        if choice[0].isStreamed {
            hasHeard = hasHeard || choice[0].hasBegun
            length = choice[0].textBytes
            // What comes after the last token that was asked for need not be written.
            if choice[0].isOver { isOver = true }
        }
        // The transport's limit is that of a stream, where one was asked for.
        guard length <= limits.answerBytes else {
            throw ExchangeStop(UpstreamError(.tooLarge, message: ""), from: plan.route.upstream)
        }
    }

    @inline(never) private func refusal(_ call: any UpstreamCall) async -> Failure {
        let body = await UpstreamAnswer.errorBody(call)
        return OneMinErrorDecoder.failure(status: answer.status, headers: answer.headers, body: body)
    }

    /// Whether the end of the call may be too much work for a loop.
    private var isEndLong: Bool {
        choice[0].isStreamed
            ? choice[0].isEndLong : answer.body.count > min(limits.offloadBytes, ChatTokens.offloadBytes)
    }

    @inline(never) private func completeElsewhere() async {
        let (answer, before) = (answer, choice)
        choice = await ports.offload.run {
            var after = before
            after[0].complete(answer)
            return after
        }
    }
}

extension FoldedChoice {
    /// Takes in what is known at the end of a call.
    fileprivate mutating func complete(_ answer: UpstreamAnswer) {
        if isStreamed { end() } else { take(document: answer.body) }
    }
}
