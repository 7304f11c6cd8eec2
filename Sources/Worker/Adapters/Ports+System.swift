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
        let kept = connection(configuration.store, clock, random, log)
        return Ports(
            transport: CurlTransport(pools: pools), clock: clock, random: random, log: log,
            offload: ThreadOffload(threads: threads), store: store(configuration, log),
            conversations: kept.map { SQLiteConversationStore($0) } ?? NoConversationStore(),
            files: files(configuration, kept, random, log),
            assets: kept.map { SQLiteAssetCache($0) } ?? MemoryAssetCache(clock: clock, random: random),
            limits: LimitStores.make(configuration, clock, log))
    }

    private static func store(
        _ configuration: Configuration, _ log: any ExchangeLog
    ) -> any CatalogueStore {
        guard let directory = configuration.cacheDirectory else { return NoCatalogueStore() }
        return FileCatalogueStore(directory: directory, log: log)
    }

    private static func connection(
        _ configuration: Configuration.Store, _ clock: any RelayClock, _ random: any RandomSource,
        _ log: any ExchangeLog
    ) -> StoreConnection? {
        guard let path = configuration.path else { return nil }
        var limits = StoreLimits()
        limits.retention = configuration.retention
        return StoreConnection(
            path: path, maximumBytes: configuration.maximumBytes, limits: limits, clock: clock,
            random: random, log: log)
    }

    private static func files(
        _ configuration: Configuration, _ connection: StoreConnection?, _ random: any RandomSource,
        _ log: any ExchangeLog
    ) -> any FileStore {
        guard let connection, let path = configuration.store.path else { return NoFileStore() }
        return SQLiteFileStore(
            connection, directory: configuration.files.directory ?? path + "-files",
            limits: configuration.files.limits, random: random, log: log)
    }
}
