public import Relay
import Synchronization

/// A store in memory; two relays that have the same one are two processes with one database.
public final class MemoryConversationStore: ConversationStore {
    private struct Name: Hashable {
        var caller: String
        var id: String
    }

    private struct Response {
        var value: StoredResponse
        var stored: Int
        var bytes: Int
        var number: Int
    }

    private struct Conversation {
        var value: StoredConversation
        var items: [StoredItem]
        var touched: Int
        var bytes: Int {
            items.reduce(value.metadata.count + StoreLimits.overheadBytes) { $0 + $1.storedBytes }
        }
    }

    private struct State {
        var responses: [Name: Response] = [:]
        var conversations: [Name: Conversation] = [:]
        var nextNumber = 0
        var error: StoreError?
        var sweepCount = 0

        mutating func dropExpired(_ expired: Int) {
            responses = responses.filter { $0.value.stored > expired }
            conversations = conversations.filter { $0.value.touched > expired }
        }
    }

    private let limits: StoreLimits
    private let clock: any RelayClock
    private let state = Mutex(State())

    /// An empty store.
    public init(clock: any RelayClock, limits: StoreLimits = StoreLimits()) {
        self.clock = clock
        self.limits = limits
    }

    /// Something can be kept.
    public var isConfigured: Bool { true }

    /// What every call throws while it is set: a database that cannot be reached.
    public var error: StoreError? {
        get { state.withLock { $0.error } }
        set { state.withLock { $0.error = newValue } }
    }
    /// How many answers are kept, expired ones too.
    public var responseCount: Int { state.withLock { $0.responses.count } }
    /// How often `sweep` was called.
    public var sweepCount: Int { state.withLock { $0.sweepCount } }

    private func withState<Value: Sendable>(
        _ body: (inout State) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = state.withLock { state in
            if let error = state.error { return .failure(error) }
            var copy = state
            do throws(StoreError) {
                let value = try body(&copy)
                state = copy
                return .success(value)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// What was stored at this second or before has expired.
    private var expired: Int { clock.unixTime().seconds - Int(limits.retention.components.seconds) }

    private func find(_ id: String, _ caller: String, in state: State) -> Response? {
        state.responses[Name(caller: caller, id: id)].flatMap { $0.stored > expired ? $0 : nil }
    }

    private func findConversation(_ id: String, _ caller: String, in state: State) -> Conversation? {
        state.conversations[Name(caller: caller, id: id)].flatMap { $0.touched > expired ? $0 : nil }
    }

    private func check(_ bytes: Int, _ items: Int) throws(StoreError) {
        guard bytes <= min(limits.entryBytes, limits.callerBytes), items <= limits.entryItems else {
            throw .tooLarge
        }
    }

    private func makeRoom(_ bytes: Int, responses: Int, _ caller: String, in state: inout State)
        throws(StoreError)
    {
        state.dropExpired(expired)
        while true {
            let own = state.responses.filter { $0.key.caller == caller }
            let used =
                own.values.reduce(0) { $0 + $1.bytes }
                + state.conversations.reduce(0) { $0 + ($1.key.caller == caller ? $1.value.bytes : 0) }
            if used + bytes <= limits.callerBytes, own.count + responses <= limits.callerResponses { return }
            guard let oldest = own.min(by: { $0.value.number < $1.value.number }) else { throw .full }
            state.responses[oldest.key] = nil
        }
    }

    /// Keeps an answer.
    public func saveResponse(
        _ response: StoredResponse, for credential: String
    ) async throws(StoreError) -> Bool {
        let now = clock.unixTime().seconds
        let bytes = response.storedBytes
        let items = response.input + response.output
        return try withState { state throws(StoreError) in
            try check(bytes, items.count)
            state.responses[Name(caller: credential, id: response.id)] = nil
            var added = 0
            if let id = response.conversationID {
                guard findConversation(id, credential, in: state) != nil else { return false }
                added = items.reduce(0) { $0 + $1.storedBytes }
            }
            try makeRoom(bytes + added, responses: 1, credential, in: &state)
            if let id = response.conversationID {
                append(items, to: Name(caller: credential, id: id), now, in: &state)
            }
            state.nextNumber += 1
            state.responses[Name(caller: credential, id: response.id)] = Response(
                value: response, stored: now, bytes: bytes, number: state.nextNumber)
            return true
        }
    }

    private func append(_ items: [StoredItem], to name: Name, _ now: Int, in state: inout State) {
        for item in items
        where state.conversations[name]?.items.contains(where: { $0.id == item.id }) == false {
            state.conversations[name]?.items.append(item)
        }
        state.conversations[name]?.touched = now
    }

    /// Finds an answer.
    public func response(_ id: String, for credential: String) async throws(StoreError) -> [UInt8]? {
        try withState { state throws(StoreError) in find(id, credential, in: state)?.value.body }
    }

    /// Deletes an answer.
    public func deleteResponse(_ id: String, for credential: String) async throws(StoreError) -> Bool {
        try withState { state throws(StoreError) in
            let found = find(id, credential, in: state) != nil
            state.responses[Name(caller: credential, id: id)] = nil
            return found
        }
    }

    /// Finds input items.
    public func inputItems(
        ofResponse id: String, page: StoredPage, for credential: String
    ) async throws(StoreError) -> StoredItemList? {
        try withState { state throws(StoreError) in
            guard let response = find(id, credential, in: state) else { return nil }
            return try cut(response.value.input, page)
        }
    }

    private func cut(_ items: [StoredItem], _ page: StoredPage) throws(StoreError) -> StoredItemList {
        var rest = (page.order == .oldestFirst ? items : items.reversed())[...]
        if let after = page.after {
            guard let index = rest.firstIndex(where: { $0.id == after }) else { throw .unknownItem }
            rest = rest[(index + 1)...]
        }
        let count = limits.fitting(rest.lazy.map(\.bytes.count), page)
        return StoredItemList(items: Array(rest.prefix(count)), hasMore: rest.count > count)
    }

    /// Walks back through the answers.
    public func history(
        endingAt id: String, maximumResponses: Int, maximumBytes: Int, for credential: String
    ) async throws(StoreError) -> [StoredItem]? {
        try withState { state throws(StoreError) in
            var items: [StoredItem] = []
            var count = 0
            var next: String? = id
            while let id = next {
                guard count < maximumResponses else { throw .tooLarge }
                guard let response = find(id, credential, in: state) else { return nil }
                items = response.value.input + response.value.output + items
                next = response.value.previousID
                count += 1
            }
            return try Self.checked(items, maximumBytes)
        }
    }

    private static func checked(_ items: [StoredItem], _ maximumBytes: Int) throws(StoreError) -> [StoredItem]
    {
        guard items.reduce(0, { $0 + $1.bytes.count }) <= maximumBytes else { throw .tooLarge }
        return items
    }

    /// Keeps a conversation.
    public func createConversation(
        _ conversation: StoredConversation, items: [StoredItem], for credential: String
    ) async throws(StoreError) {
        let now = clock.unixTime().seconds
        try withState { state throws(StoreError) in
            let name = Name(caller: credential, id: conversation.id)
            let bytes = Conversation(value: conversation, items: items, touched: now).bytes
            try check(bytes, items.count)
            let count = state.conversations.keys.count { $0.caller == credential }
            guard count < limits.callerConversations else { throw .full }
            try makeRoom(bytes, responses: 0, credential, in: &state)
            state.conversations[name] = Conversation(value: conversation, items: [], touched: now)
            append(items, to: name, now, in: &state)
        }
    }

    /// Finds a conversation.
    public func conversation(
        _ id: String, for credential: String
    ) async throws(StoreError) -> StoredConversation? {
        try withState { state throws(StoreError) in findConversation(id, credential, in: state)?.value }
    }

    /// Notes something else.
    public func setMetadata(
        _ metadata: [UInt8], ofConversation id: String, for credential: String
    ) async throws(StoreError) -> StoredConversation? {
        let now = clock.unixTime().seconds
        return try withState { state throws(StoreError) in
            guard findConversation(id, credential, in: state) != nil else { return nil }
            try check(metadata.count, 0)
            let name = Name(caller: credential, id: id)
            state.conversations[name]?.value.metadata = metadata
            state.conversations[name]?.touched = now
            return state.conversations[name]?.value
        }
    }

    /// Deletes a conversation.
    public func deleteConversation(_ id: String, for credential: String) async throws(StoreError) -> Bool {
        try withState { state throws(StoreError) in
            let found = findConversation(id, credential, in: state) != nil
            state.conversations[Name(caller: credential, id: id)] = nil
            return found
        }
    }

    /// Adds items.
    public func addItems(
        _ items: [StoredItem], toConversation id: String, for credential: String
    ) async throws(StoreError) -> Bool {
        let now = clock.unixTime().seconds
        return try withState { state throws(StoreError) in
            guard findConversation(id, credential, in: state) != nil else { return false }
            let bytes = items.reduce(0) { $0 + $1.storedBytes }
            try check(bytes, items.count)
            try makeRoom(bytes, responses: 0, credential, in: &state)
            append(items, to: Name(caller: credential, id: id), now, in: &state)
            return true
        }
    }

    /// Finds items.
    public func items(
        ofConversation id: String, page: StoredPage, for credential: String
    ) async throws(StoreError) -> StoredItemList? {
        try withState { state throws(StoreError) in
            guard let conversation = findConversation(id, credential, in: state) else { return nil }
            return try cut(conversation.items, page)
        }
    }

    /// Finds an item.
    public func item(
        _ id: String, ofConversation conversation: String, for credential: String
    ) async throws(StoreError) -> StoredItem? {
        try withState { state throws(StoreError) in
            findConversation(conversation, credential, in: state)?.items.first { $0.id == id }
        }
    }

    /// Deletes an item.
    public func deleteItem(
        _ id: String, ofConversation conversation: String, for credential: String
    ) async throws(StoreError) -> Bool {
        let now = clock.unixTime().seconds
        return try withState { state throws(StoreError) in
            guard
                let index = findConversation(conversation, credential, in: state)?.items
                    .firstIndex(where: { $0.id == id })
            else { return false }
            let name = Name(caller: credential, id: conversation)
            state.conversations[name]?.items.remove(at: index)
            state.conversations[name]?.touched = now
            return true
        }
    }

    /// Finds all items.
    public func history(
        ofConversation id: String, maximumBytes: Int, for credential: String
    ) async throws(StoreError) -> [StoredItem]? {
        try withState { state throws(StoreError) in
            guard let conversation = findConversation(id, credential, in: state) else { return nil }
            return try Self.checked(conversation.items, maximumBytes)
        }
    }

    /// Deletes what has expired.
    public func sweep() async {
        state.withLock { state in
            state.sweepCount += 1
            state.dropExpired(expired)
        }
    }
}
