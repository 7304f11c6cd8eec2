import Dialects
import Wire

/// `GET` or `POST /health/wait?seconds=S`: nothing, then an answer, as a chat that is not streamed has it.
///
/// With `stream=1` it is a stream with nothing but heartbeats in it, then one event.
final class WaitProbe: ExchangeRun {
    private let exchange: Exchange
    private let clock: any RelayClock
    private let seconds: Int
    private let isStreamed: Bool
    private let heartbeat: Duration?

    /// Takes 0 to 120 seconds (default 65): web servers and proxies like to give up after 60 and after 100.
    init(
        _ exchange: Exchange, _ query: ProbeQuery, clock: any RelayClock, heartbeat: Duration?
    ) throws(Failure) {
        self.exchange = exchange
        self.clock = clock
        self.heartbeat = heartbeat
        seconds = try query.integer("seconds", in: 0...120, default: 65)
        isStreamed = try query.integer("stream", in: 0...1, default: 0) == 1
    }

    func run() async throws(ExchangeStop) {
        let body = Array(#"{"object":"relay.wait","seconds":\#(seconds)}"#.utf8)
        guard isStreamed else {
            try await clock.sleepUnlessLeft(for: .seconds(seconds))
            return try await exchange.sendFresh(status: 200, body: body)
        }
        exchange.record.isStreamed = true
        let end = clock.now() + .seconds(seconds)
        while true {
            let rest = end - clock.now()
            guard rest > .zero else { break }
            try await clock.sleepUnlessLeft(for: min(rest, heartbeat ?? rest))
            if clock.now() < end {
                try await exchange.send(streamed: EventStreamComment.heartbeat, isLast: false)
            }
        }
        try await exchange.send(streamed: Array("data: ".utf8) + body + Array("\n\n".utf8), isLast: true)
    }
}
