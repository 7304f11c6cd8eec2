import Dialects
import Synchronization
import Wire

/// The models of one kind that one vendor offers, kept fresh without keeping anybody waiting.
///
/// | what is known | what a request gets | meanwhile |
/// |---|---|---|
/// | a fresh list | that list | nothing |
/// | a list older than `refresh` | that list | one fetch runs |
/// | no list yet | the built-in list, `isConfirmed` false | one fetch runs |
/// | the last fetch failed | the list there is | the next fetch after 5 s, 10 s, 20 s … 5 min |
/// | another process fetches | the list there is | a look at what it saved, after 1 s |
///
/// Fetches are made by `run`, which one task of the process runs; everybody else only asks for one. What one process
/// fetched is in the store for the others, and only one of them fetches at a time.
///
/// When the configuration is read again, a catalogue that nothing changed for goes on; else its successor begins with
/// what it knew.
final class ModelCatalogue: Sendable {
    /// The list at one moment.
    struct Snapshot: Sendable {
        /// The models and their names.
        var list: ModelList
        /// Whether the vendor itself gave the list, at whatever time; the built-in one may lack new models.
        var isConfirmed: Bool
    }

    private struct State {
        var snapshot: Snapshot
        var nextFetch: Instant?
        var isFetching = false
        var failures = 0
        var hasPrepared = false
        /// What was wrong with the stored list when it was last looked at.
        var reported: StoredModelList.Unusable?
    }

    /// The wait before a fetch that follows a failed one.
    static let firstBackoff = Duration.seconds(5)
    /// The longest such wait.
    static let longestBackoff = Duration.seconds(300)
    /// The wait before the next look at the store, while another process fetches and there is a list to go on with.
    static let lookAgain = Duration.seconds(1)
    /// The same where there is no list yet, and a request may wait for it.
    static let lookAgainSoon = Duration.milliseconds(100)
    /// A process that has no list believes no longer than this that another is fetching one, which its time-outs forbid.
    static let longestClaim = Duration.seconds(35)
    /// The longest answer that is read, in bytes; 103 models came in about 150 KB in October 2026.
    static let maximumAnswerBytes = 16 << 20
    /// Time-outs of a fetch: it keeps nobody waiting, but holds a connection.
    static let timeouts = Timeouts(
        connect: .seconds(5), firstByte: .seconds(10), firstEvent: nil, idle: .seconds(10),
        total: .seconds(30))

    private let upstream: Upstream
    private let isRunning = Atomic(false)
    private let kind: ModelEntry.Kind
    private let models: Configuration.Models
    private let ports: Ports
    private let storedName: String
    private let state: Mutex<State>
    private let firstAttempt = Latch()
    private let demands: AsyncStream<Void>
    private let demand: AsyncStream<Void>.Continuation

    /// A catalogue that asks nobody yet and holds the built-in list, or that of a predecessor at the same vendor.
    init(
        _ upstream: Upstream, kind: ModelEntry.Kind, models: Configuration.Models, ports: Ports,
        succeeding predecessor: ModelCatalogue? = nil
    ) {
        self.upstream = upstream
        self.kind = kind
        self.models = models
        self.ports = ports
        storedName = StoredModelList.name(
            provider: upstream.name, source: upstream.settings.baseURL.text, kind: kind)
        (demands, demand) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        if let predecessor, predecessor.hasSameVendor(as: upstream), predecessor.kind == kind {
            var known = predecessor.state.withLock { $0 }
            if predecessor.models.permitted != models.permitted {
                known.snapshot.list = ModelList(known.snapshot.list.entries, permitted: models.permitted)
            }
            // A fetch that runs is the predecessor's.
            known.isFetching = false
            if known.failures > 0 {
                // What was changed may be what made the fetches fail.
                known.failures = 0
                known.nextFetch = nil
            } else if let next = known.nextFetch {
                known.nextFetch = min(next, ports.clock.now() + models.refresh)
            }
            if predecessor.firstAttempt.isOpen { firstAttempt.open() }
            state = Mutex(known)
        } else {
            let builtIn = ModelList(OneMinCatalogue.models(of: kind), permitted: models.permitted)
            state = Mutex(State(snapshot: Snapshot(list: builtIn, isConfirmed: false)))
        }
    }

    /// Whether a catalogue made of these settings would be no other than this one.
    func serves(_ settings: Configuration.Provider, _ models: Configuration.Models) -> Bool {
        upstream.settings == settings && self.models.permitted == models.permitted
            && self.models.refresh == models.refresh
    }

    /// The vendor whose list this is; a proxy or a time-out does not make it another one.
    private func hasSameVendor(as other: Upstream) -> Bool {
        upstream.settings.kind == other.settings.kind && upstream.settings.baseURL == other.settings.baseURL
    }

    /// Ends `run` after the fetch at hand: nobody asks any more but exchanges that were begun before.
    func retire() {
        demand.finish()
    }

    /// The list as it is, at once; asks for a fetch when one is due.
    func current() -> Snapshot {
        let now = ports.clock.now()
        let (snapshot, isDue) = state.withLock { state in
            let isDue = !state.isFetching && state.nextFetch.map { $0 <= now } ?? true
            if isDue { state.isFetching = true }
            return (state.snapshot, isDue)
        }
        if isDue { demand.yield() }
        return snapshot
    }

    /// The list as it is, but after the first fetch there ever was, if that ends by then; at once without a deadline.
    func current(awaitingFirstUntil deadline: Instant?) async -> Snapshot {
        guard let deadline else { return current() }
        return await current(awaitingFirstFor: deadline - ports.clock.now())
    }

    /// The list as it is, but after the first fetch there ever was, if that ends within `limit`.
    func current(awaitingFirstFor limit: Duration) async -> Snapshot {
        let snapshot = current()
        guard !snapshot.isConfirmed, limit > .zero else { return snapshot }
        await firstAttempt.wait(atMost: limit, on: ports.clock)
        // Read again even without having waited: the fetch may have ended since the first look.
        return current()
    }

    /// Makes the fetches that are asked for, one after the other, until the task is cancelled or `retire`.
    ///
    /// Returns at once where another task runs it already.
    func run() async {
        guard !isRunning.exchange(true, ordering: .relaxed) else { return }
        // What few ask for is looked for in the store when they do.
        if kind == .chat { await prepare() }
        for await _ in demands { await update() }
        // Nothing will be fetched any more: nobody need wait for it.
        firstAttempt.open()
    }

    /// Begins with what another process may have left in the store. Looks once, whoever calls it.
    func prepare() async {
        let isFirst = state.withLock { state in
            defer { state.hasPrepared = true }
            return !state.hasPrepared
        }
        if isFirst { _ = await takeStored() }
    }

    /// Gets a fresh list, from the store or from the vendor.
    private func update() async {
        let deadline = ports.clock.now() + Self.longestClaim
        while !Task.isCancelled {
            if await takeStored() { return }
            guard ports.clock.now() < deadline else { return await fetch() }
            if await ports.store.claim(storedName) {
                // Between the look and the claim the one before may have saved its list.
                if !(await takeStored()) { await fetch() }
                await ports.store.release(storedName)
                return
            }
            guard !postpone(by: Self.lookAgain) else { return }
            // Being cancelled ends the loop.
            try? await ports.clock.sleep(for: Self.lookAgainSoon)
        }
    }

    /// Puts the next look off, if there is a list to go on with.
    private func postpone(by wait: Duration) -> Bool {
        let now = ports.clock.now()
        return state.withLock { state in
            guard state.snapshot.isConfirmed else { return false }
            state.isFetching = false
            state.nextFetch = now + wait
            return true
        }
    }

    /// Takes over the stored list, if it can be used and is newer than the one there is.
    ///
    /// - Returns: whether the list there is now is a fresh one.
    private func takeStored() async -> Bool {
        let limit = Self.maximumAnswerBytes + StoredModelList.maximumHeadBytes
        guard let bytes = await ports.store.load(storedName, maximumBytes: limit) else { return false }
        let source = upstream.settings.baseURL.text
        // Both at once: what passes until the bytes are read makes the list neither older nor younger.
        let (kind, unixTime, now) = (kind, ports.clock.unixTime().seconds, ports.clock.now())
        let age: Duration
        let entries: [ModelEntry]
        do throws(StoredModelList.Unusable) {
            (age, entries) = try await ports.offload.run { () throws(StoredModelList.Unusable) in
                let stored = try StoredModelList(bytes, source: source, kind: kind)
                let age = try stored.age(at: unixTime)
                // What is wrong with it was never sent by the vendor: it is damage.
                guard let entries = try? OneMinModelListing.decode(stored.answer, kind: kind),
                    !entries.isEmpty
                else { throw StoredModelList.Unusable(reason: "It is damaged.") }
                return (age, entries)
            }
        } catch {
            report(error)
            return false
        }
        let list = ModelList(entries, permitted: models.permitted)
        let due = now + (models.refresh - age)
        let isFresh = age < models.refresh
        state.withLock { state in
            if isFresh { state.isFetching = false }
            // The store has what this process fetched itself, too.
            if let next = state.nextFetch, state.snapshot.isConfirmed, next >= due { return }
            state.snapshot = Snapshot(list: list, isConfirmed: true)
            state.nextFetch = due
            state.failures = 0
        }
        firstAttempt.open()
        return isFresh
    }

    /// Tells once why a stored list cannot be used; it is looked at several times before another takes its place.
    private func report(_ error: StoredModelList.Unusable) {
        let isNew = state.withLock { state in
            defer { state.reported = error }
            return state.reported != error
        }
        guard isNew else { return }
        ports.log.event(
            .warning, "stored model list is not used",
            [
                LogField("upstream", .string(upstream.name)), LogField("kind", .string(kind.rawValue)),
                LogField("reason", .string(error.reason.description)),
            ])
    }

    private func fetch() async {
        let answer: Result<(answer: [UInt8], entries: [ModelEntry]), Failure>
        do throws(Failure) {
            answer = .success(try await fetched())
        } catch {
            answer = .failure(error)
        }
        var list: ModelList?
        if case .success(let value) = answer {
            list = ModelList(value.entries, permitted: models.permitted)
            // First, for whoever answers with the list may end the process: a CGI program does.
            await save(value.answer)
        }
        let now = ports.clock.now()
        state.withLock { state in
            state.isFetching = false
            if let list {
                state.snapshot = Snapshot(list: list, isConfirmed: true)
                state.failures = 0
                state.nextFetch = now + models.refresh
            } else {
                state.nextFetch = now + Self.backoff(after: state.failures)
                state.failures += 1
            }
        }
        firstAttempt.open()
        switch answer {
        case .success(let value):
            ports.log.event(
                .debug, "model list fetched",
                [
                    LogField("upstream", .string(upstream.name)), LogField("kind", .string(kind.rawValue)),
                    LogField("models", .int(value.entries.count)),
                ])
        case .failure(let failure):
            ports.log.event(
                .warning, "model list cannot be fetched",
                [
                    LogField("upstream", .string(upstream.name)), LogField("kind", .string(kind.rawValue)),
                    LogField("reason", .string(failure.message)),
                ])
        }
    }

    private func save(_ answer: [UInt8]) async {
        let stored = StoredModelList(answer: answer, fetched: ports.clock.unixTime().seconds)
        await ports.store.save(
            stored.encoded(source: upstream.settings.baseURL.text, kind: kind), as: storedName)
        state.withLock { $0.reported = nil }
    }

    private func fetched() async throws(Failure) -> (answer: [UInt8], entries: [ModelEntry]) {
        var request = upstream.request("GET", path: OneMinModelListing.path(for: kind))
        request.timeouts = Self.timeouts
        request.maximumResponseBytes = Self.maximumAnswerBytes
        let call = ports.transport.start(request)
        defer { call.cancel() }
        let answer = try await UpstreamAnswer.collect(call, from: upstream)
        guard answer.isSuccess else {
            throw OneMinErrorDecoder.failure(
                status: answer.status, headers: answer.headers, body: answer.body)
        }
        let kind = kind
        let entries = try await ports.offload.run { () throws(Failure) in
            try OneMinModelListing.decode(answer.body, kind: kind)
        }
        guard !entries.isEmpty else { throw Failure(.upstreamFailed, "The list of models is empty.") }
        return (answer.body, entries)
    }

    /// 5 s after the first failure, twice as long after each further one, 300 s at most.
    private static func backoff(after failures: Int) -> Duration {
        min(longestBackoff, firstBackoff * (1 << min(failures, 10)))
    }
}
