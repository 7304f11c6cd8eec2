/// Everything through which the relay touches the world, handed around together.
public struct Ports: Sendable {
    /// The way to the vendors.
    public var transport: any UpstreamTransport
    /// The time.
    public var clock: any RelayClock
    /// Unpredictable numbers.
    public var random: any RandomSource
    /// The log.
    public var log: any ExchangeLog
    /// The place for work that takes long.
    public var offload: any Offload
    /// Where processes share lists of models.
    public var store: any CatalogueStore
    /// Where answers and conversations are kept.
    public var conversations: any ConversationStore
    /// Where files are kept.
    public var files: any FileStore
    /// What is remembered of uploads to vendors.
    public var assets: any AssetCache

    /// Gathers the ports.
    public init(
        transport: any UpstreamTransport, clock: any RelayClock, random: any RandomSource,
        log: any ExchangeLog,
        offload: any Offload = InlineOffload(), store: any CatalogueStore = NoCatalogueStore(),
        conversations: any ConversationStore = NoConversationStore(),
        files: any FileStore = NoFileStore(), assets: any AssetCache = NoAssetCache()
    ) {
        self.transport = transport
        self.clock = clock
        self.random = random
        self.log = log
        self.offload = offload
        self.store = store
        self.conversations = conversations
        self.files = files
        self.assets = assets
    }
}
