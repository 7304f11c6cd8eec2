/// Where answers and conversations are kept for callers who come back to them.
///
/// Everything belongs to a caller, who is known by the whole credential; a conformer keeps no credential, only a keyed
/// hash of it under a secret of its own. What belongs to another caller, has expired or never was is simply not there.
/// Bodies and items are bytes that nobody looks into: the dialect owns what they mean. Order is that of arrival.
///
/// Several processes may use one store at a time; each call happens as a whole or not at all. A conformer never blocks
/// the caller's thread, and may be called from any.
public protocol ConversationStore: Sendable {
    /// Whether anything can be kept at all; `false` where no store is configured.
    var isConfigured: Bool { get }

    /// Keeps an answer, instead of one with the same id, and puts its items behind those of its conversation.
    ///
    /// Where the caller has too much, or the store has no room, the oldest answers make room for it.
    /// - Returns: `false` when it belongs to a conversation that is not there; nothing was kept then.
    func saveResponse(_ response: StoredResponse, for credential: String) async throws(StoreError) -> Bool

    /// The body of an answer; `nil` when it is not there.
    func response(_ id: String, for credential: String) async throws(StoreError) -> [UInt8]?

    /// Deletes an answer with its items; those in a conversation stay.
    ///
    /// - Returns: whether it was there.
    func deleteResponse(_ id: String, for credential: String) async throws(StoreError) -> Bool

    /// A page of the input items of one answer, without those of answers before it; `nil` when it is not there.
    ///
    /// A page can be shorter than was asked for, where its items are large.
    func inputItems(
        ofResponse id: String, page: StoredPage, for credential: String
    ) async throws(StoreError) -> StoredItemList?

    /// The items of an answer and of those before it, oldest first: of each the input, then the output.
    ///
    /// What stood in the conversation of an answer before it is not among them.
    /// - Returns: `nil` when the answer or any before it is not there.
    /// - Throws: also `tooLarge`, when there are more than `maximumResponses` or more than `maximumBytes` in all items.
    func history(
        endingAt id: String, maximumResponses: Int, maximumBytes: Int, for credential: String
    ) async throws(StoreError) -> [StoredItem]?

    /// Keeps a conversation under an id that was not used before.
    func createConversation(
        _ conversation: StoredConversation, items: [StoredItem], for credential: String
    ) async throws(StoreError)

    /// A conversation without its items; `nil` when it is not there.
    func conversation(_ id: String, for credential: String) async throws(StoreError) -> StoredConversation?

    /// Replaces what a caller noted about a conversation.
    ///
    /// - Returns: the conversation as it is now; `nil` when it is not there.
    func setMetadata(
        _ metadata: [UInt8], ofConversation id: String, for credential: String
    ) async throws(StoreError) -> StoredConversation?

    /// Deletes a conversation with its items.
    ///
    /// - Returns: whether it was there.
    func deleteConversation(_ id: String, for credential: String) async throws(StoreError) -> Bool

    /// Puts items behind those of a conversation, in this order and with none of others between them.
    ///
    /// One whose id is there already stays as and where it is.
    /// - Returns: whether the conversation was there.
    func addItems(
        _ items: [StoredItem], toConversation id: String, for credential: String
    ) async throws(StoreError) -> Bool

    /// A page of the items of a conversation; `nil` when it is not there.
    func items(
        ofConversation id: String, page: StoredPage, for credential: String
    ) async throws(StoreError) -> StoredItemList?

    /// One item of a conversation; `nil` when it is not there.
    func item(
        _ id: String, ofConversation conversation: String, for credential: String
    ) async throws(StoreError) -> StoredItem?

    /// Deletes one item of a conversation.
    ///
    /// - Returns: whether it was there.
    func deleteItem(
        _ id: String, ofConversation conversation: String, for credential: String
    ) async throws(StoreError) -> Bool

    /// All items of a conversation, oldest first; `nil` when it is not there.
    ///
    /// - Throws: also `tooLarge`, when they are more than `maximumBytes`.
    func history(
        ofConversation id: String, maximumBytes: Int, for credential: String
    ) async throws(StoreError) -> [StoredItem]?

    /// Deletes a part of what has expired, and lets go of what is not needed while nobody calls.
    ///
    /// To be called every few minutes while the process runs. What has expired is never found, whether it was deleted
    /// yet or not.
    func sweep() async
}

/// Why a store did not do what it was asked to.
public enum StoreError: Error, Sendable, Equatable {
    /// It cannot be used at present; the reason is one short sentence for the operator, without a caller's data.
    case unavailable(String)
    /// There is no room, and nothing that may be deleted for it.
    case full
    /// What was given, or asked for, is over a limit.
    case tooLarge
    /// The item after which a page begins is not there.
    case unknownItem
}

/// How much is kept, of whom and for how long.
public struct StoreLimits: Sendable, Equatable {
    /// How long an answer is kept after it was made, and a conversation after it was changed.
    public var retention = Duration.seconds(30 * 86400)
    /// Bytes of what one call may store.
    public var entryBytes = 64 << 20
    /// Items that one call may store.
    public var entryItems = 10_000
    /// Bytes of the items on one page; it ends before the item that would be over it, but never before its first.
    public var pageBytes = 32 << 20
    /// Bytes of everything of one caller.
    public var callerBytes = 256 << 20
    /// Answers of one caller.
    public var callerResponses = 10_000
    /// Conversations of one caller.
    public var callerConversations = 10_000

    /// What a worker keeps that is not told otherwise.
    public init() {}

    /// Bytes that each item, answer and conversation counts beyond its own, for what a store notes about it.
    public static let overheadBytes = 128

    /// How many items are on a page, of which the first ones and the one behind them have these sizes in bytes.
    public func fitting(_ sizes: some Sequence<Int>, _ page: StoredPage) -> Int {
        var bytes = 0
        var count = 0
        for size in sizes {
            bytes += size
            guard count < page.limit, count == 0 || bytes <= pageBytes else { break }
            count += 1
        }
        return count
    }
}

/// One item of an answer's input or output, or of a conversation.
public struct StoredItem: Sendable, Equatable {
    /// Its id, by which pages begin.
    public var id: String
    /// The item as it is sent, with the id in it.
    public var bytes: [UInt8]

    /// Makes one.
    public init(id: String, bytes: [UInt8]) {
        self.id = id
        self.bytes = bytes
    }

    /// What it counts against `StoreLimits`.
    public var storedBytes: Int { id.utf8.count + bytes.count + StoreLimits.overheadBytes }
}

/// An answer to be kept.
public struct StoredResponse: Sendable, Equatable {
    /// Its id.
    public var id: String
    /// The id of the answer that it goes on from.
    public var previousID: String?
    /// The id of the conversation that it belongs to.
    public var conversationID: String?
    /// The answer as it is sent.
    public var body: [UInt8]
    /// Its own input, without that of answers before it.
    public var input: [StoredItem]
    /// Its output, which stands in the body too: here for `history` and the conversation.
    public var output: [StoredItem]

    /// Makes one.
    public init(
        id: String, previousID: String? = nil, conversationID: String? = nil, body: [UInt8],
        input: [StoredItem],
        output: [StoredItem]
    ) {
        self.id = id
        self.previousID = previousID
        self.conversationID = conversationID
        self.body = body
        self.input = input
        self.output = output
    }

    /// What it counts against `StoreLimits`, without a conversation's copy of its items.
    public var storedBytes: Int {
        (input + output).reduce(body.count + StoreLimits.overheadBytes) { $0 + $1.storedBytes }
    }
}

/// A conversation without its items.
public struct StoredConversation: Sendable, Equatable {
    /// Its id.
    public var id: String
    /// When it was made, in seconds since 1970-01-01T00:00:00Z.
    public var created: Int
    /// What the caller noted about it.
    public var metadata: [UInt8]

    /// Makes one.
    public init(id: String, created: Int, metadata: [UInt8]) {
        self.id = id
        self.created = created
        self.metadata = metadata
    }
}

/// Which items of a list are wanted.
public struct StoredPage: Sendable, Equatable {
    /// Which end of the list comes first.
    public enum Order: Sendable, Equatable { case oldestFirst, newestFirst }

    /// The item after which to begin, in this order; `nil` begins with the first.
    public var after: String?
    /// The most items, 1 to 1000.
    public let limit: Int
    /// The order.
    public var order: Order

    /// Makes one.
    public init(after: String? = nil, limit: Int = 20, order: Order = .newestFirst) {
        self.after = after
        self.limit = min(max(limit, 1), 1000)
        self.order = order
    }
}

/// A page of items.
public struct StoredItemList: Sendable, Equatable {
    /// The items, in the order that was asked for.
    public var items: [StoredItem]
    /// Whether others come after them.
    public var hasMore: Bool

    /// Makes one.
    public init(items: [StoredItem], hasMore: Bool) {
        self.items = items
        self.hasMore = hasMore
    }
}
