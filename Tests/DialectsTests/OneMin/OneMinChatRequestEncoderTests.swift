import Dialects
import Testing
import Wire

struct OneMinChatRequestEncoderTests {
    private func decode(_ members: String) throws -> GenerationRequest {
        try OpenAIChatRequestDecoder.decode(
            Array(#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}]\#(members)}"#.utf8))
    }

    @Test func `a plain request is as small as can be`() throws {
        let encoded = try OneMinChatRequestEncoder().encode(decode(""))
        let (body, ignored) = (encoded.body, encoded.ignored)
        #expect(
            text(body) == #"{"type":"UNIFY_CHAT_WITH_AI","model":"gpt-4o","promptObject":{"prompt":"Hi"}}"#)
        #expect(ignored.isEmpty)
    }

    @Test func `paths`() {
        #expect(OneMinChatRequestEncoder.path(isStreamed: false) == "/api/chat-with-ai")
        #expect(OneMinChatRequestEncoder.path(isStreamed: true) == "/api/chat-with-ai?isStreaming=true")
    }

    struct Search: CustomTestStringConvertible, Sendable {
        let members: String
        let settings: String
        var sites: Int?
        var words: Int?
        var testDescription: String { members }
    }

    @Test(arguments: [
        Search(members: #","web_search":true"#, settings: #"{"webSearch":true}"#),
        Search(
            members: #","web_search":true"#, settings: #"{"webSearch":true,"numOfSite":2,"maxWord":99}"#,
            sites: 2,
            words: 99),
        Search(
            members: #","web_search_options":{"num_of_site":5}"#,
            settings: #"{"webSearch":true,"numOfSite":5,"maxWord":99}"#, sites: 2, words: 99),
        Search(
            members: #","web_search_options":{"search_context_size":"low"}"#,
            settings: #"{"webSearch":true,"numOfSite":1,"maxWord":500}"#, sites: 2, words: 99),
        Search(
            members: #","web_search_options":{"search_context_size":"high"},"max_word":7"#,
            settings: #"{"webSearch":true,"numOfSite":6,"maxWord":7}"#),
    ]) func `web search settings`(_ test: Search) throws {
        let encoder = OneMinChatRequestEncoder(
            defaultSiteCount: test.sites, defaultMaximumWords: test.words)
        let body = try encoder.encode(decode(test.members)).body
        #expect(
            text(body)
                == #"{"type":"UNIFY_CHAT_WITH_AI","model":"gpt-4o","promptObject":{"prompt":"Hi","settings":"#
                + "{\"webSearchSettings\":\(test.settings)}}}")
    }

    @Test(arguments: ["", #","num_of_site":3"#, #","web_search":false"#])
    func `no settings without the search`(_ members: String) throws {
        let body = try OneMinChatRequestEncoder(defaultSiteCount: 3).encode(decode(members)).body
        #expect(!text(body).contains("settings"))
    }

    @Test func `what cannot be expressed is named in the client's spelling and order`() throws {
        let request = try decode(
            #"""
            ,"top_p":1,"temperature":0.5,"max_completion_tokens":5,"seed":1,"logprobs":true,"top_logprobs":2,
            "presence_penalty":0,"frequency_penalty":0,"logit_bias":{},"reasoning_effort":"low","user":"u",
            "metadata":{},"n":2,"stop":"x","stream":true,"stream_options":{},"x_unknown":1,
            "web_search_options":{"user_location":{"type":"approximate"}}
            """#)
        #expect(
            try OneMinChatRequestEncoder().encode(request).ignored == [
                "top_p", "temperature", "seed", "logprobs", "top_logprobs",
                "presence_penalty", "frequency_penalty", "logit_bias", "reasoning_effort", "user", "metadata",
                "web_search_options.user_location",
            ])
    }

    @Test(arguments: [
        #","tools":[]"#, #","tool_choice":"none""#, #","tool_choice":"auto","parallel_tool_calls":true"#,
        #","response_format":{"type":"text"}"#, #","modalities":["text"]"#, #","logprobs":false"#,
        #","max_tokens":5"#,
    ]) func `what is as the client wants it is not named`(_ members: String) throws {
        #expect(try OneMinChatRequestEncoder().encode(decode(members)).ignored.isEmpty)
    }

    @Test(arguments: [
        #","tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"none""#,
        #","tools":[{"type":"function","function":{"name":"f"}}],"parallel_tool_calls":false"#,
        #","response_format":{"type":"json_object"}"#,
    ]) func `what is emulated is not named`(_ members: String) throws {
        #expect(try OneMinChatRequestEncoder().encode(decode(members)).ignored.isEmpty)
    }

    @Test func `a vendor's search switches the web search on, other tools of vendors are named`() throws {
        let request = try decode(
            #","tools":[{"type":"web_search_preview","search_context_size":"low"},{"type":"shell"},{"type":"a\nb"}]"#
        )
        let encoded = try OneMinChatRequestEncoder().encode(request)
        #expect(encoded.searchesWeb)
        #expect(encoded.ignored == ["tools.shell", "tools"])
        #expect(text(encoded.body).contains(#""webSearch":true,"numOfSite":1,"maxWord":500"#))
        #expect(!text(encoded.body).contains("You can call tools"))
    }

    struct Refusal: CustomTestStringConvertible, Sendable {
        let members: String
        let parameter: String
        let message: String
        var testDescription: String { parameter }
    }

    @Test(arguments: [
        Refusal(
            members: #","tools":[{"type":"shell"}],"tool_choice":"required""#, parameter: "tool_choice",
            message: "The tool that must be called is none that models of this upstream can call."),
        Refusal(
            members: #","modalities":["text","audio"]"#, parameter: "modalities",
            message: "Chat models of 1min.ai give text only."),
        Refusal(
            members: #","messages":[{"role":"user","content":"x"},{"role":"user","content":[{"type":"text","#
                + #""text":"a"},{"type":"image_url","image_url":{"url":"https://example.com/a.png"}}]}]"#,
            parameter: "messages[1].content[1]",
            message: "Models of 1min.ai cannot be given images from there through this relay."),
        Refusal(
            members: #","messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"f"}}]}]"#,
            parameter: "messages[0].content[0]",
            message: "Models of 1min.ai cannot be given documents from there through this relay."),
        Refusal(
            members: #","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":"#
                + #"{"data":"AA","format":"wav"}}]}]"#,
            parameter: "messages[0].content[0]",
            message: "Models of 1min.ai cannot be given audio through this relay."),
    ]) func `what would make the answer wrong is refused by name`(_ test: Refusal) throws {
        let request = try decode(test.members)
        let failure = #expect(throws: Failure.self) { try OneMinChatRequestEncoder().encode(request) }
        #expect(failure == Failure(.unsupported, test.message, parameter: test.parameter))
        #expect(failure?.answer.status == 400)
    }

    @Test func `the same request gives the same bytes`() throws {
        let request = try decode(#","web_search":true,"metadata":{"b":"1","a":"2"}"#)
        let first = try OneMinChatRequestEncoder().encode(request).body
        for _ in 0..<20 {
            let next = try OneMinChatRequestEncoder().encode(request).body
            #expect(next == first)
        }
    }
}
