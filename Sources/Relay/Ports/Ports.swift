/// Everything through which the relay touches the world, handed around together.
///
/// An object, since every exchange and every open stream has it, and as a value it would be 360 bytes in each.
public final class Ports: Sendable {
    /// The way to the vendors.
    public let transport: any UpstreamTransport
    /// The time.
    public let clock: any RelayClock
    /// Unpredictable numbers.
    public let random: any RandomSource
    /// The log.
    public let log: any ExchangeLog
    /// The place for work that takes long.
    public let offload: any Offload
    /// Where processes share lists of models.
    public let store: any CatalogueStore
    /// Where answers and conversations are kept.
    public let conversations: any ConversationStore
    /// Where files are kept.
    public let files: any FileStore
    /// What is remembered of uploads to vendors.
    public let assets: any AssetCache
    /// Where the use of limited things is counted.
    public let limits: any LimitStore

    /// Gathers the ports.
    public init(
        transport: any UpstreamTransport, clock: any RelayClock, random: any RandomSource,
        log: any ExchangeLog,
        offload: any Offload = InlineOffload(), store: any CatalogueStore = NoCatalogueStore(),
        conversations: any ConversationStore = NoConversationStore(),
        files: any FileStore = NoFileStore(), assets: any AssetCache = NoAssetCache(),
        limits: any LimitStore = NoLimitStore()
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
        self.limits = limits
    }
}
