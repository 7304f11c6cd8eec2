import Dialects
import Wire

/// Carries a chat that is not streamed: waits for all upstream calls and makes one answer of them.
final class ChatResult: ExchangeRun {
    private let exchange: Exchange
    private let calls: [any UpstreamCall]
    private let encoder: any ResultEncoder
    private let keeping: AnswerKeeping?
    private let plan: ChatPlan
    private let ports: Ports
    private let limits: ChoiceReader.Limits

    /// What was asked of the calls has just been started.
    init(
        _ exchange: Exchange, _ plan: ChatPlan, _ calls: [any UpstreamCall],
        _ encoder: any ResultEncoder, keeping: AnswerKeeping?, ports: Ports, limits: ChoiceReader.Limits
    ) {
        self.exchange = exchange
        self.plan = plan
        self.calls = calls
        self.encoder = encoder
        self.keeping = keeping
        self.ports = ports
        self.limits = limits
    }

    func run() async throws(ExchangeStop) {
        // Whatever happens from here on, no call outlives the exchange.
        defer {
            for call in calls { call.cancel() }
            exchange.record.note(plan.followUp)
        }
        let choices = calls.count == 1 ? await single() : await all()
        let body = await encoded(try results(of: choices))
        await keeping?.keep(body)
        try await exchange.send(status: 200, body: body)
    }

    @inline(never) private func single() async -> [FoldedChoice.Outcome] {
        [await ChoiceReader(plan, choice: 0, ports: ports, limits: limits).read(calls[0])]
    }

    /// The answers of all choices, or why there are not all. What was used goes into the record, also that of choices whose
    /// answers are for nobody since another one failed.
    private func results(of choices: [FoldedChoice.Outcome]) throws(ExchangeStop) -> [GenerationResult] {
        var results: [GenerationResult] = []
        var failure: Failure?
        var hasLeft = false
        for choice in choices {
            switch choice.result {
            case .success(let result): results.append(result)
            case .failure(.failure(let reason)): failure = failure ?? reason
            case .failure(.clientGone): hasLeft = true
            }
        }
        // Choices that are given up end like those whose client left. For such a client what was reserved counts: see
        // `Exchange.usedTokens`.
        if hasLeft, failure == nil { throw .clientGone }
        exchange.record.note(Usage.total(choices.map { $0.usage }))
        if let failure { throw .failure(failure) }
        return results
    }

    private func encoded(_ results: [GenerationResult]) async -> [UInt8] {
        let encoder = encoder
        // Of an answer that was cut the client is shown what it got, which is less than was used.
        let usage = Usage.total(results.map { $0.usage })
        guard results.reduce(0, { $0 + $1.text.utf8.count }) > limits.offloadBytes else {
            return encoder.encode(results, usage: usage)
        }
        return await ports.offload.run { encoder.encode(results, usage: usage) }
    }

    private struct Arrival: Sendable {
        let index: Int
        let choice: FoldedChoice.Outcome
    }

    /// All choices. When one has failed the others are given up: nobody waits for them then.
    private func all() async -> [FoldedChoice.Outcome] {
        let (plan, ports, limits) = (plan, ports, limits)
        return await withTaskGroup(of: Arrival.self) { group in
            for (index, call) in calls.enumerated() {
                group.addTask {
                    let reader = ChoiceReader(plan, choice: index, ports: ports, limits: limits)
                    return Arrival(index: index, choice: await reader.read(call))
                }
            }
            var choices: [Arrival] = []
            while let arrival = await group.next() {
                choices.append(arrival)
                if case .failure = arrival.choice.result { group.cancelAll() }
            }
            return choices.sorted { $0.index < $1.index }.map(\.choice)
        }
    }
}
