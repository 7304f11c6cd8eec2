internal import Relay

/// Answers and conversations in a database file that processes share.
final class SQLiteConversationStore: ConversationStore {
    private let connection: StoreConnection

    /// A store in the database of a connection.
    init(_ connection: StoreConnection) {
        self.connection = connection
    }

    var isConfigured: Bool { true }

    private func perform<Value: Sendable>(
        _ work: @escaping @Sendable (StoreDatabase, _ now: Int) throws -> Value
    ) async throws(StoreError) -> Value {
        try await connection.perform(work)
    }

    func sweep() async { await connection.sweep() }

    // MARK: Answers

    func saveResponse(_ response: StoredResponse, for credential: String) async throws(StoreError) -> Bool {
        try await perform { try $0.save(response, of: $0.owner(credential), now: $1) }
    }

    func response(_ id: String, for credential: String) async throws(StoreError) -> [UInt8]? {
        try await perform { try $0.response(id, of: $0.owner(credential), now: $1) }
    }

    func deleteResponse(_ id: String, for credential: String) async throws(StoreError) -> Bool {
        try await perform { try $0.deleteResponse(id, of: $0.owner(credential), now: $1) }
    }

    func inputItems(
        ofResponse id: String, page: StoredPage, for credential: String
    ) async throws(StoreError) -> StoredItemList? {
        try await perform { try $0.inputItems(of: id, page, of: $0.owner(credential), now: $1) }
    }

    func history(
        endingAt id: String, maximumResponses: Int, maximumBytes: Int, for credential: String
    ) async throws(StoreError) -> [StoredItem]? {
        try await perform {
            try $0.history(
                endingAt: id, maximumResponses: maximumResponses, maximumBytes: maximumBytes,
                of: $0.owner(credential), now: $1)
        }
    }

    // MARK: Conversations

    func createConversation(
        _ conversation: StoredConversation, items: [StoredItem], for credential: String
    ) async throws(StoreError) {
        try await perform { try $0.create(conversation, items: items, of: $0.owner(credential), now: $1) }
    }

    func conversation(_ id: String, for credential: String) async throws(StoreError) -> StoredConversation? {
        try await perform { try $0.conversation(id, of: $0.owner(credential), now: $1) }
    }

    func setMetadata(
        _ metadata: [UInt8], ofConversation id: String, for credential: String
    ) async throws(StoreError) -> StoredConversation? {
        try await perform {
            try $0.set(metadata: metadata, ofConversation: id, of: $0.owner(credential), now: $1)
        }
    }

    func deleteConversation(_ id: String, for credential: String) async throws(StoreError) -> Bool {
        try await perform { try $0.deleteConversation(id, of: $0.owner(credential), now: $1) }
    }

    func addItems(
        _ items: [StoredItem], toConversation id: String, for credential: String
    ) async throws(StoreError) -> Bool {
        try await perform { try $0.add(items, toConversation: id, of: $0.owner(credential), now: $1) }
    }

    func items(
        ofConversation id: String, page: StoredPage, for credential: String
    ) async throws(StoreError) -> StoredItemList? {
        try await perform { try $0.items(ofConversation: id, page, of: $0.owner(credential), now: $1) }
    }

    func item(
        _ id: String, ofConversation conversation: String, for credential: String
    ) async throws(StoreError) -> StoredItem? {
        try await perform { try $0.item(id, ofConversation: conversation, of: $0.owner(credential), now: $1) }
    }

    func deleteItem(
        _ id: String, ofConversation conversation: String, for credential: String
    ) async throws(StoreError) -> Bool {
        try await perform {
            try $0.deleteItem(id, ofConversation: conversation, of: $0.owner(credential), now: $1)
        }
    }

    func history(
        ofConversation id: String, maximumBytes: Int, for credential: String
    ) async throws(StoreError) -> [StoredItem]? {
        try await perform {
            try $0.history(
                ofConversation: id, maximumBytes: maximumBytes, of: $0.owner(credential), now: $1)
        }
    }
}
