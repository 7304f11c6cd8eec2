import Dialects
import Wire

extension Relay {
    /// The step that answers a probe.
    func firstStep(
        of probe: Probe, _ request: borrowing ClientRequest, _ credential: String, _ exchange: Exchange
    ) throws(Failure) -> Exchange.Step {
        let query = try ProbeQuery(request.query)
        switch probe {
        case .request: return .send(status: 200, body: RequestReport.body(for: copy request))
        case .body:
            _ = try RequestBody.whole(of: copy request, maximumBytes: configuration.limits.bodyBytes)
            return .send(status: 200, body: RequestReport.bodyReport(bytes: request.bodyCount))
        case .stream:
            return try run(try StreamProbe(exchange, query, clock: ports.clock))
        case .wait:
            return try run(
                try WaitProbe(
                    exchange, query, clock: ports.clock, heartbeat: configuration.heartbeat))
        case .key:
            guard let upstream = configuration.providers.first.map(Upstream.init) else {
                throw Failure(.routeNotFound, "No provider is configured whose keys could be looked at.")
            }
            return try run(
                KeyProbe(
                    exchange,
                    KeyQuestion(upstream: upstream, credential: credential, transport: ports.transport)))
        }
    }

    /// Takes a place, then makes the probe: that there is none comes before what is wrong with the query.
    private func run(
        _ probe: @autoclosure () throws(Failure) -> any ExchangeRun
    ) throws(Failure) -> Exchange.Step {
        let pass = try probes.enter()
        return .run(SharedProbe(try probe(), pass, in: ports.store))
    }
}
