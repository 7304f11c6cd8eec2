/// The store of a process that keeps nothing: nothing is found, and nothing can be put into it.
public struct NoConversationStore: ConversationStore {
    /// Makes one; it has no state.
    public init() {}

    private static let error = StoreError.unavailable("no store is configured")

    /// Nothing can be kept.
    public var isConfigured: Bool { false }

    /// Keeps nothing.
    public func saveResponse(
        _ response: StoredResponse, for credential: String
    ) async throws(StoreError) -> Bool { throw Self.error }

    /// Finds nothing.
    public func response(_ id: String, for credential: String) async throws(StoreError) -> [UInt8]? { nil }

    /// Finds nothing.
    public func deleteResponse(_ id: String, for credential: String) async throws(StoreError) -> Bool {
        false
    }

    /// Finds nothing.
    public func inputItems(
        ofResponse id: String, page: StoredPage, for credential: String
    ) async throws(StoreError) -> StoredItemList? { nil }

    /// Finds nothing.
    public func history(
        endingAt id: String, maximumResponses: Int, maximumBytes: Int, for credential: String
    ) async throws(StoreError) -> [StoredItem]? { nil }

    /// Keeps nothing.
    public func createConversation(
        _ conversation: StoredConversation, items: [StoredItem], for credential: String
    ) async throws(StoreError) { throw Self.error }

    /// Finds nothing.
    public func conversation(
        _ id: String, for credential: String
    ) async throws(StoreError) -> StoredConversation? { nil }

    /// Finds nothing.
    public func setMetadata(
        _ metadata: [UInt8], ofConversation id: String, for credential: String
    ) async throws(StoreError) -> StoredConversation? { nil }

    /// Finds nothing.
    public func deleteConversation(
        _ id: String, for credential: String
    ) async throws(StoreError) -> Bool { false }

    /// Finds nothing.
    public func addItems(
        _ items: [StoredItem], toConversation id: String, for credential: String
    ) async throws(StoreError) -> Bool { false }

    /// Finds nothing.
    public func items(
        ofConversation id: String, page: StoredPage, for credential: String
    ) async throws(StoreError) -> StoredItemList? { nil }

    /// Finds nothing.
    public func item(
        _ id: String, ofConversation conversation: String, for credential: String
    ) async throws(StoreError) -> StoredItem? { nil }

    /// Finds nothing.
    public func deleteItem(
        _ id: String, ofConversation conversation: String, for credential: String
    ) async throws(StoreError) -> Bool { false }

    /// Finds nothing.
    public func history(
        ofConversation id: String, maximumBytes: Int, for credential: String
    ) async throws(StoreError) -> [StoredItem]? { nil }

    /// Does nothing.
    public func sweep() async {}
}
