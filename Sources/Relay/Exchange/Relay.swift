import Dialects
import Wire

/// The relay: takes requests of clients, and answers them with the help of vendors.
///
/// One object serves the whole process; everything in it may be called from any thread. It holds no connection, file or
/// thread: those come through the ports.
public final class Relay: Sendable {
    private let configuration: Configuration
    private let ports: Ports
    private let router: ModelRouter
    private let hasher: CallerHasher
    private let probes = ProbeGate()

    /// Makes the relay for a configuration; nothing is fetched yet.
    ///
    /// - Parameter predecessor: a relay of another configuration, which goes on with what it has begun. What is known of
    ///   vendors passes on, and callers keep their names in the log.
    public init(configuration: Configuration, ports: Ports, succeeding predecessor: Relay? = nil) {
        self.configuration = configuration
        self.ports = ports
        let models = configuration.models
        router = ModelRouter(
            models,
            vendors: configuration.providers.map { settings in
                let known = predecessor?.router.vendor(named: settings.name)
                if let known, known.catalogue.serves(settings, models) { return known }
                let upstream = Upstream(settings)
                return (
                    upstream,
                    ModelCatalogue(
                        upstream, kind: .chat, models: models, ports: ports, succeeding: known?.catalogue)
                )
            })
        hasher = predecessor?.hasher ?? CallerHasher(random: ports.random)
    }

    /// Ends `run` for what a successor did not take over; exchanges that were begun go on.
    public func retire(inFavourOf successor: Relay) {
        router.retire(inFavourOf: successor.router)
    }

    /// Takes over what other processes stored, for a process whose first request is its last one.
    ///
    /// Not needed before `run`, which does it as well.
    public func prepare() async {
        await router.prepare()
    }

    /// Does the relay's housekeeping, which is to fetch lists of models when requests ask for them.
    ///
    /// One task of the process runs it, beside the exchanges, and cancels it at the end. Without it everything works but
    /// with the built-in list of models only. It returns early when there is nothing left to keep for this relay.
    public func run() async {
        await router.run()
    }

    /// Answers one request.
    ///
    /// Returns when the last byte was taken by the client's connection, or the client left. Its task is cancelled by
    /// whoever sees the client leave; all upstream calls are then given up before it returns. Everything that can go
    /// wrong becomes an answer, and every request one record in the log.
    ///
    /// A call that may cost money is made once, whatever comes of it: not even a refused connection is tried again, since
    /// the client's SDK repeats failures of that kind by itself, and knows better whether it still wants the answer.
    public func respond(to request: consuming ClientRequest, over client: any ClientResponse) async {
        await answer(begin(request, over: client))
    }

    /// The first half of `respond`: all that can be said of a request without waiting.
    ///
    /// The request itself goes no further: an asynchronous function would keep it in the task's memory to the end.
    /// Not inlined for the sake of the caller's frame: see `answer`.
    @inline(never)
    public func begin(_ request: consuming ClientRequest, over client: any ClientResponse) -> Exchange {
        let route = Route(path: request.path, rawPath: request.rawPath)
        let exchange = Exchange(request, route: route, client: client, ports: ports)
        do throws(Failure) {
            exchange.step = try firstStep(request, route, exchange)
        } catch {
            exchange.step = .fail(error)
        }
        return exchange
    }

    /// The second half of `respond`: everything else.
    ///
    /// A task keeps as much memory as its deepest moment took. So a chat runs from here, where the frames of what came
    /// before it are gone, and whatever is on the way to it holds as little as it can: what need not suspend is done by
    /// functions that do not, and those are marked `@inline(never)`, since what is inlined puts its values into the frame
    /// of the function that suspends, used at that moment or not (2,048 bytes against 384 for `ChatStream.run`).
    public func answer(_ exchange: Exchange) async {
        do throws(ExchangeStop) {
            try await take(exchange.takeStep(), exchange)?.run()
        } catch {
            await exchange.end(by: error)
        }
        exchange.finish()
    }

    /// Checks in order: the path, the method, the key, the body.
    private func firstStep(
        _ request: consuming ClientRequest, _ route: Route, _ exchange: Exchange
    ) throws(Failure) -> Exchange.Step {
        try check(request.method, request.path, route)
        if request.method == "OPTIONS" { return .allow(methods: route.methods) }
        var credential = ""
        if route.needsCredential {
            credential = try Credential.find(
                in: request.headers, maximumBytes: configuration.limits.credentialBytes)
            exchange.record.callerHash = hasher.name(of: credential)
        }
        switch route {
        case .root: return .send(status: 200, body: Self.rootBody)
        case .health: return .send(status: 200, body: Self.healthBody)
        case .models: return .sendModels
        case .model(let id): return .sendModel(id: id)
        case .chatCompletions:
            return .chat(
                body: try RequestBody.json(of: request, maximumBytes: configuration.limits.bodyBytes),
                credential: credential)
        case .probe(let probe): return try firstStep(of: probe, request, credential, exchange)
        case .unknown: return .fail(Failure(.routeNotFound, "Unknown request URL."))
        }
    }

    private func firstStep(
        of probe: Probe, _ request: borrowing ClientRequest, _ credential: String, _ exchange: Exchange
    ) throws(Failure) -> Exchange.Step {
        let query = try ProbeQuery(request.query)
        switch probe {
        case .request: return .send(status: 200, body: RequestReport.body(for: copy request))
        case .body:
            let body = try RequestBody.whole(of: copy request, maximumBytes: configuration.limits.bodyBytes)
            return .send(status: 200, body: RequestReport.bodyReport(bytes: body.count))
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
                KeyProbe(exchange, upstream: upstream, credential: credential, ports: ports))
        }
    }

    /// Takes a place, then makes the probe: that there is none comes before what is wrong with the query.
    private func run(
        _ probe: @autoclosure () throws(Failure) -> any RunningChat
    ) throws(Failure) -> Exchange.Step {
        let pass = try probes.enter()
        return .run(SharedProbe(try probe(), pass, in: ports.store))
    }

    /// Answers, or starts the chat that will.
    private func take(
        _ step: consuming Exchange.Step, _ exchange: Exchange
    ) async throws(ExchangeStop) -> (any RunningChat)? {
        switch step {
        case .none: break
        case .fail(let failure): throw .failure(failure)
        case .send(let status, let body): try await exchange.sendFresh(status: status, body: body)
        case .allow(let methods):
            try await exchange.send(
                status: 204, contentType: nil, body: [], headers: [("allow", methods.joined(separator: ", "))]
            )
        case .sendModels:
            try await exchange.send(status: 200, body: OpenAIModelEncoder.list(await router.listing()))
        case .sendModel(let id): try await sendModel(id, exchange)
        case .chat(let body, let credential): return try await chat(body, credential, exchange)
        case .run(let probe): return probe
        }
        return nil
    }

    private func check(_ method: String, _ path: String, _ route: Route) throws(Failure) {
        guard route != .unknown else {
            throw Failure(.routeNotFound, "Unknown request URL: \(Self.shown(method)) \(Self.shown(path)).")
        }
        guard route.methods.contains(method) else {
            throw Failure(
                .methodNotAllowed(route.methods),
                "\(Self.shown(path)) does not take the method \(Self.shown(method)).")
        }
    }

    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) private func sendModel(_ id: String, _ exchange: Exchange) async throws(ExchangeStop) {
        let entry: ModelEntry
        do throws(Failure) {
            entry = try await router.entry(id)
        } catch {
            throw .failure(error)
        }
        try await exchange.send(status: 200, body: OpenAIModelEncoder.model(entry))
    }

    private func chat(
        _ body: consuming [UInt8], _ credential: String, _ exchange: Exchange
    ) async throws(ExchangeStop) -> any RunningChat {
        let chat: PreparedChat
        do throws(Failure) {
            if let short = try PreparedChat.atOnce(body, router: router, limits: configuration.limits) {
                chat = short
            } else {
                chat = try await PreparedChat.prepare(
                    body, router: router, limits: configuration.limits, offload: ports.offload)
            }
        } catch {
            throw .failure(error)
        }
        // The client may have left while a long body was decoded: then nothing is to be paid for.
        if Task.isCancelled { throw .clientGone }
        return start(chat, credential, exchange)
    }

    /// Starts the upstream calls, as many as there are choices.
    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) private func start(
        _ chat: PreparedChat, _ credential: String, _ exchange: Exchange
    ) -> any RunningChat {
        let plan = chat.plan
        exchange.ignore(plan.ignored)
        exchange.record.note(plan)
        let request = chat.upstreamRequest(credential: credential, limits: configuration.limits)
        let calls = (0..<plan.choiceCount).map { _ in ports.transport.start(request) }
        let id = Identifier.make("chatcmpl-", ports.random)
        let created = ports.clock.unixTime().seconds
        guard plan.isStreamed else {
            let encoder = OpenAIChatResultEncoder(id: id, created: created, model: plan.route.model)
            return ChatResult(
                exchange, plan, calls, encoder, ports: ports, limits: configuration.limits)
        }
        let answer = StreamedAnswer(plan, id: id, created: created, limits: configuration.limits)
        return ChatStream(
            exchange, plan.route.upstream, calls, answer, ports: ports, heartbeat: configuration.heartbeat)
    }

    /// Client text as an error repeats it: without control characters, cut at 200 characters.
    private static func shown(_ text: String) -> String {
        let plain = text.prefix(200).filter {
            $0.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        }
        return plain.count < text.count ? plain + "…" : String(plain)
    }

    private static let rootBody = Array(
        (#"{"name":"fastrelay","object":"relay","endpoints":["#
            + #""GET /v1/models","GET /v1/models/{id}","POST /v1/chat/completions","GET /health"]}"#).utf8)
    private static let healthBody = Array(#"{"status":"ok"}"#.utf8)
}

extension ExchangeRecord {
    /// Takes over what is known when the upstream calls start.
    fileprivate mutating func note(_ chat: ChatPlan) {
        // A name that no list has is the client's text and not kept.
        model = chat.route.isListed ? chat.route.model : Self.unlistedModel
        upstream = chat.route.upstream.name
        upstreamCalls = chat.choiceCount
        isStreamed = chat.isStreamed
    }

    /// Takes over what the calls used.
    mutating func note(_ usage: Usage?) {
        guard let usage else { return }
        inputTokens = usage.inputTokens
        outputTokens = usage.outputTokens
        usageIsCounted = usage.origin == .counted
        usageIsEstimated = usage.origin == .estimated
        credits = usage.credits
    }

    /// What stands for a model that no list has.
    static let unlistedModel = "(unlisted)"
}
