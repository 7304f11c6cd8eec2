import Dialects
import Testing

struct ResponsesBadInputTests {
    /// A body and the error it is answered with; all of them with status 400.
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let body: String
        let message: String
        let parameter: String?
        let code: String

        /// Any body.
        init(_ name: String, body: String, _ message: String, _ parameter: String?, _ code: String) {
            testDescription = name
            self.body = body
            self.message = message
            self.parameter = parameter
            self.code = code
        }

        /// A request that is right but for the members given.
        init(_ name: String, with members: String, _ message: String, _ parameter: String, _ code: String) {
            self.init(name, body: #"{"input":"Hi",\#(members)}"#, message, parameter, code)
        }

        /// A request of one item.
        init(_ name: String, item: String, _ message: String, _ parameter: String, _ code: String) {
            self.init(name, body: #"{"input":[\#(item)]}"#, message, parameter, code)
        }
    }

    static let bodies = [
        Case(
            "no body", body: "", "The request body is empty; a JSON object was expected.", nil, "invalid_json"
        ),
        Case(
            "not an object", body: "[]",
            "The request body must be a JSON object, but it is of type array.", nil, "invalid_type"),
        Case(
            "no input", body: #"{"model":"m"}"#,
            "Missing required parameter: one of 'input', 'previous_response_id' and 'conversation'.", "input",
            "missing_required_parameter"),
        Case(
            "an empty input", body: #"{"input":[]}"#,
            "Missing required parameter: one of 'input', 'previous_response_id' and 'conversation'.", "input",
            "missing_required_parameter"),
        Case(
            "nothing but white space", body: #"{"input":" \n"}"#,
            "Invalid value for 'input': there is no text in any item.", "input", "empty_prompt"),
        Case(
            "a number for input", body: #"{"input":1}"#,
            "Invalid type for 'input': expected a string or an array of objects, but got a number instead.",
            "input", "invalid_type"),
        Case(
            "the chat dialect's messages", body: #"{"messages":[{"role":"user","content":"Hi"}]}"#,
            "Unsupported parameter: 'messages'. In the Responses API, this parameter is 'input'.", "messages",
            "unsupported_parameter"),
    ]

    static let members = [
        Case(
            "the chat dialect's response_format", with: #""response_format":{"type":"json_object"}"#,
            "Unsupported parameter: 'response_format'. In the Responses API, this parameter is 'text.format'.",
            "response_format", "unsupported_parameter"),
        Case(
            "the chat dialect's max_tokens", with: #""max_tokens":5"#,
            "Unsupported parameter: 'max_tokens'. In the Responses API, this parameter is 'max_output_tokens'.",
            "max_tokens", "unsupported_parameter"),
        Case(
            "both kinds of history", with: #""previous_response_id":"r","conversation":"c""#,
            "Mutually exclusive parameters: 'previous_response_id' and 'conversation'. Ensure you are only "
                + "providing one of them.", "conversation", "mutually_exclusive_parameters"),
        Case(
            "an answer later", with: #""background":true"#,
            "Background responses are not supported by this relay.", "background", "unsupported_parameter"),
        Case(
            "a prompt of the vendor's", with: #""prompt":{"id":"p"}"#,
            "Prompt templates are not supported by this relay.", "prompt", "unsupported_parameter"),
        Case(
            "too hot", with: #""temperature":3"#,
            "Invalid value for 'temperature': the number is above the maximum of 2.0.", "temperature",
            "decimal_above_max_value"),
        Case(
            "no tokens", with: #""max_output_tokens":0"#,
            "Invalid value for 'max_output_tokens': the number is below the minimum of 1.",
            "max_output_tokens",
            "integer_below_min_value"),
        Case(
            "a list for a label", with: #""metadata":{"a":[]}"#,
            "Invalid type for 'metadata.a': expected a string, but got an array instead.", "metadata.a",
            "invalid_type"),
        Case(
            "a label as long as a novel", with: #""metadata":{"a":"\#(String(repeating: "x", count: 513))"}"#,
            "Invalid value for 'metadata.a': expected at most 512 characters, but got 513.", "metadata.a",
            "string_above_max_length"),
        Case(
            "too many labels",
            with: #""metadata":{\#((0..<17).map { "\"k\($0)\":\"\"" }.joined(separator: ","))}"#,
            "Invalid value for 'metadata': expected at most 16 members, but got 17.", "metadata",
            "object_above_max_properties"),
        Case(
            "a schema without a name",
            with: #""text":{"format":{"type":"json_schema","schema":{}}}"#,
            "Missing required parameter: 'text.format.name'.", "text.format.name",
            "missing_required_parameter"),
        Case(
            "a schema that is none",
            with: #""text":{"format":{"type":"json_schema","name":"n","schema":[]}}"#,
            "Invalid type for 'text.format.schema': expected an object, but got an array instead.",
            "text.format.schema", "invalid_type"),
        Case(
            "a form that nobody has", with: #""text":{"format":{"type":"xml"}}"#,
            "Invalid value for 'text.format.type': 'xml'. Supported values are: 'text', 'json_object', "
                + "'json_schema'.", "text.format.type", "invalid_value"),
        Case(
            "a tool as the chat dialect has it",
            with: #""tools":[{"type":"function","function":{"name":"f"}}]"#,
            "Missing required parameter: 'tools[0].name'.", "tools[0].name", "missing_required_parameter"),
        Case(
            "a namespace of hosted tools",
            with: #""tools":[{"type":"namespace","name":"n","tools":[{"type":"mcp"}]}]"#,
            "Invalid value for 'tools[0].tools[0].type': 'mcp'. Supported values are: 'function', 'custom'.",
            "tools[0].tools[0].type", "invalid_value"),
        Case(
            "a choice that nobody has", with: #""tool_choice":"maybe""#,
            "Invalid value for 'tool_choice': 'maybe'. Supported values are: 'none', 'auto', 'required'.",
            "tool_choice", "invalid_value"),
        Case(
            "a choice without a name", with: #""tool_choice":{"type":"function"}"#,
            "Missing required parameter: 'tool_choice.name'.", "tool_choice.name",
            "missing_required_parameter"),
        Case(
            "a truncation that nobody has", with: #""truncation":"middle""#,
            "Invalid value for 'truncation': 'middle'. Supported values are: 'auto', 'disabled'.",
            "truncation",
            "invalid_value"),
    ]

    static let items = [
        Case(
            "text for an item", item: #""Hi""#,
            "Invalid type for 'input[0]': expected an object, but got a string instead.", "input[0]",
            "invalid_type"),
        Case(
            "an item that says nothing of itself", item: #"{"text":"Hi"}"#,
            "Missing required parameter: 'input[0].type'.", "input[0].type", "missing_required_parameter"),
        Case(
            "a role that nobody has", item: #"{"role":"robot","content":"Hi"}"#,
            "Invalid value for 'input[0].role': 'robot'. Supported values are: 'assistant', 'system', "
                + "'developer', 'user'.", "input[0].role", "invalid_value"),
        Case(
            "no content", item: #"{"role":"user"}"#, "Missing required parameter: 'input[0].content'.",
            "input[0].content", "missing_required_parameter"),
        Case(
            "empty content", item: #"{"role":"user","content":[]}"#,
            "Invalid value for 'input[0].content': expected at least one part, but the array is empty.",
            "input[0].content", "empty_array"),
        Case(
            "an image in a system message",
            item:
                #"{"role":"system","content":[{"type":"input_image","image_url":"http://a.example/b.png"}]}"#,
            "Invalid value for 'input[0].content[0].type': 'input_image'. Supported values are: 'input_text'.",
            "input[0].content[0].type", "invalid_value"),
        Case(
            "an answer's text from a user",
            item: #"{"role":"user","content":[{"type":"output_text","text":"Hi"}]}"#,
            "Invalid value for 'input[0].content[0].type': 'output_text'. Supported values are: 'input_text', "
                + "'input_image', 'input_file', 'input_audio'.", "input[0].content[0].type", "invalid_value"),
        Case(
            "a part without its text", item: #"{"role":"user","content":[{"type":"input_text"}]}"#,
            "Missing required parameter: 'input[0].content[0].text'.", "input[0].content[0].text",
            "missing_required_parameter"),
        Case(
            "an image from nowhere", item: #"{"role":"user","content":[{"type":"input_image"}]}"#,
            "Missing required parameter: 'input[0].content[0].image_url'.", "input[0].content[0].image_url",
            "missing_required_parameter"),
        Case(
            "an image as the chat dialect has it",
            item: #"{"role":"user","content":[{"type":"input_image","image_url":{"url":"x"}}]}"#,
            "Invalid type for 'input[0].content[0].image_url': expected a string, but got an object instead.",
            "input[0].content[0].image_url", "invalid_type"),
        Case(
            "a call without an identifier", item: #"{"type":"function_call","name":"f","arguments":"{}"}"#,
            "Missing required parameter: 'input[0].call_id'.", "input[0].call_id",
            "missing_required_parameter"),
        Case(
            "arguments that are no text",
            item: #"{"type":"function_call","call_id":"a","name":"f","arguments":{}}"#,
            "Invalid type for 'input[0].arguments': expected a string, but got an object instead.",
            "input[0].arguments", "invalid_type"),
        Case(
            "an output without anything", item: #"{"type":"function_call_output","call_id":"a"}"#,
            "Missing required parameter: 'input[0].output'.", "input[0].output", "missing_required_parameter"),
        Case(
            "an output of nothing known", item: #"{"type":"custom_tool_call_output","output":"A"}"#,
            "Missing required parameter: 'input[0].call_id'.", "input[0].call_id",
            "missing_required_parameter"),
    ]

    @Test(arguments: bodies + members + items)
    func `a bad request is told what is wrong with it`(example: Case) {
        #expect {
            _ = try responsesRequest(example.body)
        } throws: { error in
            guard let failure = error as? Failure else { return false }
            #expect(failure.message == example.message)
            #expect(failure.parameter == example.parameter)
            #expect(failure.openAICode == example.code)
            return failure.answer.status == 400
        }
    }

    @Test func `an empty tool_calls or tools list is as good as none`() throws {
        let request = try responsesRequest(
            #"{"tools":[],"input":[{"role":"user","content":"A"},{"role":"assistant","content":"B","tool_calls":[]}]}"#
        )
        #expect(request.generation.tools.isEmpty)
        #expect(request.generation.turns.count == 2)
    }
}
