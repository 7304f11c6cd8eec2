import Dialects
import Wire

/// Carries a chat that is not streamed: waits for all upstream calls and makes one answer of them.
struct ChatResult {
    private let chat: PreparedChat
    private let ports: Ports
    private let limits: Configuration.Limits

    /// One choice's part of the answer.
    private struct Choice: Sendable {
        var result: GenerationResult
        var usage: Usage?
    }

    /// A chat whose calls have just been started.
    init(_ chat: PreparedChat, ports: Ports, limits: Configuration.Limits) {
        self.chat = chat
        self.ports = ports
        self.limits = limits
    }

    /// Waits for the calls.
    ///
    /// - Returns: the body, and what all choices used together.
    /// - Throws: the first thing that went wrong with any of them.
    func body(
        _ calls: [any UpstreamCall], id: String, created: Int
    ) async throws(ExchangeStop) -> (bytes: [UInt8], usage: Usage?) {
        var choices: [Choice] = []
        if calls.count == 1 {
            choices.append(try await choice(calls[0]))
        } else {
            choices = try await all(calls)
        }
        var usage = choices.first?.usage
        for choice in choices.dropFirst() {
            guard let more = choice.usage else { continue }
            if usage == nil { usage = more } else { usage?.add(more) }
        }
        let encoder = OpenAIChatResultEncoder(id: id, created: created, model: chat.route.model)
        let results = choices.map(\.result)
        let total = usage
        guard results.reduce(0, { $0 + $1.text.utf8.count }) > limits.offloadBytes else {
            return (encoder.encode(results, usage: total), total)
        }
        return (await ports.offload.run { encoder.encode(results, usage: total) }, total)
    }

    private func all(_ calls: [any UpstreamCall]) async throws(ExchangeStop) -> [Choice] {
        let answers: Result<[Choice], ExchangeStop> = await withTaskGroup(
            of: (index: Int, choice: Result<Choice, ExchangeStop>).self
        ) { group in
            defer { group.cancelAll() }
            for (index, call) in calls.enumerated() {
                group.addTask {
                    do throws(ExchangeStop) {
                        return (index, .success(try await choice(call)))
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            var choices: [(index: Int, choice: Choice)] = []
            while let (index, result) = await group.next() {
                switch result {
                case .success(let choice): choices.append((index, choice))
                case .failure(let stop): return .failure(stop)
                }
            }
            return .success(choices.sorted { $0.index < $1.index }.map(\.choice))
        }
        return try answers.get()
    }

    private func choice(_ call: any UpstreamCall) async throws(ExchangeStop) -> Choice {
        var answer = UpstreamAnswer()
        reading: while true {
            let event: UpstreamEvent
            do throws(UpstreamError) {
                event = try await call.next(silence: nil)
            } catch {
                // The head has the time of the first event, so that is what ran out; see `PreparedChat`.
                let isFirstEvent = error.kind == .timedOut(.firstByte)
                throw ExchangeStop(
                    isFirstEvent ? UpstreamError(.timedOut(.firstEvent), message: error.message) : error,
                    from: chat.route.upstream)
            }
            switch event {
            case .head(let status, let headers):
                answer.status = status
                answer.headers = headers
                guard answer.isSuccess else {
                    answer.body = await UpstreamAnswer.errorBody(call)
                    break reading
                }
            case .bytes(let bytes): answer.append(bytes)
            case .silence: break
            case .end: break reading
            }
        }
        if Task.isCancelled { throw .clientGone }
        let chat = chat
        do throws(Failure) {
            guard answer.body.count > limits.offloadBytes else { return try Self.decode(answer, chat) }
            let whole = answer
            return try await ports.offload.run { () throws(Failure) in try Self.decode(whole, chat) }
        } catch {
            throw .failure(error)
        }
    }

    private static func decode(_ answer: UpstreamAnswer, _ chat: PreparedChat) throws(Failure) -> Choice {
        guard answer.isSuccess else {
            throw OneMinErrorDecoder.failure(
                status: answer.status, headers: answer.headers, body: answer.body)
        }
        let events = OneMinResultDecoder.decode(answer.body, searchesWeb: chat.searchesWeb)
        // The whole answer was paid for, also what lies behind a stop sequence.
        var usage: Usage?
        for case .usage(let last) in events { usage = last }
        var choice = ChoiceEvents(
            stopSequences: chat.stopSequences, inputTokens: chat.inputTokens, usage: usage)
        var fold = GenerationFold()
        for event in events { choice.take(event) { fold.add($0) } }
        if let failure = choice.failure { throw failure }
        return Choice(result: try fold.result(), usage: choice.usage)
    }
}
