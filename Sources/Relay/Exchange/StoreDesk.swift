import Dialects
import Wire

/// Answers requests about what the relay keeps for callers: responses, conversations and their items.
///
/// https://platform.openai.com/docs/api-reference/responses and …/conversations
struct StoreDesk: Sendable {
    /// The store, the clock, unpredictable numbers, and where what is long is read and written.
    let ports: Ports
    /// What is long, in bytes.
    let offloadBytes: Int

    private var store: any ConversationStore { ports.conversations }

    /// The body of the answer.
    ///
    /// - Throws: what the client is told; what is another caller's is not found.
    func answer(_ request: StoredRequest, about object: StoredObject) async throws(Failure) -> [UInt8] {
        switch object {
        case .response(let id):
            return request.method == "DELETE"
                ? try await deleteResponse(id, request) : try await response(id, request)
        case .inputItems(let id): return try await inputItems(id, request)
        case .conversations: return try await create(request)
        case .conversation(let id):
            switch request.method {
            case "DELETE": return try await deleteConversation(id, request)
            case "POST": return try await update(id, request)
            default: return try await conversation(id, request)
            }
        case .items(let id):
            return request.method == "POST" ? try await add(id, request) : try await items(id, request)
        case .item(let id, let conversation):
            return request.method == "DELETE"
                ? try await deleteItem(id, conversation, request)
                : try await item(id, conversation, request)
        }
    }

    private func response(_ id: String, _ request: StoredRequest) async throws(Failure) -> [UInt8] {
        let body = try await ask { store async throws(StoreError) in
            try await store.response(id, for: request.credential)
        }
        guard let body else { throw OpenAIResponsesFailures.response(id) }
        return body
    }

    private func deleteResponse(_ id: String, _ request: StoredRequest) async throws(Failure) -> [UInt8] {
        let wasThere = try await ask { store async throws(StoreError) in
            try await store.deleteResponse(id, for: request.credential)
        }
        guard wasThere else { throw OpenAIResponsesFailures.response(id) }
        return OpenAIResponsesObjects.deletedResponse(id: id)
    }

    private func inputItems(_ id: String, _ request: StoredRequest) async throws(Failure) -> [UInt8] {
        let page = try StoredPage(OpenAIResponsesPage(query: request.query))
        let list = try await ask { store async throws(StoreError) in
            try await store.inputItems(ofResponse: id, page: page, for: request.credential)
        }
        guard let list else { throw OpenAIResponsesFailures.response(id) }
        return await body(of: list)
    }

    private func create(_ request: StoredRequest) async throws(Failure) -> [UInt8] {
        let (metadata, items) = try await reading(request) { body throws(Failure) in
            let creation = try OpenAIConversationRequestDecoder.decodeCreation(body, makeID: makeID)
            return (
                JSONValue.object(creation.metadata).serialized(), creation.items.compactMap(StoredItem.init)
            )
        }
        let conversation = StoredConversation(
            id: makeID("conv_"), created: ports.clock.unixTime().seconds, metadata: metadata)
        try await ask { store async throws(StoreError) in
            try await store.createConversation(conversation, items: items, for: request.credential)
        }
        return conversation.body
    }

    private func conversation(_ id: String, _ request: StoredRequest) async throws(Failure) -> [UInt8] {
        let conversation = try await ask { store async throws(StoreError) in
            try await store.conversation(id, for: request.credential)
        }
        guard let conversation else { throw OpenAIResponsesFailures.conversation(id) }
        return conversation.body
    }

    private func update(_ id: String, _ request: StoredRequest) async throws(Failure) -> [UInt8] {
        let metadata = try await reading(request) { body throws(Failure) in
            JSONValue.object(try OpenAIConversationRequestDecoder.decodeUpdate(body)).serialized()
        }
        let conversation = try await ask { store async throws(StoreError) in
            try await store.setMetadata(
                metadata, ofConversation: id, for: request.credential)
        }
        guard let conversation else { throw OpenAIResponsesFailures.conversation(id) }
        return conversation.body
    }

    private func deleteConversation(
        _ id: String, _ request: StoredRequest
    ) async throws(Failure) -> [UInt8] {
        let wasThere = try await ask { store async throws(StoreError) in
            try await store.deleteConversation(id, for: request.credential)
        }
        guard wasThere else { throw OpenAIResponsesFailures.conversation(id) }
        return OpenAIResponsesObjects.deletedConversation(id: id)
    }

    private func add(_ id: String, _ request: StoredRequest) async throws(Failure) -> [UInt8] {
        let items = try await reading(request) { body throws(Failure) in
            try OpenAIConversationRequestDecoder.decodeItems(body, makeID: makeID).compactMap(StoredItem.init)
        }
        let wasThere = try await ask { store async throws(StoreError) in
            try await store.addItems(items, toConversation: id, for: request.credential)
        }
        guard wasThere else { throw OpenAIResponsesFailures.conversation(id) }
        return await body(of: StoredItemList(items: items, hasMore: false))
    }

    private func items(_ id: String, _ request: StoredRequest) async throws(Failure) -> [UInt8] {
        let page = try StoredPage(OpenAIResponsesPage(query: request.query))
        let list = try await ask { store async throws(StoreError) in
            try await store.items(ofConversation: id, page: page, for: request.credential)
        }
        guard let list else { throw OpenAIResponsesFailures.conversation(id) }
        return await body(of: list)
    }

    private func item(
        _ id: String, _ conversation: String, _ request: StoredRequest
    ) async throws(Failure) -> [UInt8] {
        let item = try await ask { store async throws(StoreError) in
            try await store.item(id, ofConversation: conversation, for: request.credential)
        }
        guard let item else { throw OpenAIResponsesFailures.item(id) }
        return item.bytes
    }

    /// The answer is the conversation that the item was in.
    private func deleteItem(
        _ id: String, _ conversation: String, _ request: StoredRequest
    ) async throws(Failure) -> [UInt8] {
        let wasThere = try await ask { store async throws(StoreError) in
            try await store.deleteItem(id, ofConversation: conversation, for: request.credential)
        }
        guard wasThere else { throw OpenAIResponsesFailures.item(id) }
        return try await self.conversation(conversation, request)
    }

    private func makeID(_ prefix: String) -> String { Identifier.make(prefix, ports.random) }

    /// Makes something of a request's body; of a long one away from the loop.
    private func reading<Value: Sendable>(
        _ request: StoredRequest, _ read: @escaping @Sendable ([UInt8]) throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let body = request.body
        guard body.count > offloadBytes else { return try read(body) }
        return try await ports.offload.run { () throws(Failure) in try read(body) }
    }

    /// A list object; a long one is written away from the loop.
    private func body(of list: StoredItemList) async -> [UInt8] {
        let write = { @Sendable in
            OpenAIResponsesObjects.list(list.items.map { ($0.id, $0.bytes) }, hasMore: list.hasMore)
        }
        guard list.items.reduce(0, { $0 + $1.bytes.count }) > offloadBytes else { return write() }
        return await ports.offload.run(write)
    }

    private func ask<Value: Sendable>(
        _ question: (any ConversationStore) async throws(StoreError) -> Value
    ) async throws(Failure) -> Value {
        guard store.isConfigured else {
            throw Failure(.objectNotFound, "This relay keeps no responses and no conversations.")
        }
        do throws(StoreError) {
            return try await question(store)
        } catch {
            throw Failure(error)
        }
    }
}

extension StoredPage {
    /// A page as the dialect asks for it.
    fileprivate init(_ page: OpenAIResponsesPage) {
        self.init(
            after: page.after, limit: page.limit, order: page.isAscending ? .oldestFirst : .newestFirst)
    }
}

extension StoredConversation {
    /// The conversation object.
    fileprivate var body: [UInt8] {
        let metadata = (try? JSONValue(parsing: metadata))?.objectValue
        return OpenAIResponsesObjects.conversation(
            id: id, created: created, metadata: metadata ?? JSONObject())
    }
}
