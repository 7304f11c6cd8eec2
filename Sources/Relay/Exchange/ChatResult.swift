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
        let choices = calls.count == 1 ? try await single() : try await all()
        exchange.record.note(Usage.total(choices.map { $0.usage }))
        let body = await encoded(try results(of: choices))
        await keeping?.keep(body)
        try await exchange.send(status: 200, body: body)
    }

    @inline(never) private func single() async throws(ExchangeStop) -> [FoldedChoice.Outcome] {
        [try await ChoiceReader(plan, choice: 0, ports: ports, limits: limits).read(calls[0])]
    }

    private func results(of choices: [FoldedChoice.Outcome]) throws(ExchangeStop) -> [GenerationResult] {
        var results: [GenerationResult] = []
        for choice in choices {
            switch choice.result {
            case .success(let result): results.append(result)
            case .failure(let failure): throw .failure(failure)
            }
        }
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
        let choice: Result<FoldedChoice.Outcome, ExchangeStop>
    }

    /// All choices, or those until one has failed: nobody waits for the others then.
    private func all() async throws(ExchangeStop) -> [FoldedChoice.Outcome] {
        let (plan, ports, limits) = (plan, ports, limits)
        let answers: Result<[FoldedChoice.Outcome], ExchangeStop> = await withTaskGroup(
            of: Arrival.self
        ) { group in
            defer { group.cancelAll() }
            for (index, call) in calls.enumerated() {
                group.addTask {
                    do throws(ExchangeStop) {
                        let reader = ChoiceReader(plan, choice: index, ports: ports, limits: limits)
                        return Arrival(index: index, choice: .success(try await reader.read(call)))
                    } catch {
                        return Arrival(index: index, choice: .failure(error))
                    }
                }
            }
            var choices: [(index: Int, choice: FoldedChoice.Outcome)] = []
            reading: while let arrival = await group.next() {
                switch arrival.choice {
                case .success(let choice):
                    choices.append((arrival.index, choice))
                    if case .failure = choice.result { break reading }
                case .failure(let stop): return .failure(stop)
                }
            }
            return .success(choices.sorted { $0.index < $1.index }.map(\.choice))
        }
        return try answers.get()
    }
}
