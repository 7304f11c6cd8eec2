import Dialects
import Wire

/// The relay: takes requests of clients, and answers them with the help of vendors.
///
/// One object serves the whole process; everything in it may be called from any thread. It holds no connection, file or
/// thread: those come through the ports.
public final class Relay: Sendable {
    /// What the operator wants.
    let configuration: Configuration
    /// The way to the world.
    let ports: Ports
    /// Finds models.
    let router: ModelRouter
    private let admission: Admission
    /// Counts the probes that take time.
    let probes = ProbeGate()

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
                if let known, known.serves(settings, models) { return known }
                return Vendor(settings, models: models, ports: ports, succeeding: known)
            })
        admission = Admission(configuration, ports, succeeding: predecessor?.admission)
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

    /// Does the relay's housekeeping: fetches lists of models when requests ask for them, and deletes what has expired.
    ///
    /// One task of the process runs it, beside the exchanges, and cancels it at the end. Without it everything works but
    /// with the built-in list of models only. It returns early when there is nothing left to keep for this relay.
    public func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.sweep() }
            group.addTask { await self.renewLeases() }
            await router.run()
            group.cancelAll()
        }
    }

    /// How often what has expired is deleted.
    private static let sweepInterval = Duration.seconds(600)

    private func sweep() async {
        guard ports.conversations.isConfigured || ports.files.isConfigured else { return }
        while (try? await ports.clock.sleep(for: Self.sweepInterval)) != nil {
            // In this order: the second lets go of what both share.
            await ports.files.sweep()
            await ports.conversations.sweep()
        }
    }

    /// How often it is said that what running requests hold is still in use, within the time that it counts.
    private static let renewalsPerLease = 4

    private func renewLeases() async {
        let interval = configuration.limits.lease / Self.renewalsPerLease
        while (try? await ports.clock.sleep(for: interval)) != nil { ports.limits.renew() }
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
        let exchange = Exchange(
            request, route: route, client: client, ports: ports, admission: admission)
        do throws(Failure) {
            exchange.step = try firstStep(request, route, exchange)
            try admission.count(exchange, route)
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
            // While the store is asked. Of long ones, what is refused then would have cost too much.
            let isAhead =
                exchange.ticket.claims.first?.inquiry != nil && exchange.record.bytesIn <= Self.aheadBytes
            if isAhead { prepareAtOnce(exchange) }
            if !exchange.ticket.claims.isEmpty { try await admission.admit(exchange) }
            if !isAhead { prepareAtOnce(exchange) }
            if let chat = try startAtOnce(exchange) {
                try await chat.run()
            } else {
                try await take(exchange.takeStep(), exchange)?.run()
            }
        } catch {
            await exchange.end(by: error)
        }
        exchange.finish()
    }

    /// Chats of so many bytes are prepared while the store of limits is asked.
    private static let aheadBytes = 16 << 10

    /// Checks in order: the path, the method, the key, the body.
    private func firstStep(
        _ request: consuming ClientRequest, _ route: Route, _ exchange: Exchange
    ) throws(Failure) -> Exchange.Step {
        try check(request.method, request.path, route)
        if request.method == "OPTIONS" { return .allow(methods: route.methods) }
        let credential = route.needsCredential ? try admission.credential(of: request, route, exchange) : ""
        switch route {
        case .root: return .send(status: 200, body: RelayStatus.root)
        case .health:
            return .send(
                status: 200, body: RelayStatus.health(request, configuration.health, store: ports.limits))
        case .models:
            guard exchange.dialect == .anthropic else { return .sendModels }
            return .sendAnthropicModels(try AnthropicPage(query: request.query))
        case .model(let id): return .sendModel(id: id)
        case .chatCompletions, .completions, .responses, .messages:
            return .chat(
                body: try RequestBody.json(of: request, maximumBytes: configuration.limits.bodyBytes),
                credential: credential)
        case .responseTokens, .messageTokens:
            return .countTokens(
                body: try RequestBody.json(of: request, maximumBytes: configuration.limits.bodyBytes),
                credential: credential)
        case .stored(let object):
            let body =
                request.method == "POST"
                ? try RequestBody.json(of: request, maximumBytes: configuration.limits.bodyBytes) : []
            return .stored(
                object,
                StoredRequest(
                    method: request.method, query: request.query, body: body, credential: credential))
        case .imageGenerations, .imageEdits, .imageVariations, .transcriptions, .translations, .speech,
            .files,
            .file, .fileContent:
            return .media(try MediaRequest(request, route, credential, configuration.limits))
        case .embeddings, .moderations: throw Failure.notOffered(route)
        case .probe(let probe): return try firstStep(of: probe, request, credential, exchange)
        case .unknown: return .fail(Failure(.routeNotFound, "Unknown request URL."))
        }
    }

    /// Answers, or starts the chat that will.
    private func take(
        _ step: consuming Exchange.Step, _ exchange: Exchange
    ) async throws(ExchangeStop) -> (any ExchangeRun)? {
        switch step {
        case .none: break
        case .fail(let failure): throw .failure(failure)
        case .send(let status, let body): try await exchange.sendFresh(status: status, body: body)
        case .allow(let methods):
            var further = HeaderLines()
            further.add("allow", methods.joined(separator: ", "))
            try await exchange.send(status: 204, contentType: nil, body: [], further: further)
        case .sendModels:
            try await exchange.send(status: 200, body: OpenAIModelEncoder.list(await router.listing()))
        case .sendAnthropicModels(let page):
            try await sendModels(page, exchange)
        case .sendModel(let id): try await sendModel(id, exchange)
        case .chat(let body, let credential): return try await chat(body, credential, exchange)
        case .ready: assertionFailure("it was to be started at once")
        case .start(let chat):
            try await admission.admit(exchange)
            if Task.isCancelled { throw .clientGone }
            return start(chat, exchange)
        case .countTokens(let body, let credential): try await countTokens(body, credential, exchange)
        case .stored(let object, let request):
            if object.isMade(by: request.method), ports.conversations.isConfigured {
                try await admission.vet(request.credential, of: exchange, by: router.vendors)
            }
            try await answer(object, request, exchange)
        case .media(let request):
            // Before any of the body is read.
            if request.keepsFile, ports.files.isConfigured {
                try await admission.vet(request.credential, of: exchange, by: router.vendors)
            }
            return run(request, exchange)
        case .run(let probe): return probe
        }
        return nil
    }

    private func check(_ method: String, _ path: String, _ route: Route) throws(Failure) {
        guard route != .unknown else {
            throw Failure(.routeNotFound, "Unknown request URL: \(method.shownInError) \(path.shownInError).")
        }
        guard route.methods.contains(method) else {
            throw Failure(
                .methodNotAllowed(route.methods),
                "\(path.shownInError) does not take the method \(method.shownInError).")
        }
    }

    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) private func sendModels(
        _ page: AnthropicPage, _ exchange: Exchange
    ) async throws(ExchangeStop) {
        let body: [UInt8]
        do throws(Failure) {
            body = try AnthropicModelEncoder.list(await router.listing(), page: page)
        } catch {
            throw .failure(error)
        }
        try await exchange.send(status: 200, body: body)
    }

    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) private func sendModel(_ id: String, _ exchange: Exchange) async throws(ExchangeStop) {
        let entry: ModelEntry
        do throws(Failure) {
            entry = try await router.entry(id)
        } catch {
            throw .failure(error)
        }
        try await exchange.send(
            status: 200,
            body: exchange.dialect == .anthropic
                ? AnthropicModelEncoder.model(entry) : OpenAIModelEncoder.model(entry))
    }

    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) private func answer(
        _ object: StoredObject, _ request: StoredRequest, _ exchange: Exchange
    ) async throws(ExchangeStop) {
        let body: [UInt8]
        do throws(Failure) {
            body = try await StoreDesk(ports: ports, offloadBytes: configuration.limits.offloadBytes)
                .answer(request, about: object)
        } catch {
            throw .failure(error)
        }
        try await exchange.send(status: 200, body: body)
    }

    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) private func countTokens(
        _ body: [UInt8], _ credential: String, _ exchange: Exchange
    ) async throws(ExchangeStop) {
        let answer: [UInt8]
        do throws(Failure) {
            answer = try await preparation(credential, exchange).countTokens(body)
        } catch {
            throw .failure(error)
        }
        try await exchange.send(status: 200, body: answer)
    }

    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) private func run(_ request: MediaRequest, _ exchange: Exchange) -> any ExchangeRun {
        MediaContext(
            exchange: exchange, request: request, router: router, configuration: configuration, ports: ports
        ).run()
    }

    private func preparation(_ credential: String, _ exchange: Exchange) -> ChatPreparation {
        ChatPreparation(dialect: exchange.dialect, credential: credential, relay: self)
    }

    /// Prepares a chat that can be without waiting for anything; everything else stays as it is.
    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) private func prepareAtOnce(_ exchange: Exchange) {
        guard case .chat(let body, let credential) = exchange.step else { return }
        do throws(Failure) {
            guard let chat = try preparation(credential, exchange).atOnce(body) else { return }
            exchange.step = .ready(chat)
        } catch {
            exchange.step = .fail(error)
        }
    }

    /// Starts a chat that was prepared at once; nil for everything else, which stays as it is.
    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) private func startAtOnce(_ exchange: Exchange) throws(ExchangeStop) -> (any ExchangeRun)? {
        guard case .ready(let chat) = exchange.step else { return nil }
        exchange.step = .none
        // The client may have left before anything was paid for.
        if Task.isCancelled { throw .clientGone }
        if let claim = admission.further(chat, exchange) {
            do throws(Failure) {
                guard try admission.count(claim, exchange) else {
                    exchange.step = .start(chat)
                    return nil
                }
            } catch {
                throw .failure(error)
            }
        }
        return start(chat, exchange)
    }

    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) private func chat(
        _ body: consuming [UInt8], _ credential: String, _ exchange: Exchange
    ) async throws(ExchangeStop) -> any ExchangeRun {
        let uploads = MediaCalls.CallCount()
        defer { exchange.record.upstreamCalls += uploads.value }
        let chat = try await preparation(credential, exchange).prepare(body, uploads)
        exchange.ticket.claims = admission.further(chat, exchange).map { [OpenClaim(claim: $0)] } ?? []
        try await admission.admit(exchange)
        // The client may have left while a long body was decoded: then nothing is to be paid for.
        if Task.isCancelled { throw .clientGone }
        return start(chat, exchange)
    }

    /// Starts the upstream calls, as many as there are choices.
    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) private func start(
        _ chat: PreparedChat, _ exchange: Exchange
    ) -> any ExchangeRun {
        let plan = chat.plan
        admission.giveBackOtherClass(exchange)
        exchange.ticket.keepHeld()
        exchange.hasStarted = true
        exchange.ignore(plan.ignored)
        exchange.record.note(plan)
        exchange.mayBePaid = chat.painting != nil
        let calls = chat.calls.map { call($0, chat) }
        let (random, clock) = (ports.random, ports.clock)
        let start = AnswerForm.Start(
            id: Identifier.make(exchange.dialect.answerPrefix, random),
            created: clock.unixTime().seconds, model: plan.route.model, now: { clock.unixTime().seconds }
        ) { Identifier.make($0, random) }
        guard plan.isStreamed else {
            return ChatResult(
                exchange, plan, calls, plan.form.resultEncoder(start), keeping: chat.keeping, ports: ports,
                limits: ChoiceReader.Limits(configuration.limits))
        }
        return ChatStream(
            exchange, plan, calls, StreamedAnswer(plan, start, limits: configuration.limits),
            keeping: chat.keeping, ports: ports, heartbeat: configuration.heartbeat)
    }

    private func call(_ call: UpstreamRequest, _ chat: PreparedChat) -> any UpstreamCall {
        let running = ports.transport.start(call)
        guard let painting = chat.painting else { return running }
        return PaintingCall(
            running, painting.calls, prompt: painting.prompt, showing: painting.showing)
    }
}
