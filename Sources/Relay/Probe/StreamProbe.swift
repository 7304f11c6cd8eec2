import Dialects
import Wire

/// `GET` or `POST /health/stream?events=N&gap=MS`: events at a known pace, each with the relay's own time in it.
///
/// Whoever reads them can tell which of the gaps between them were made on the way.
final class StreamProbe: ExchangeRun {
    private let exchange: Exchange
    private let clock: any RelayClock
    private let count: Int
    private let gap: Duration

    /// Takes 1 to 50 events (default 10), 0 to 1000 ms apart (default 200): 50 s at most.
    init(_ exchange: Exchange, _ query: ProbeQuery, clock: any RelayClock) throws(Failure) {
        self.exchange = exchange
        self.clock = clock
        count = try query.integer("events", in: 1...50, default: 10)
        gap = .milliseconds(try query.integer("gap", in: 0...1000, default: 200))
    }

    func run() async throws(ExchangeStop) {
        exchange.record.isStreamed = true
        let start = clock.now()
        for number in 1...count {
            if number > 1 { try await clock.sleepUnlessLeft(for: gap) }
            try await exchange.send(
                streamed: event(number, at: clock.now() - start), isLast: number == count)
        }
    }

    /// `data: {"event":1,"of":10,"after_us":0}`, in microseconds since the first.
    private func event(_ number: Int, at time: Duration) -> [UInt8] {
        Array(
            "data: {\"event\":\(number),\"of\":\(count),\"after_us\":\(Int(time / .microseconds(1)))}\n\n"
                .utf8)
    }
}

extension RelayClock {
    /// Sleeps, and ends the exchange when the client leaves meanwhile.
    func sleepUnlessLeft(for duration: Duration) async throws(ExchangeStop) {
        do throws(CancellationError) {
            try await sleep(for: duration)
        } catch {
            throw .clientGone
        }
    }
}
