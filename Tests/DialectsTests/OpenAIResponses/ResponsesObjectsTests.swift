import Dialects
import Testing
import Wire

struct ResponsesObjectsTests {
    @Test(arguments: [
        ("", OpenAIResponsesPage()), ("order=asc", OpenAIResponsesPage(isAscending: true)),
        ("limit=2&after=item_4&order=desc", OpenAIResponsesPage(after: "item_4", limit: 2)),
        ("after=item%5F1", OpenAIResponsesPage(after: "item_1")), ("include=x&limit=", OpenAIResponsesPage()),
    ])
    func `a query has its page`(query: String, page: OpenAIResponsesPage) throws {
        #expect(try OpenAIResponsesPage(query: query) == page)
    }

    @Test(arguments: [
        ("limit=0", "limit"), ("limit=101", "limit"), ("limit=many", "limit"), ("order=up", "order"),
    ])
    func `a page that nobody can give`(query: String, parameter: String) {
        #expect {
            _ = try OpenAIResponsesPage(query: query)
        } throws: { error in (error as? Failure)?.parameter == parameter }
    }

    @Test func `objects as the API has them`() {
        #expect(
            text(OpenAIResponsesObjects.deletedResponse(id: "resp_1"))
                == #"{"id":"resp_1","object":"response","deleted":true}"#)
        #expect(
            text(OpenAIResponsesObjects.inputTokens(7))
                == #"{"object":"response.input_tokens","input_tokens":7}"#)
        #expect(
            text(
                OpenAIResponsesObjects.conversation(
                    id: "conv_1", created: 1, metadata: JSONObject([.init(key: "a", value: "b")])))
                == #"{"id":"conv_1","object":"conversation","created_at":1,"metadata":{"a":"b"}}"#)
        #expect(
            text(OpenAIResponsesObjects.deletedConversation(id: "conv_1"))
                == #"{"id":"conv_1","object":"conversation.deleted","deleted":true}"#)
        #expect(
            text(OpenAIResponsesObjects.list([], hasMore: false))
                == #"{"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false}"#)
    }

    @Test func `a page that a store has made`() {
        let items = ["a", "b"].map { id in (id: id, bytes: Array("{\"id\":\"\(id)\"}".utf8)) }
        #expect(
            text(OpenAIResponsesObjects.list(items, hasMore: true))
                == #"{"object":"list","data":[{"id":"a"},{"id":"b"}],"first_id":"a","last_id":"b","has_more":true}"#
        )
    }

    @Test func `output items of what cannot be read are none`() {
        #expect(OpenAIResponsesObjects.outputItems(ofResponse: Array("{".utf8)).isEmpty)
        #expect(OpenAIResponsesObjects.outputItems(ofResponse: Array("{}".utf8)).isEmpty)
    }

    private func create(_ body: String) throws -> OpenAIConversationRequestDecoder.Creation {
        try OpenAIConversationRequestDecoder.decodeCreation(Array(body.utf8), makeID: CountedIDs().make)
    }

    @Test func `a conversation begins with labels and items, or with nothing`() throws {
        #expect(try create("").items.isEmpty)
        let creation = try create(#"{"metadata":{"a":"b"},"items":[{"role":"user","content":"Hi"}]}"#)
        #expect(creation.metadata["a"] == "b")
        #expect(
            creation.items == [
                [
                    "type": "message", "id": "msg_1", "role": "user",
                    "content": [["type": "input_text", "text": "Hi"]], "status": "completed",
                ]
            ])
    }

    @Test(arguments: [
        (#"{"items":"Hi"}"#, "items"), (#"{"metadata":[]}"#, "metadata"),
        (#"{"items":[{"role":"user","content":[]}]}"#, "items[0].content"),
        (#"{"items":[{"type":"item_reference","id":"msg_1"}]}"#, "items[0]"),
        (
            "{\"items\":[\(Array(repeating: #"{"role":"user","content":"Hi"}"#, count: 21).joined(separator: ","))]}",
            "items"
        ),
    ])
    func `a conversation of anything else is refused`(body: String, parameter: String) {
        #expect {
            _ = try create(body)
        } throws: { error in (error as? Failure)?.parameter == parameter }
    }

    @Test func `labels are replaced, and have to be there`() throws {
        func update(_ body: String) throws -> JSONObject {
            try OpenAIConversationRequestDecoder.decodeUpdate(Array(body.utf8))
        }
        #expect(try update(#"{"metadata":{"a":"b"}}"#)["a"] == "b")
        #expect(try update(#"{"metadata":null}"#).members.isEmpty)
        #expect(throws: Failure.self) { try update("{}") }
    }

    @Test func `items are added, and have to be there`() throws {
        func items(_ body: String) throws -> [JSONValue] {
            try OpenAIConversationRequestDecoder.decodeItems(Array(body.utf8), makeID: CountedIDs().make)
        }
        #expect(try items(#"{"items":[{"role":"user","content":"Hi"}]}"#).count == 1)
        #expect(throws: Failure.self) { try items("{}") }
    }
}
