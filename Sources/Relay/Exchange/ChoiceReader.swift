import Dialects
import Wire

/// Reads the answer of one upstream call, for a client that wants it as a whole.
struct ChoiceReader: Sendable {
    /// One choice's part of the client's answer.
    struct Choice: Sendable {
        /// What the model said.
        var result: GenerationResult
        /// What it used; nil only where nothing was generated.
        var usage: Usage?
    }

    /// What was asked.
    let plan: ChatPlan
    /// The clock, and where long answers are decoded.
    let ports: Ports
    /// What is long.
    let limits: Configuration.Limits

    /// Waits for the end of a call.
    ///
    /// - Throws: whatever went wrong with it.
    func choice(_ call: any UpstreamCall) async throws(ExchangeStop) -> Choice {
        var answer = UpstreamAnswer()
        var stream: StreamedChoice?
        let deadline = plan.route.upstream.settings.timeouts.firstEvent.map { ports.clock.now() + $0 }
        reading: while true {
            let event: UpstreamEvent
            do throws(UpstreamError) {
                // The head of a stream comes at once, so it is the first text that has this time.
                let patience = stream?.textBytes == 0 ? deadline.map { $0 - ports.clock.now() } : nil
                if let patience, patience <= .zero {
                    throw UpstreamError(.timedOut(.firstEvent), message: "")
                }
                event = try await call.next(silence: patience)
            } catch {
                // The head has the time of the first event, so that is what ran out; see `PreparedChat`.
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
                if plan.streamsUpstream, !isDocument { stream = StreamedChoice(plan, limits: limits) }
            case .bytes(let bytes):
                if stream == nil {
                    answer.append(bytes)
                } else if let before = stream, before.isLong(with: bytes) {
                    stream = await ports.offload.run {
                        var after = before
                        after.take(bytes)
                        return after
                    }
                } else {
                    stream?.take(bytes)
                }
                // The transport's limit is that of a stream, where one was asked for.
                let length = stream?.textBytes ?? max(0, answer.body.count - plan.echoBytes)
                guard length <= limits.answerBytes else {
                    throw ExchangeStop(UpstreamError(.tooLarge, message: ""), from: plan.route.upstream)
                }
                if stream?.isOver ?? false {
                    // What comes after the last token that was asked for need not be written.
                    call.cancel()
                    break reading
                }
            case .silence: break
            case .end: break reading
            }
        }
        if Task.isCancelled { throw .clientGone }
        let plan = plan
        do throws(Failure) {
            if let stream {
                guard stream.isEndLong else { return try stream.choice() }
                return try await ports.offload.run { () throws(Failure) in try stream.choice() }
            }
            guard answer.body.count > min(limits.offloadBytes, ChatTokens.offloadBytes) else {
                return try Self.decode(answer, plan)
            }
            let whole = answer
            return try await ports.offload.run { () throws(Failure) in try Self.decode(whole, plan) }
        } catch {
            throw .failure(error)
        }
    }

    private static func decode(_ answer: UpstreamAnswer, _ plan: ChatPlan) throws(Failure) -> Choice {
        guard answer.isSuccess else {
            throw OneMinErrorDecoder.failure(
                status: answer.status, headers: answer.headers, body: answer.body)
        }
        let events = OneMinResultDecoder.decode(answer.body, searchesWeb: plan.searchesWeb)
        // The whole answer was paid for, also what lies behind a stop sequence.
        var usage: Usage?
        for case .usage(let last) in events { usage = last }
        var choice = ChoiceEvents(plan, usage: usage)
        var fold = GenerationFold()
        for event in events { choice.take(event) { fold.add($0) } }
        if let failure = choice.failure { throw failure }
        return Choice(result: try fold.result(), usage: choice.usage)
    }
}
