import Dialects
import Testing
import Wire

struct AnthropicModelEncoderTests {
    private let models = ["a", "b", "c/d:e", "f"].map { ModelEntry(id: $0, provider: "p", kinds: [.chat]) }

    /// The identifiers of a page, and the members beside them.
    private func page(_ query: String) throws -> (ids: [String], list: JSONValue) {
        let list = try JSONValue(
            parsing: AnthropicModelEncoder.list(models, page: AnthropicPage(query: query)))
        let ids = list["data"]?.arrayValue?.compactMap { $0["id"]?.stringValue } ?? []
        #expect(list["first_id"] == ids.first.map(JSONValue.string) ?? .null)
        #expect(list["last_id"] == ids.last.map(JSONValue.string) ?? .null)
        return (ids, list)
    }

    @Test func `all that is known of a model`() {
        var model = ModelEntry(id: "gpt-4o", provider: "openai", name: "GPT-4o", kinds: [.chat])
        model.created = 1_709_208_000
        model.contextWindow = 128_000
        model.maximumOutputTokens = 4096
        #expect(
            text(AnthropicModelEncoder.model(model))
                == #"{"type":"model","id":"gpt-4o","display_name":"GPT-4o","created_at":"2024-02-29T12:00:00Z","#
                + #""lifecycle":"active","max_input_tokens":128000,"max_tokens":4096,"#
                + #""output_modalities":["text"],"capabilities":null}"#)
    }

    @Test func `what is unknown`() {
        #expect(
            text(AnthropicModelEncoder.model(ModelEntry(id: "x", provider: "p", kinds: [])))
                == #"{"type":"model","id":"x","display_name":"x","created_at":"1970-01-01T00:00:00Z","#
                + #""lifecycle":"active","max_input_tokens":null,"max_tokens":null,"capabilities":null}"#)
    }

    @Test(arguments: [true, false])
    func `what can be done with a model that is known to see or not to`(_ sees: Bool) throws {
        var model = ModelEntry(id: "x", provider: "p", kinds: [.chat])
        model.inputModalities = sees ? ["text", "image"] : ["text"]
        let all = try #require(JSONValue(parsing: AnthropicModelEncoder.model(model))["capabilities"])
        #expect(all["image_input"]?["supported"]?.boolValue == sees)
        #expect(all["pdf_input"]?["supported"]?.boolValue == true)
        #expect(all["server_tools"]?["web_search"]?["supported"]?.boolValue == true)
        // The client has a default for none of them.
        for name in [
            "batch", "citations", "code_execution", "context_management", "effort", "image_input",
            "pdf_input", "server_tools", "structured_outputs", "thinking",
        ] {
            #expect(all[name]?["supported"]?.boolValue != nil, "\(name)")
        }
        for name in ["high", "low", "max", "medium"] {
            #expect(all["effort"]?[name]?["supported"]?.boolValue == false)
        }
        for name in ["adaptive", "between_tools", "disabled", "enabled"] {
            #expect(all["thinking"]?["types"]?[name]?["supported"]?.boolValue != nil)
        }
    }

    @Test func `models that do not chat are not listed`() throws {
        let models = [
            ModelEntry(id: "paints", provider: "p", kinds: [.imageGeneration]),
            ModelEntry(id: "both", provider: "p", kinds: [.imageGeneration, .chat]),
        ]
        let list = try JSONValue(parsing: AnthropicModelEncoder.list(models, page: AnthropicPage()))
        #expect(list["data"]?.arrayValue?.compactMap { $0["id"]?.stringValue } == ["both"])
        #expect(
            list["data"]?.arrayValue?.first?["output_modalities"]
                == .array([.string("text"), .string("image")]))
        #expect(
            text(AnthropicModelEncoder.model(models[0])).contains(
                #""input_modalities":["text"],"output_modalities":["image"],"capabilities":null"#))
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z"), (951_782_399, "2000-02-28T23:59:59Z"),
        (951_868_800, "2000-03-01T00:00:00Z"),
        (1_735_689_599, "2024-12-31T23:59:59Z"), (-5, "1970-01-01T00:00:00Z"), (.max, "9999-12-31T23:59:59Z"),
    ]) func `moments are written for every year`(_ seconds: Int, _ moment: String) {
        var model = ModelEntry(id: "x", provider: "p", kinds: [])
        model.created = seconds
        #expect(text(AnthropicModelEncoder.model(model)).contains("\"created_at\":\"\(moment)\""))
    }

    /// A query with the identifiers that it gives, and whether there are more.
    static let queries: [(String, [String], Bool)] = [
        ("", ["a", "b", "c/d:e", "f"], false), ("limit=2", ["a", "b"], true),
        ("limit=4&beta=true", ["a", "b", "c/d:e", "f"], false),
        ("limit=1&after_id=b", ["c/d:e"], true), ("after_id=c%2Fd%3Ae", ["f"], false),
        ("after_id=f", [], false),
        ("limit=2&before_id=f", ["b", "c/d:e"], true), ("before_id=c/d:e", ["a", "b"], false),
        ("before_id=a", [], false),
    ]

    @Test(arguments: queries)
    func `pages forwards and backwards`(_ query: String, _ ids: [String], _ hasMore: Bool) throws {
        let (found, list) = try page(query)
        #expect(found == ids)
        #expect(list["has_more"]?.boolValue == hasMore)
    }

    @Test(arguments: [
        ("limit=0", "limit"), ("limit=1001", "limit"), ("limit=x", "limit"), ("after_id=zzz", "after_id"),
        ("before_id=zzz", "before_id"), ("after_id=%2", "after_id"), ("after_id=%zz", "after_id"),
        ("after_id=a&before_id=b", "before_id"),
    ]) func `a wrong query is named`(_ query: String, _ parameter: String) throws {
        let failure = try #require(throws: Failure.self) { _ = try page(query) }
        #expect(failure.kind == .invalidRequest)
        #expect(failure.parameter == parameter)
    }

    @Test func `no models at all`() throws {
        #expect(
            text(try AnthropicModelEncoder.list([], page: AnthropicPage()))
                == #"{"data":[],"first_id":null,"last_id":null,"has_more":false}"#)
    }

    @Test func `the number of tokens`() {
        #expect(text(AnthropicTokenCountEncoder.body(tokens: 14)) == #"{"input_tokens":14}"#)
    }
}
