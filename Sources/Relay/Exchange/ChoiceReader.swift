import Dialects
import Wire

/// Reads the answer of one choice, for a client that wants it as a whole.
struct ChoiceReader: Sendable {
    /// What was asked.
    let plan: ChatPlan
    /// The clock, the way to the vendor, and where long answers are decoded.
    let ports: Ports
    /// What is long.
    let limits: Configuration.Limits

    /// Waits for the end of a choice's call, and of a further one where the relay asks the model again.
    ///
    /// - Parameter index: which of the choices it is, from 0.
    /// - Throws: whatever went wrong before there was anything to be paid for.
    func choice(_ call: any UpstreamCall, _ index: Int) async throws(ExchangeStop) -> FoldedChoice.Outcome {
        var choice = FoldedChoice(plan, choice: index, limits: limits)
        try await read(call, into: &choice)
        if let turns = choice.followUp, let followUp = plan.followUp {
            choice.beginFollowUp()
            let before = choice
            do throws(ExchangeStop) {
                try await read(try await followUp.start(turns, ports), into: &choice)
            } catch {
                guard case .failure = error else { throw error }
                // It ends with what there was without it.
                choice = before
                choice.giveUpFollowUp()
            }
        }
        return choice.outcome
    }

    /// Reads a call to its end, or to the end of what is wanted of it.
    private func read(
        _ call: any UpstreamCall, into choice: inout FoldedChoice
    ) async throws(ExchangeStop) {
        defer { call.cancel() }
        var answer = UpstreamAnswer()
        let deadline = plan.route.upstream.settings.timeouts.firstEvent.map { ports.clock.now() + $0 }
        var hasHeard = false
        reading: while true {
            let event: UpstreamEvent
            do throws(UpstreamError) {
                // The head of a stream comes at once, so it is the first text that has this time.
                let patience = choice.isStreamed && !hasHeard ? deadline.map { $0 - ports.clock.now() } : nil
                if let patience, patience <= .zero {
                    throw UpstreamError(.timedOut(.firstEvent), message: "")
                }
                event = try await call.next(silence: patience)
            } catch {
                // The head has the time of the first event, so that is what ran out; see `ChatPreparation`.
                let isFirstEvent = error.kind == .timedOut(.firstByte)
                throw ExchangeStop(
                    isFirstEvent ? UpstreamError(.timedOut(.firstEvent), message: error.message) : error,
                    from: plan.route.upstream)
            }
            switch event {
            case .head(let status, let headers):
                answer.status = status
                answer.headers = headers
                guard answer.isSuccess else {
                    answer.body = await UpstreamAnswer.errorBody(call)
                    break reading
                }
                // Some refusals come as a JSON document although a stream was asked for.
                let isDocument = headers["content-type"].map(RequestBody.isJSON) ?? false
                if plan.streamsUpstream, !isDocument { choice.expectStream() }
            case .bytes(let bytes):
                if !choice.isStreamed {
                    answer.append(bytes)
                } else if choice.isLong(with: bytes) {
                    let before = choice
                    choice = await ports.offload.run {
                        var after = before
                        after.take(bytes)
                        return after
                    }
                } else {
                    choice.take(bytes)
                }
                hasHeard = hasHeard || choice.hasBegun
                // The transport's limit is that of a stream, where one was asked for.
                let length = choice.isStreamed ? choice.textBytes : max(0, answer.body.count - plan.echoBytes)
                guard length <= limits.answerBytes else {
                    throw ExchangeStop(UpstreamError(.tooLarge, message: ""), from: plan.route.upstream)
                }
                // What comes after the last token that was asked for need not be written.
                if choice.isOver { break reading }
            case .silence: break
            case .end: break reading
            }
        }
        if Task.isCancelled { throw .clientGone }
        guard answer.isSuccess else {
            throw .failure(
                OneMinErrorDecoder.failure(
                    status: answer.status, headers: answer.headers, body: answer.body))
        }
        await complete(&choice, answer)
    }

    /// Takes in what is known at the end of a call.
    private func complete(_ choice: inout FoldedChoice, _ answer: UpstreamAnswer) async {
        let isLong =
            choice.isStreamed
            ? choice.isEndLong : answer.body.count > min(limits.offloadBytes, ChatTokens.offloadBytes)
        guard isLong else { return choice.complete(answer) }
        let before = choice
        choice = await ports.offload.run {
            var after = before
            after.complete(answer)
            return after
        }
    }
}

extension FoldedChoice {
    fileprivate mutating func complete(_ answer: UpstreamAnswer) {
        if isStreamed { end() } else { take(document: answer.body) }
    }
}
