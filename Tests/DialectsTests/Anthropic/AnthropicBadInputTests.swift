import Dialects
import Testing
import Wire

struct AnthropicBadInputTests {
    /// A body and the exact error it is answered with.
    struct Case: CustomTestStringConvertible, Sendable {
        let body: String
        let message: String
        let parameter: String?
        var testDescription: String { "\(message) \(body.prefix(80))" }

        /// A body as it is.
        init(_ body: String, _ message: String, _ parameter: String? = nil) {
            self.body = body
            self.message = message
            self.parameter = parameter
        }

        /// A request that is right but for the members given; the message begins with the path.
        init(with members: String, _ path: String, _ reason: String) {
            let body = #"{"max_tokens":4096,"messages":[{"role":"user","content":"Hi"}],\#(members)}"#
            self.init(body, "\(path): \(reason)", path)
        }

        /// A request of one message.
        init(message: String, _ path: String, _ reason: String) {
            self.init(#"{"max_tokens":4096,"messages":[\#(message)]}"#, "\(path): \(reason)", path)
        }

        /// A request of one message of a person's with one block.
        init(block: String, _ path: String, _ reason: String) {
            let place = "messages.0.content.0" + (path.isEmpty ? "" : ".\(path)")
            self.init(message: #"{"role":"user","content":[\#(block)]}"#, place, reason)
        }

        /// A request of one message of the model's with one block.
        init(said block: String, _ path: String, _ reason: String) {
            let place = "messages.0.content.0" + (path.isEmpty ? "" : ".\(path)")
            self.init(message: #"{"role":"assistant","content":[\#(block)]}"#, place, reason)
        }
    }

    private static let types =
        "'text', 'image', 'document', 'thinking', 'search_result', 'redacted_thinking', 'tool_use', 'tool_result', "
        + "'server_tool_use', 'web_search_tool_result', 'web_fetch_tool_result', 'code_execution_tool_result', "
        + "'bash_code_execution_tool_result', 'text_editor_code_execution_tool_result', 'tool_search_tool_result', "
        + "'advisor_tool_result', 'mcp_tool_use', 'mcp_tool_result', 'mcp_tool_listing', 'container_upload', "
        + "'compaction', 'tool_addition', 'tool_removal', 'fallback'"

    static let bodies = [
        Case("", "The request body is empty; a JSON object was expected."),
        Case("[]", "The request body must be a JSON object, but it is of type array."),
        Case(
            "{\"model\":\"m\",\n }",
            "The request body is not valid JSON: unexpected character at line 2, column 2 (byte 15)."),
        Case(#"{"messages":[{"role":"user","content":"Hi"}]}"#, "max_tokens: Field required", "max_tokens"),
        Case(#"{"max_tokens":1}"#, "messages: Field required", "messages"),
        Case(#"{"max_tokens":1,"messages":null}"#, "messages: Field required", "messages"),
        Case(#"{"max_tokens":1,"messages":[]}"#, "messages: at least one message is required", "messages"),
        Case(#"{"max_tokens":1,"messages":"Hi"}"#, "messages: Input should be a valid list", "messages"),
        Case(
            #"{"max_tokens":1,"messages":[{"role":"user","content":" \n"}]}"#,
            "messages: text content blocks must contain non-whitespace text", "messages"),
        Case(
            #"{"max_tokens":1,"messages":[{"role":"system","content":"S"}]}"#,
            "messages: text content blocks must contain non-whitespace text", "messages"),
        Case(
            #"{"max_tokens":2048,"messages":[{"role":"user","content":"Hi"}],"#
                + #""thinking":{"type":"enabled","budget_tokens":2048}}"#,
            "`max_tokens` must be greater than `thinking.budget_tokens`.", "max_tokens"),
    ]

    static let members = [
        Case(with: #""max_tokens":0"#, "max_tokens", "Input should be greater than or equal to 1"),
        Case(with: #""max_tokens":1.5"#, "max_tokens", "Input should be a valid integer"),
        Case(with: #""max_tokens":"9""#, "max_tokens", "Input should be a valid integer"),
        Case(with: #""model":1"#, "model", "Input should be a valid string"),
        Case(with: #""stream":"yes""#, "stream", "Input should be a valid boolean"),
        Case(with: #""temperature":1.01"#, "temperature", "Input should be less than or equal to 1"),
        Case(with: #""temperature":1e999"#, "temperature", "Input should be less than or equal to 1"),
        Case(with: #""temperature":-1"#, "temperature", "Input should be greater than or equal to 0"),
        Case(with: #""top_p":"a""#, "top_p", "Input should be a valid number"),
        Case(with: #""top_k":-1"#, "top_k", "Input should be greater than or equal to 0"),
        Case(with: #""system":1"#, "system", "Input should be a valid list"),
        Case(
            with: #""system":[{"type":"image","source":{"type":"url","url":"u"}}]"#, "system.0.type",
            "Input should be 'text'"),
        Case(
            with: #""system":[{"type":"text","text":""}]"#, "system.0.text",
            "text content blocks must be non-empty"),
        Case(with: #""stop_sequences":"a""#, "stop_sequences", "Input should be a valid list"),
        Case(
            with: #""stop_sequences":["a",""]"#, "stop_sequences.1", "String should have at least 1 character"
        ),
        Case(
            with: #""stop_sequences":[\#(Array(repeating: "\"a\"", count: 101).joined(separator: ","))]"#,
            "stop_sequences", "List should have at most 100 items, not 101"),
        Case(
            with: #""thinking":{"type":"enabled"}"#, "thinking.budget_tokens", "Field required"),
        Case(
            with: #""thinking":{"type":"enabled","budget_tokens":1023}"#, "thinking.budget_tokens",
            "Input should be greater than or equal to 1024"),
        Case(
            with: #""thinking":{"type":"on"}"#, "thinking.type",
            "Input should be 'enabled', 'adaptive', 'disabled' or 'between_tools'"),
        Case(with: #""thinking":true"#, "thinking", "Input should be an object"),
        Case(with: #""metadata":{"user_id":5}"#, "metadata.user_id", "Input should be a valid string"),
        Case(
            with: #""output_config":{"effort":3}"#, "output_config.effort", "Input should be a valid string"),
        Case(
            with: #""output_config":{"format":{"type":"json_object"}}"#, "output_config.format.type",
            "Input should be 'json_schema'"),
        Case(with: #""output_format":{"type":"json_schema"}"#, "output_format.schema", "Field required"),
        Case(
            with: #""cache_control":{"type":"forever"}"#, "cache_control.type", "Input should be 'ephemeral'"),
        Case(with: #""mcp_servers":[1]"#, "mcp_servers.0", "Input should be an object"),
        Case(with: #""service_tier":1"#, "service_tier", "Input should be a valid string"),
        Case(with: #""tools":{}"#, "tools", "Input should be a valid list"),
        Case(with: #""tools":[{"input_schema":{}}]"#, "tools.0.name", "Field required"),
        Case(with: #""tools":[{"name":"a"}]"#, "tools.0.input_schema", "Field required"),
        Case(
            with: #""tools":[{"name":"a","input_schema":"{}"}]"#, "tools.0.input_schema",
            "Input should be an object"),
        Case(
            with: #""tools":[{"name":"a","input_schema":{"type":"string"}}]"#, "tools.0.input_schema.type",
            "Input should be 'object'"),
        Case(
            with: #""tools":[{"name":"a","input_schema":{},"strict":"yes"}]"#, "tools.0.strict",
            "Input should be a valid boolean"),
        Case(with: #""tool_choice":"auto""#, "tool_choice", "Input should be an object"),
        Case(with: #""tool_choice":{"type":"tool"}"#, "tool_choice.name", "Field required"),
        Case(
            with: #""tool_choice":{"type":"required"}"#, "tool_choice.type",
            "Input should be 'auto', 'any', 'tool' or 'none'"),
    ]

    static let messages = [
        Case(message: #""Hi""#, "messages.0", "Input should be an object"),
        Case(message: #"{"content":"Hi"}"#, "messages.0.role", "Field required"),
        Case(
            message: #"{"role":"tool","content":"Hi"}"#, "messages.0.role",
            "Input should be 'user', 'assistant' or 'system'"),
        Case(message: #"{"role":"user"}"#, "messages.0.content", "Field required"),
        Case(message: #"{"role":"user","content":5}"#, "messages.0.content", "Input should be a valid list"),
        Case(
            message: #"{"role":"user","content":""}"#, "messages.0",
            "all messages must have non-empty content except for the optional final assistant message"),
        Case(
            message: #"{"role":"user","content":[]}"#, "messages.0",
            "all messages must have non-empty content except for the optional final assistant message"),
        Case(
            message: #"{"role":"user","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]}"#,
            "messages.0",
            "`tool_use` blocks can only be in `assistant` messages"),
        Case(
            message: #"{"role":"assistant","content":[{"type":"tool_result","tool_use_id":"a"}]}"#,
            "messages.0",
            "`tool_result` blocks can only be in `user` messages"),
        Case(
            message: #"{"role":"system","content":[{"type":"image","source":{"type":"url","url":"u"}}]}"#,
            "messages.0.content.0.type", "Input should be 'text'"),
        Case(
            message: #"{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":""}]}"#,
            "messages.0.content.1.text", "text content blocks must be non-empty"),
        Case(block: "1", "", "Input should be an object"),
        Case(block: "{}", "type", "Field required"),
        Case(
            block: #"{"type":"sound"}"#, "",
            "Input tag 'sound' found using 'type' does not match any of the expected tags: \(types)"),
        Case(block: #"{"type":"text"}"#, "text", "Field required"),
        Case(block: #"{"type":"text","text":1}"#, "text", "Input should be a valid string"),
        Case(
            block: #"{"type":"text","text":"a","cache_control":{"type":"x"}}"#, "cache_control.type",
            "Input should be 'ephemeral'"),
        Case(block: #"{"type":"image"}"#, "source", "Field required"),
        Case(
            block: #"{"type":"image","source":{"type":"path"}}"#, "source.type",
            "Input should be 'base64', 'url' or 'file'"),
        Case(
            block: #"{"type":"image","source":{"type":"base64","media_type":"image/bmp","data":"A"}}"#,
            "source.media_type", "Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'"),
        Case(
            block: #"{"type":"image","source":{"type":"base64","media_type":"image/png","data":""}}"#,
            "source.data", "String should have at least 1 character"),
        Case(
            block: #"{"type":"document","source":{"type":"base64","media_type":"text/html","data":"A"}}"#,
            "source.media_type", "Input should be 'application/pdf'"),
        Case(
            block: #"{"type":"search_result","source":"s","title":"t","content":"#
                + #"[{"type":"image","source":{"type":"url","url":"u"}}]}"#, "content",
            "Input should be text blocks"),
        Case(block: #"{"type":"tool_result"}"#, "tool_use_id", "Field required"),
        Case(
            block: #"{"type":"tool_result","tool_use_id":"a","is_error":"no"}"#, "is_error",
            "Input should be a valid boolean"),
        Case(
            block: #"{"type":"tool_result","tool_use_id":"a","content":[{"type":"thinking"}]}"#, "content.0",
            "Input tag 'thinking' found using 'type' does not match any of the expected tags: 'text', 'image', "
                + "'search_result', 'document', 'tool_reference', 'browser_state'"),
        Case(said: #"{"type":"tool_use","id":"a","name":"f"}"#, "input", "Field required"),
        Case(
            said: #"{"type":"tool_use","id":"a","name":"f","input":"{}"}"#, "input",
            "Input should be an object"),
        Case(
            said: #"{"type":"tool_use","id":"","name":"f","input":{}}"#, "id",
            "String should have at least 1 character"),
        Case(said: #"{"type":"thinking","signature":"S"}"#, "thinking", "Field required"),
        Case(said: #"{"type":"redacted_thinking"}"#, "data", "Field required"),
    ]

    @Test(arguments: bodies + members + messages)
    func `what is wrong is named in Anthropic's words`(_ test: Case) throws {
        let failure = try #require(throws: Failure.self) {
            try AnthropicRequestDecoder.decode(Array(test.body.utf8))
        }
        #expect(failure.kind == .invalidRequest)
        #expect(failure.message == test.message)
        #expect(failure.parameter == test.parameter)
        #expect(AnthropicErrorEncoder.status(for: failure) == 400)
    }

    @Test(arguments: ["thread", "compaction"])
    func `what would be another answer altogether is refused`(_ member: String) throws {
        let body =
            #"{"max_tokens":1,"messages":[{"role":"user","content":"Hi"}],"\#(member)":{"type":"create"}}"#
        let failure = try #require(throws: Failure.self) {
            try AnthropicRequestDecoder.decode(Array(body.utf8))
        }
        #expect(failure.kind == .unsupported)
        #expect(failure.parameter == member)
        let error = try JSONValue(parsing: AnthropicErrorEncoder.body(for: failure, requestID: "r"))["error"]
        let details: JSONValue = [
            "error_code": "thread_unsupported_request", "unsupported": ["thread"],
        ]
        #expect(error?["details"] == (member == "thread" ? details : nil))
    }

    @Test func `as many messages as Anthropic allows, and one more`() throws {
        func body(_ count: Int) -> [UInt8] {
            let messages = Array(repeating: #"{"role":"user","content":"a"}"#, count: count)
            return Array(#"{"max_tokens":1,"messages":[\#(messages.joined(separator: ","))]}"#.utf8)
        }
        #expect(try AnthropicRequestDecoder.decode(body(100_000)).turns.count == 100_000)
        #expect(throws: Failure.self) { try AnthropicRequestDecoder.decode(body(100_001)) }
    }

    @Test func `words of any length make no long complaint`() throws {
        let word = String(repeating: "x", count: 100_000)
        let body = #"{"max_tokens":1,"messages":[{"role":"user","content":[{"type":"\#(word)"}]}]}"#
        let failure = try #require(throws: Failure.self) {
            try AnthropicRequestDecoder.decode(Array(body.utf8))
        }
        #expect(failure.message.utf8.count < 1000)
    }
}
