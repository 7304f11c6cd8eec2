import Dialects
import Testing

struct OpenAIChatBadInputTests {
    /// A body and the exact error it is answered with; all of them with status 400.
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let body: [UInt8]
        let message: String
        var parameter: String?
        var code: String?
        var testDescription: String { name }

        init(_ name: String, _ body: [UInt8], _ message: String, _ parameter: String?, _ code: String) {
            self.name = name
            self.body = body
            self.message = message
            self.parameter = parameter
            self.code = code
        }

        /// A body that is text.
        init(_ name: String, _ body: String, _ message: String, _ parameter: String?, _ code: String) {
            self.init(name, Array(body.utf8), message, parameter, code)
        }

        /// A request that is right but for the members given.
        init(_ name: String, with members: String, _ message: String, _ parameter: String, _ code: String) {
            let body = #"{"messages":[{"role":"user","content":"Hi"}],\#(members)}"#
            self.init(name, body, message, parameter, code)
        }

        /// A request of one message.
        init(_ name: String, message json: String, _ message: String, _ parameter: String, _ code: String) {
            self.init(name, #"{"messages":[\#(json)]}"#, message, parameter, code)
        }
    }

    static let notJSON = [
        Case("no body", "", "The request body is empty; a JSON object was expected.", nil, "invalid_json"),
        Case(
            "text", "hello",
            "The request body is not valid JSON: unexpected character at line 1, column 1 (byte 0).",
            nil, "invalid_json"),
        Case(
            "a comma too many", "{\"n\":1,\n }",
            "The request body is not valid JSON: unexpected character at line 2, column 2 (byte 9).",
            nil, "invalid_json"),
        Case(
            "cut off", #"{"messages":[{"role":"user""#,
            "The request body is not valid JSON: the text ends too early at line 1, column 28 (byte 27).",
            nil, "invalid_json"),
        Case(
            "text after the end", "{} {}",
            "The request body is not valid JSON: unexpected text after the value at line 1, column 4 (byte 3).",
            nil, "invalid_json"),
        Case(
            "invalid UTF-8", Array(#"{"model":""#.utf8) + [0xFF] + Array(#""}"#.utf8),
            "The request body is not valid JSON: a string is not valid UTF-8 at line 1, column 11 (byte 10).",
            nil, "invalid_json"),
        Case(
            "a lone surrogate", #"{"model":"\ud800"}"#,
            "The request body is not valid JSON: half a surrogate pair in a string at line 1, column 11 (byte 10).",
            nil, "invalid_json"),
        Case(
            "a raw NUL", "{\"model\":\"a\u{0}\"}",
            "The request body is not valid JSON: unescaped control character in a string at line 1, column 12 "
                + "(byte 11).",
            nil, "invalid_json"),
        Case(
            "ten thousand arrays", #"{"x":"# + String(repeating: "[", count: 10_000),
            "The request body is not valid JSON: nested too deeply at line 1, column 133 (byte 132).",
            nil, "invalid_json"),
        Case(
            "a bad number", #"{"n":01}"#,
            "The request body is not valid JSON: invalid number at line 1, column 7 (byte 6).", nil,
            "invalid_json"),
        Case(
            "an array", "[]", "The request body must be a JSON object, but it is of type array.",
            nil, "invalid_type"),
    ]

    static let messages = [
        Case(
            "no messages", "{}", "Missing required parameter: 'messages'.", "messages",
            "missing_required_parameter"),
        Case(
            "messages are null", #"{"messages":null}"#, "Missing required parameter: 'messages'.", "messages",
            "missing_required_parameter"),
        Case(
            "messages are a string", #"{"messages":"Hi"}"#,
            "Invalid type for 'messages': expected an array of objects, but got a string instead.",
            "messages",
            "invalid_type"),
        Case(
            "messages are empty", #"{"messages":[]}"#,
            "Invalid value for 'messages': expected at least one message, but the array is empty.",
            "messages",
            "empty_array"),
        Case(
            "an empty prompt", message: #"{"role":"user","content":""}"#,
            "Invalid value for 'messages': there is no text in any message.", "messages", "empty_prompt"),
        Case(
            "a prompt of white space",
            message: #"{"role":"user","content":[{"type":"text","text":" \n\u00a0"}]}"#,
            "Invalid value for 'messages': there is no text in any message.", "messages", "empty_prompt"),
        Case(
            "a message is a string", message: #""Hi""#,
            "Invalid type for 'messages[0]': expected an object, but got a string instead.", "messages[0]",
            "invalid_type"),
        Case(
            "no role", message: #"{"content":"Hi"}"#, "Missing required parameter: 'messages[0].role'.",
            "messages[0].role", "missing_required_parameter"),
        Case(
            "an unknown role", message: #"{"role":"robot","content":"Hi"}"#,
            "Invalid value for 'messages[0].role': 'robot'. Supported values are: 'system', 'developer', 'user', "
                + "'assistant', 'tool', 'function'.", "messages[0].role", "invalid_value"),
        Case(
            "content is a number",
            message:
                #"{"role":"user","content":"a"},{"role":"user","content":"b"},{"role":"user","content":5}"#,
            "Invalid type for 'messages[2].content': expected a string or an array of objects, but got a number "
                + "instead.", "messages[2].content", "invalid_type"),
        Case(
            "content is null", message: #"{"role":"user","content":null}"#,
            "Missing required parameter: 'messages[0].content'.", "messages[0].content",
            "missing_required_parameter"),
        Case(
            "content is an empty array", message: #"{"role":"user","content":[]}"#,
            "Invalid value for 'messages[0].content': expected at least one part, but the array is empty.",
            "messages[0].content", "empty_array"),
        Case(
            "a part is a string", message: #"{"role":"user","content":["Hi"]}"#,
            "Invalid type for 'messages[0].content[0]': expected an object, but got a string instead.",
            "messages[0].content[0]", "invalid_type"),
        Case(
            "a part of an unknown type", message: #"{"role":"user","content":[{"type":"video_url"}]}"#,
            "Invalid value for 'messages[0].content[0].type': 'video_url'. Supported values are: 'text', "
                + "'image_url', 'input_audio', 'file'.", "messages[0].content[0].type", "invalid_value"),
        Case(
            "an image from the system",
            message: #"{"role":"system","content":[{"type":"image_url","image_url":{"url":"x"}}]}"#,
            "Invalid value for 'messages[0].content[0].type': 'image_url'. Supported values are: 'text'.",
            "messages[0].content[0].type", "invalid_value"),
        Case(
            "a text part without text", message: #"{"role":"user","content":[{"type":"text"}]}"#,
            "Missing required parameter: 'messages[0].content[0].text'.", "messages[0].content[0].text",
            "missing_required_parameter"),
        Case(
            "an image's address is a number",
            message: #"{"role":"user","content":[{"type":"image_url","image_url":1}]}"#,
            "Invalid type for 'messages[0].content[0].image_url': expected an object, but got a number instead.",
            "messages[0].content[0].image_url", "invalid_type"),
        Case(
            "a data URL without data",
            message:
                #"{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png"}}]}"#,
            "Invalid value for 'messages[0].content[0].image_url.url': the data URL has no comma before its data.",
            "messages[0].content[0].image_url.url", "invalid_value"),
        Case(
            "a data URL that is not base64",
            message:
                #"{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:text/plain,x"}}]}"#,
            "Invalid value for 'messages[0].content[0].image_url.url': the data URL is not in base64.",
            "messages[0].content[0].image_url.url", "invalid_value"),
        Case(
            "an assistant without anything", message: #"{"role":"assistant"}"#,
            "Missing required parameter: 'messages[0].content'.", "messages[0].content",
            "missing_required_parameter"),
        Case(
            "a tool result without its call", message: #"{"role":"tool","content":"x"}"#,
            "Missing required parameter: 'messages[0].tool_call_id'.", "messages[0].tool_call_id",
            "missing_required_parameter"),
        Case(
            "a call whose arguments are an object",
            message:
                #"{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":{}}}]}"#,
            "Invalid type for 'messages[0].tool_calls[0].function.arguments': expected a string, but got an object "
                + "instead.", "messages[0].tool_calls[0].function.arguments", "invalid_type"),
    ]

    static let parameters = [
        Case(
            "model is a number", with: #""model":1"#,
            "Invalid type for 'model': expected a string, but got a number instead.", "model", "invalid_type"),
        Case(
            "temperature is a string", with: #""temperature":"hot""#,
            "Invalid type for 'temperature': expected a number, but got a string instead.", "temperature",
            "invalid_type"),
        Case(
            "temperature is negative", with: #""temperature":-0.1"#,
            "Invalid value for 'temperature': the number is below the minimum of 0.0.", "temperature",
            "decimal_below_min_value"),
        Case(
            "temperature is beyond all doubles", with: #""temperature":1e999"#,
            "Invalid value for 'temperature': the number is above the maximum of 2.0.", "temperature",
            "decimal_above_max_value"),
        Case(
            "max_tokens is zero", with: #""max_tokens":0"#,
            "Invalid value for 'max_tokens': the number is below the minimum of 1.", "max_tokens",
            "integer_below_min_value"),
        Case(
            "max_tokens is a fraction", with: #""max_tokens":1.5"#,
            "Invalid type for 'max_tokens': expected an integer, but got a number instead.", "max_tokens",
            "invalid_type"),
        Case(
            "seed is beyond 64 bits", with: #""seed":99999999999999999999"#,
            "Invalid value for 'seed': the number is too large.", "seed", "integer_above_max_value"),
        Case(
            "seed is far below zero", with: #""seed":-1e300"#,
            "Invalid value for 'seed': the number is too small.",
            "seed", "integer_below_min_value"),
        Case(
            "n is zero", with: #""n":0"#, "Invalid value for 'n': the number is below the minimum of 1.", "n",
            "integer_below_min_value"),
        Case(
            "n is nine", with: #""n":9"#, "Invalid value for 'n': the number is above the maximum of 8.", "n",
            "integer_above_max_value"),
        Case(
            "stream is a string", with: #""stream":"true""#,
            "Invalid type for 'stream': expected a boolean, but got a string instead.", "stream",
            "invalid_type"),
        Case(
            "include_usage is a number", with: #""stream_options":{"include_usage":1}"#,
            "Invalid type for 'stream_options.include_usage': expected a boolean, but got a number instead.",
            "stream_options.include_usage", "invalid_type"),
        Case(
            "stop is empty", with: #""stop":"""#,
            "Invalid value for 'stop': expected a string that is not empty.", "stop", "empty_string"),
        Case(
            "a stop of the list is empty", with: #""stop":["a",""]"#,
            "Invalid value for 'stop[1]': expected a string that is not empty.", "stop[1]", "empty_string"),
        Case(
            "five stops", with: #""stop":["a","b","c","d","e"]"#,
            "Invalid value for 'stop': expected at most 4 stop sequences, but got 5.", "stop",
            "array_above_max_length"),
        Case(
            "stop is an object", with: #""stop":{}"#,
            "Invalid type for 'stop': expected a string or an array of strings, but got an object instead.",
            "stop",
            "invalid_type"),
        Case(
            "a bias out of bounds", with: #""logit_bias":{"5":101}"#,
            "Invalid value for 'logit_bias.5': the number is above the maximum of 100.0.", "logit_bias.5",
            "decimal_above_max_value"),
        Case(
            "a label that is no string", with: #""metadata":{"a":1}"#,
            "Invalid type for 'metadata.a': expected a string, but got a number instead.", "metadata.a",
            "invalid_type"),
        Case(
            "a tool without a name", with: #""tools":[{"type":"function","function":{}}]"#,
            "Missing required parameter: 'tools[0].function.name'.", "tools[0].function.name",
            "missing_required_parameter"),
        Case(
            "an unknown choice of tools", with: #""tool_choice":"maybe""#,
            "Invalid value for 'tool_choice': 'maybe'. Supported values are: 'none', 'auto', 'required'.",
            "tool_choice", "invalid_value"),
        Case(
            "an unknown format", with: #""response_format":{"type":"xml"}"#,
            "Invalid value for 'response_format.type': 'xml'. Supported values are: 'text', 'json_object', "
                + "'json_schema'.", "response_format.type", "invalid_value"),
        Case(
            "a web search that is a boolean", with: #""web_search_options":true"#,
            "Invalid type for 'web_search_options': expected an object, but got a boolean instead.",
            "web_search_options", "invalid_type"),
        Case(
            "an unknown context size", with: #""web_search_options":{"search_context_size":"huge"}"#,
            "Invalid value for 'web_search_options.search_context_size': 'huge'. Supported values are: 'low', "
                + "'medium', 'high'.", "web_search_options.search_context_size", "invalid_value"),
        Case(
            "no sites", with: #""num_of_site":0"#,
            "Invalid value for 'num_of_site': the number is below the minimum of 1.", "num_of_site",
            "integer_below_min_value"),
    ]

    @Test(arguments: notJSON + messages + parameters)
    func `bad input is answered with the exact error`(_ test: Case) throws {
        let failure = try #require(throws: Failure.self) { try OpenAIChatRequestDecoder.decode(test.body) }
        #expect(failure.kind == .invalidRequest)
        #expect(failure.answer.status == 400)
        let parameter = test.parameter.map { "\"\($0)\"" } ?? "null"
        let message = test.message.replacing("\"", with: "\\\"")
        let error =
            "{\"error\":{\"message\":\"\(message)\",\"type\":\"invalid_request_error\",\"param\":\(parameter),"
            + "\"code\":\"\(test.code ?? "")\"}}"
        #expect(text(OpenAIErrorEncoder.body(for: failure)) == error)
    }

    @Test func `a very long word or key does not make the message long`() throws {
        let long = String(repeating: "x", count: 100_000)
        for members in [#""tool_choice":"\#(long)""#, #""metadata":{"\#(long)":1}"#] {
            let body = #"{"messages":[{"role":"user","content":"Hi"}],\#(members)}"#
            let failure = try #require(throws: Failure.self) {
                try OpenAIChatRequestDecoder.decode(Array(body.utf8))
            }
            #expect(failure.message.utf8.count < 300)
        }
    }

    @Test func `any beginning of a good request is refused and never crashes`() throws {
        let body = Array(
            #"""
            {"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"é\ud83d\ude00"}]}],
            "stop":["a"],"n":1,"tools":[{"type":"function","function":{"name":"f"}}],"temperature":1e0}
            """#.utf8)
        _ = try OpenAIChatRequestDecoder.decode(body)
        for count in 0..<body.count {
            let failure = #expect(throws: Failure.self) {
                try OpenAIChatRequestDecoder.decode(Array(body.prefix(count)))
            }
            #expect(failure?.code == "invalid_json")
        }
    }
}
