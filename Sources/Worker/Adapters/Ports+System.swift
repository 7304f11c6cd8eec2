internal import Curl
internal import Relay

extension Ports {
    /// The world as a process of the relay sees it: its loops, the machine's clocks, and the configuration's store.
    ///
    /// - Parameters:
    ///   - configuration: says where processes share lists of models, if they do.
    ///   - pools: one for each loop that calls vendors.
    ///   - threads: for work that takes long, at most so many at once.
    static func system(
        _ configuration: Configuration, pools: [TransferPool], log: any ExchangeLog, threads: Int
    ) -> Ports {
        Ports(
            transport: CurlTransport(pools: pools), clock: SystemClock(), random: SystemRandom(), log: log,
            offload: ThreadOffload(threads: threads), store: store(configuration, log))
    }

    private static func store(
        _ configuration: Configuration, _ log: any ExchangeLog
    ) -> any CatalogueStore {
        guard let directory = configuration.cacheDirectory else { return NoCatalogueStore() }
        return FileCatalogueStore(directory: directory, log: log)
    }
}
