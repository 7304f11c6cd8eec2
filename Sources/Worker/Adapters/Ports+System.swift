internal import Curl
internal import Relay

extension Ports {
    /// The world as a process of the relay sees it: its loops, the machine's clocks, and the configuration's stores.
    ///
    /// - Parameters:
    ///   - configuration: says where processes share lists of models and keep answers, if they do.
    ///   - pools: one for each loop that calls vendors.
    ///   - threads: for work that takes long, at most so many at once.
    static func system(
        _ configuration: Configuration, pools: [TransferPool], log: any ExchangeLog, threads: Int
    ) -> Ports {
        let clock = SystemClock()
        let random = SystemRandom()
        return Ports(
            transport: CurlTransport(pools: pools), clock: clock, random: random, log: log,
            offload: ThreadOffload(threads: threads), store: store(configuration, log),
            conversations: conversations(configuration.store, clock, random, log))
    }

    private static func store(
        _ configuration: Configuration, _ log: any ExchangeLog
    ) -> any CatalogueStore {
        guard let directory = configuration.cacheDirectory else { return NoCatalogueStore() }
        return FileCatalogueStore(directory: directory, log: log)
    }

    private static func conversations(
        _ configuration: Configuration.Store, _ clock: any RelayClock, _ random: any RandomSource,
        _ log: any ExchangeLog
    ) -> any ConversationStore {
        guard let path = configuration.path else { return NoConversationStore() }
        var limits = StoreLimits()
        limits.retention = configuration.retention
        return SQLiteConversationStore(
            path: path, maximumBytes: configuration.maximumBytes, limits: limits, clock: clock,
            random: random,
            log: log)
    }
}
