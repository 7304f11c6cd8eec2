import Testing
import Wire

@testable import Dialects

@Suite struct FileObjectsTests {
    static func file(_ id: String, expires: Int? = nil) -> FileObject {
        FileObject(
            id: id, name: "a \"b\".pdf", purpose: "user_data", mediaType: "application/pdf", count: 9,
            created: 1_700_000_000, expires: expires)
    }

    func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func `a file in OpenAI's words`() {
        let object =
            #"{"id":"x","object":"file","bytes":9,"created_at":1700000000,"expires_at":null,"#
            + #""filename":"a \"b\".pdf","purpose":"user_data","status":"processed","status_details":null}"#
        #expect(text(OpenAIFileObjects.file(Self.file("x"))) == object)
        #expect(text(OpenAIFileObjects.file(Self.file("x", expires: 7))).contains(#""expires_at":7,"#))
        #expect(
            text(OpenAIFileObjects.list([Self.file("x")], hasMore: true))
                == #"{"object":"list","data":[\#(object)],"first_id":"x","last_id":"x","has_more":true}"#)
        #expect(
            text(OpenAIFileObjects.list([], hasMore: false))
                == #"{"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false}"#)
        #expect(text(OpenAIFileObjects.deleted(id: "x")) == #"{"id":"x","object":"file","deleted":true}"#)
    }

    @Test func `a file in Anthropic's words`() throws {
        let object =
            #"{"type":"file","id":"x","filename":"a \"b\".pdf","mime_type":"application/pdf","size_bytes":9,"#
            + #""created_at":"2023-11-14T22:13:20Z","expires_at":null,"downloadable":true}"#
        #expect(text(AnthropicFileObjects.file(Self.file("x"))) == object)
        #expect(
            text(AnthropicFileObjects.file(Self.file("x", expires: 1_700_000_001)))
                .contains(#""expires_at":"2023-11-14T22:13:21Z""#))
        let list = AnthropicFileObjects.list([Self.file("x")], hasMore: true, page: AnthropicPage())
        #expect(
            text(list)
                == #"{"data":[\#(object)],"first_id":"x","last_id":"x","has_more":true,"next_page":"page_x"}"#
        )
        let backwards = try AnthropicPage(query: "before_id=y")
        for (hasMore, page) in [(false, AnthropicPage()), (true, backwards)] {
            let list = AnthropicFileObjects.list([Self.file("x")], hasMore: hasMore, page: page)
            #expect(text(list).hasSuffix(#""next_page":null}"#))
        }
        #expect(text(AnthropicFileObjects.deleted(id: "x")) == #"{"id":"x","type":"file_deleted"}"#)
    }

    @Test func `the cursor of a later list is an identifier`() throws {
        #expect(try AnthropicPage(query: "page=page_file-1&limit=3").afterID == "file-1")
        #expect(throws: Failure.self) { try AnthropicPage(query: "page=file-1") }
        #expect(throws: Failure.self) { try AnthropicPage(query: "page=page_1&before_id=2") }
    }

    @Test func `OpenAI's query has bounds`() throws {
        let all = try OpenAIFilePage(query: "")
        #expect(all.limit == 10_000 && !all.isAscending && all.after == nil && all.purpose == nil)
        let page = try OpenAIFilePage(query: "after=a%2Fb&limit=7&order=asc&purpose=fine-tune&x=1")
        #expect(page.after == "a/b" && page.limit == 7 && page.isAscending && page.purpose == "fine-tune")
        for wrong in ["limit=0", "limit=10001", "limit=x", "order=up"] {
            let error = #expect(throws: Failure.self) { try OpenAIFilePage(query: wrong) }
            #expect(error?.kind == .invalidRequest && error?.parameter == String(wrong.prefix { $0 != "=" }))
        }
    }
}
