import Dialects
import Testing
import Wire

@testable import Relay

struct ChatTokensTests {
    private func count(_ members: String, model: String) throws -> TokenCount {
        ChatTokens.count(try OpenAIChatRequestDecoder.decode(Array("{\(members)}".utf8)), model: model)
    }

    /// The messages of https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken, section 6.
    private static let jargon = #"""
        "messages":[
        {"role":"system","content":"You are a helpful, pattern-following assistant that translates corporate jargon \#
        into plain English."},
        {"role":"system","name":"example_user","content":"New synergies will help drive top-line growth."},
        {"role":"system","name":"example_assistant","content":"Things working well together will increase revenue."},
        {"role":"system","name":"example_user","content":"Let's circle back when we have more bandwidth to touch base \#
        on opportunities for increased leverage."},
        {"role":"system","name":"example_assistant","content":"Let's talk later when we're less busy about how to do \#
        better."},
        {"role":"user","content":"This late pivot means we don't have time to boil the ocean for the client \#
        deliverable."}]
        """#

    /// The same page, section 7.
    private static let weather = #"""
        "messages":[
        {"role":"system","content":"You are a helpful assistant that can answer to questions about the weather."},
        {"role":"user","content":"What's the weather like in San Francisco?"}],
        "tools":[{"type":"function","function":{"name":"get_current_weather",
        "description":"Get the current weather in a given location","parameters":{"type":"object","properties":{
        "location":{"type":"string","description":"The city and state, e.g. San Francisco, CA"},
        "unit":{"type":"string","description":"The unit of temperature to return","enum":["celsius","fahrenheit"]}},
        "required":["location"]}}}]
        """#

    /// What the page says that OpenAI's API counted.
    @Test(arguments: [
        ("gpt-3.5-turbo", 129, 105), ("gpt-4-0613", 129, 105), ("gpt-4", 129, 105), ("gpt-4o", 124, 101),
        ("gpt-4o-mini", 124, 101),
    ]) func `the cookbook's examples have the cookbook's counts`(
        _ model: String, _ messages: Int, _ tools: Int
    ) throws {
        #expect(try count(Self.jargon, model: model) == TokenCount(tokens: messages, isExact: true))
        #expect(try count(Self.weather, model: model) == TokenCount(tokens: tools, isExact: false))
    }

    @Test func `a model that reasons is given one token less to begin with`() throws {
        #expect(try count(Self.jargon, model: "gpt-5") == TokenCount(tokens: 123, isExact: true))
        #expect(try count(Self.jargon, model: "o3") == TokenCount(tokens: 123, isExact: false))
        #expect(try count(Self.jargon, model: "gpt-4.1") == TokenCount(tokens: 124, isExact: false))
        // "hello" alone is one token, and 6 are around it.
        let hello = #""messages":[{"role":"user","content":"hello"}]"#
        #expect(try count(hello, model: "gpt-6-astra").tokens == 7)
        #expect(try count(hello, model: "gpt-5-chat-latest").tokens == 8)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let messages: String
        var functions: String?
        let tokens: Int
        var testDescription: String { "\(messages) \(functions ?? "")" }
    }

    private static let hello = #"{"role":"user","content":"hello"}"#
    private static let empty = #"{"type":"object","properties":{}}"#

    /// Counts of gpt-3.5-turbo by OpenAI's API in 2023: cases of https://github.com/hmarr/openai-chat-tokens.
    static let counted: [Case] = [
        Case(messages: #"{"role":"user","content":"hello world"}"#, tokens: 9),
        Case(messages: #"{"role":"system","content":"hello:"}"#, tokens: 9),
        Case(
            messages: #"""
                {"role":"system","content":"# Important: you're the best robot"},
                {"role":"user","content":"hello robot"},{"role":"assistant","content":"hello world"}
                """#, tokens: 27),
        Case(messages: hello, functions: #"{"name":"foo","parameters":\#(empty)}"#, tokens: 31),
        Case(
            messages: hello, functions: #"{"name":"foo","description":"Do a foo","parameters":\#(empty)}"#,
            tokens: 36),
        Case(
            messages: hello,
            functions: #"""
                {"name":"bing_bong","description":"Do a bing bong","parameters":{"type":"object",
                "properties":{"foo":{"type":"string"},"bar":{"type":"number","description":"A number"}}}}
                """#, tokens: 57),
        Case(
            messages: hello,
            functions: #"""
                {"name":"bing_bong","description":"Do a bing bong","parameters":{"type":"object",
                "properties":{"foo":{"type":"object","properties":{"bar":{"type":"string","enum":["a","b","c"]},
                "baz":{"type":"boolean"}}}}}}
                """#, tokens: 68),
        Case(
            messages: hello,
            functions: #"""
                {"name":"get_recipe","parameters":{"type":"object",
                "required":["ingredients","instructions","time_to_cook"],"properties":{
                "ingredients":{"type":"array","items":{"type":"object","required":["name","unit","amount"],
                "properties":{"name":{"type":"string"},"unit":{"enum":["grams","ml","cups","pieces","teaspoons"],
                "type":"string"},"amount":{"type":"number"}}}},
                "instructions":{"type":"array","items":{"type":"string"},
                "description":"Steps to prepare the recipe (no numbering)"},
                "time_to_cook":{"type":"number","description":"Total time to prepare the recipe in minutes"}}}}
                """#, tokens: 106),
        Case(
            messages: #"{"role":"system","content":"Hello:"},{"role":"user","content":"Hi there"}"#,
            functions: #"{"name":"do_stuff","parameters":\#(empty)}"#, tokens: 35),
        Case(
            messages: #"""
                {"role":"system","content":"Hello:"},{"role":"system","content":"Hello"},
                {"role":"user","content":"Hi there"}
                """#, functions: #"{"name":"do_stuff","parameters":\#(empty)}"#, tokens: 40),
        Case(
            messages: #"""
                {"role":"user","content":"hello world"},
                {"role":"function","name":"do_stuff","content":"{\"foo\": \"bar\", \"baz\": 1.5}"}
                """#, tokens: 28),
        Case(
            messages: #"""
                {"role":"function","name":"dance_the_tango","content":"{\"a\": { \"b\" : { \"c\": false}}}"}
                """#, tokens: 24),
        Case(
            messages: #"""
                {"role":"assistant","content":"","function_call":{"name":"do_stuff",
                "arguments":"{\"foo\":\"bar\", \"baz\":\n\n 1.5}"}},{"role":"user","content":"hello"}
                """#, tokens: 30),
    ]

    @Test(arguments: counted) func `functions, their calls and results count as OpenAI counted them`(
        _ request: Case
    ) throws {
        let functions = request.functions.map { #","functions":[\#($0)]"# } ?? ""
        let counted = try count(#""messages":[\#(request.messages)]\#(functions)"#, model: "gpt-3.5-turbo")
        #expect(counted.tokens == request.tokens)
    }

    @Test func `a choice among functions adds what was measured`() throws {
        let base = try count(Self.weather, model: "gpt-4").tokens
        #expect(try count(Self.weather + #","tool_choice":"none""#, model: "gpt-4").tokens == base + 1)
        let named = #","tool_choice":{"type":"function","function":{"name":"get_current_weather"}}"#
        #expect(try count(Self.weather + named, model: "gpt-4").tokens == base + 4 + 3)
    }

    @Test func `a schema, a picture, a sound and a tool's result make an estimate`() throws {
        let hi = #""messages":[{"role":"user","content":"Hi"}]"#
        let text = try count(hi, model: "gpt-4o")
        #expect(text == TokenCount(tokens: 8, isExact: true))
        let schema =
            #","response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}}"#
        let formatted = try count(hi + schema, model: "gpt-4o")
        #expect(!formatted.isExact && formatted.tokens > text.tokens + 5)
        let image = #"{"type":"image_url","image_url":{"url":"https://x/y.png"}}"#
        let seen = try count(#""messages":[{"role":"user","content":[\#(image)]}]"#, model: "gpt-4o")
        #expect(seen == TokenCount(tokens: 7 + 765, isExact: false))
        let sound = #"{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}"#
        let heard = try count(#""messages":[{"role":"user","content":[\#(sound)]}]"#, model: "gpt-4o")
        #expect(heard == TokenCount(tokens: 7 + ChatTokens.assumedMediaTokens, isExact: false))
        let result = #"{"role":"tool","tool_call_id":"a","content":"Hi"}"#
        #expect(
            try count(#""messages":[\#(result)]"#, model: "gpt-4o") == TokenCount(tokens: 8, isExact: false))
    }

    @Test func `a factor applies to text and not to pictures`() throws {
        let words = String(repeating: " word", count: 100)
        let text = try count(#""messages":[{"role":"user","content":"\#(words)"}]"#, model: "claude-3-haiku")
        // 101 tokens of text and role, times 1.2; and 6 of the frame.
        #expect(text == TokenCount(tokens: 122 + 6, isExact: false))
        let image = #"{"type":"image_url","image_url":{"url":"https://x/y.png"}}"#
        let seen = try count(#""messages":[{"role":"user","content":[\#(image)]}]"#, model: "claude-3-haiku")
        #expect(seen.tokens == 2 + 6 + 1399)
    }

    @Test func `a request is counted when somebody asks, a long one at once`() throws {
        let short = GenerationRequest(model: "", turns: [Turn(role: .user, text: "hello world")])
        #expect(PromptTokens(short, model: "gpt-4").count == TokenCount(tokens: 9, isExact: true))
        let text = String(repeating: "a ", count: PromptTokens.keptBytes)
        let long = GenerationRequest(model: "", turns: [Turn(role: .user, text: text)])
        #expect(PromptTokens(long, model: "gpt-4").count == ChatTokens.count(long, model: "gpt-4"))
        let parts = [Part.text(TextPart("hello")), .text(TextPart("world"))]
        for turn in [Turn(role: .user, name: "Anna", text: "hello"), Turn(role: .system, parts: parts)] {
            let request = GenerationRequest(
                model: "", turns: [turn, Turn(role: .assistant, text: "hello world")])
            #expect(PromptTokens(request, model: "gpt-4").count == ChatTokens.count(request, model: "gpt-4"))
        }
        // Many messages without much text are a long request too.
        let turns = Array(repeating: Turn(role: .user, text: ""), count: 1000)
        let many = PromptTokens(GenerationRequest(model: "", turns: turns), model: "gpt-4")
        let state = try #require(Mirror(reflecting: many).children.first).value
        #expect(Mirror(reflecting: state).children.first?.label == "counted")
    }

    @Test(arguments: [
        (#"{"type":["object","object"],"properties":{"a":"#, "}}"),
        (#"{"type":["array","array"],"items":"#, "}"),
    ]) func `a type that is named twice is described once`(_ start: String, _ end: String) throws {
        var schema = #"{"type":"string"}"#
        for _ in 0..<14 { schema = start + schema + end }
        let tool =
            #"{"type":"function","function":{"name":"f","parameters":{"properties":{"a":\#(schema)}}}}"#
        let message = #"{"role":"user","content":"Hi"}"#
        let tokens = try count(#""messages":[\#(message)],"tools":[\#(tool)]"#, model: "gpt-4o").tokens
        #expect(tokens < 1000)
    }

    @Test func `a meter counts text in pieces, and a request with its frame`() throws {
        var meter = TokenMeter(model: "gpt-4o")
        for byte in "hello wörld".utf8 {
            let piece = [byte]
            meter.add(piece.span)
        }
        #expect(meter.result.tokens == 4 && meter.result.isExact && meter.result.encoding == "o200k_base")
        let body = Array(#"{"messages":[{"role":"user","content":"hello"}],"model":"gpt-4"}"#.utf8)
        let own = try #require(try TokenMeter.count(chatRequest: body, model: nil))
        #expect(own.tokens == 8 && own.model == "gpt-4" && own.encoding == "cl100k_base" && own.isExact)
        let other = try #require(try TokenMeter.count(chatRequest: body, model: "gpt-5"))
        #expect(other.tokens == 7 && other.model == "gpt-5")
        for text in ["", "{}", #"{"messages":1}"#, "[]", #"{"messages":["#] {
            #expect(try TokenMeter.count(chatRequest: Array(text.utf8), model: nil) == nil)
        }
        #expect(throws: TokenMeter.BadRequest.self) {
            try TokenMeter.count(chatRequest: Array(#"{"messages":[]}"#.utf8), model: nil)
        }
    }
}
