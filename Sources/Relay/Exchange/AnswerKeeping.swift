import Dialects
import Wire

/// Keeps one answer of the Responses API for later requests, and finds what it goes on from.
final class AnswerKeeping: Sendable {
    private let request: OpenAIResponsesRequest
    private let credential: String
    private let ports: Ports

    /// More earlier answers than this are not gone through.
    static let maximumResponses = 1000

    /// The keeping of an answer; nil where the client does not want it kept, or there is nowhere to keep it.
    init?(_ request: OpenAIResponsesRequest, credential: String, ports: Ports) {
        guard request.isStored || request.conversationID != nil, ports.conversations.isConfigured else {
            return nil
        }
        // What is not needed any more would be held as long as the answer takes.
        var request = request
        request.generation = GenerationRequest(model: "", turns: [])
        self.request = request
        self.credential = credential
        self.ports = ports
    }

    /// The items before a request's own, oldest first, as they were stored.
    ///
    /// - Parameter maximumBytes: longer conversations are refused.
    /// - Throws: what the client is told when the earlier response or the conversation is not there, or not the caller's.
    static func history(
        of request: OpenAIResponsesRequest, credential: String, ports: Ports, maximumBytes: Int
    ) async throws(Failure) -> [StoredItem] {
        let items: [StoredItem]?
        do throws(StoreError) {
            if let id = request.previousResponseID {
                items = try await ports.conversations.history(
                    endingAt: id, maximumResponses: maximumResponses, maximumBytes: maximumBytes,
                    for: credential)
            } else if let id = request.conversationID {
                items = try await ports.conversations.history(
                    ofConversation: id, maximumBytes: maximumBytes, for: credential)
            } else {
                items = []
            }
        } catch {
            throw Failure(error)
        }
        if let items { return items }
        if let id = request.previousResponseID { throw OpenAIResponsesFailures.previousResponse(id) }
        throw OpenAIResponsesFailures.conversation(request.conversationID ?? "")
    }

    /// Stores an answer.
    ///
    /// It never fails for the client, who has paid for the answer: where it cannot be stored the log says so.
    ///
    /// - Parameter body: the response object as it is sent.
    func keep(_ body: [UInt8]) async {
        let request = request
        guard
            let response = await ports.offload.run({ StoredResponse(body, to: request) })
        else { return }
        do throws(StoreError) {
            var isKept = true
            if request.isStored {
                isKept = try await ports.conversations.saveResponse(response, for: credential)
            } else if let id = request.conversationID {
                // The conversation goes on, but nobody is to find the response itself.
                isKept = try await ports.conversations.addItems(
                    response.input + response.output, toConversation: id, for: credential)
            }
            if !isKept { forgot("its conversation is gone") }
        } catch {
            forgot(error.reason)
        }
    }

    private func forgot(_ reason: String) {
        ports.log.event(.warning, "a response was not stored", [LogField("reason", .string(reason))])
    }
}

extension StoredItem {
    /// An item as the dialect has it; nil without an identifier.
    init?(_ item: JSONValue) {
        guard let id = item["id"]?.stringValue else { return nil }
        self.init(id: id, bytes: item.serialized())
    }

    /// The item as the dialect has it; null where the store holds nonsense.
    var json: JSONValue { (try? JSONValue(parsing: bytes)) ?? .null }
}

extension StoredResponse {
    /// A response object, and what it answers; nil where it has no identifier.
    init?(_ body: [UInt8], to request: OpenAIResponsesRequest) {
        guard let object = try? JSONValue(parsing: body), let id = object["id"]?.stringValue else {
            return nil
        }
        self.init(
            id: id, previousID: request.previousResponseID, conversationID: request.conversationID,
            body: body,
            input: request.inputItems.compactMap(StoredItem.init),
            output: (object["output"]?.arrayValue ?? []).compactMap(StoredItem.init))
    }
}

extension Failure {
    /// What a client is told of a store that does not do what it was asked to.
    init(_ error: StoreError) {
        switch error {
        case .unavailable, .full:
            self.init(.overloaded, "The relay's store of responses cannot be used at present.")
        case .tooLarge:
            self.init(.invalidRequest, "What is stored for this request is too long.", code: "too_large")
        case .unknownItem:
            self.init(
                .invalidRequest, "Invalid value for 'after': there is no such item.", parameter: "after",
                code: "invalid_value")
        }
    }
}

extension StoreError {
    /// One short sentence for the log.
    fileprivate var reason: String {
        switch self {
        case .unavailable(let reason): reason
        case .full: "the store is full"
        case .tooLarge: "the response is too large"
        case .unknownItem: "an item is not there"
        }
    }
}
