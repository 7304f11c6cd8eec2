import Dialects
import Testing
import Wire

struct ResponsesItemTests {
    /// What items become.
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let items: String
        let turns: [Turn]

        init(_ name: String, _ items: String, _ turns: Turn...) {
            testDescription = name
            self.items = items
            self.turns = turns
        }
    }

    private static func assistant(_ parts: Part...) -> Turn { Turn(role: .assistant, parts: parts) }
    private static func user(_ parts: Part...) -> Turn { Turn(role: .user, parts: parts) }
    private static func said(_ text: String) -> Part { .text(TextPart(text)) }
    private static func call(_ id: String, _ name: String, _ arguments: String) -> Part {
        .toolCall(ToolCall(id: id, name: name, arguments: arguments))
    }
    private static func result(_ id: String?, _ parts: Part..., name: String? = nil, isError: Bool? = nil)
        -> Turn
    {
        Turn(
            role: .tool,
            parts: [.toolResult(ToolResult(callID: id, name: name, parts: parts, isError: isError))])
    }

    static let messages = [
        Case(
            "a message of text", #"{"type":"message","role":"user","content":"Hi"}"#, user(said("Hi"))),
        Case("litellm: a message without a type", #"{"role":"user","content":"Hi"}"#, user(said("Hi"))),
        Case(
            "every role", #"{"role":"system","content":"S"},{"role":"developer","content":"D"}"#,
            Turn(role: .system, text: "S"), Turn(role: .developer, text: "D")),
        Case(
            "all that a user may say",
            #"""
            {"role":"user","content":[{"type":"input_text","text":"Look"},
            {"type":"input_image","image_url":"data:image/png;base64,AAAA","detail":"low"},
            {"type":"input_image","file_id":"file_1"},
            {"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,BBBB"},
            {"type":"input_file","file_url":"https://a.example/b.pdf"},{"type":"input_file","file_id":"file_2"},
            {"type":"input_file","file_data":"CCCC"},
            {"type":"input_audio","input_audio":{"data":"DDDD","format":"wav"}}]}
            """#,
            user(
                said("Look"),
                .image(ImagePart(source: .base64("AAAA", mediaType: "image/png"), detail: "low")),
                .image(ImagePart(source: .file(id: "file_1"))),
                .document(DocumentPart(source: .base64("BBBB", mediaType: "application/pdf"), name: "a.pdf")),
                .document(DocumentPart(source: .url("https://a.example/b.pdf"))),
                .document(DocumentPart(source: .file(id: "file_2"))),
                .document(DocumentPart(source: .base64("CCCC", mediaType: nil))),
                .audio(AudioPart(source: .base64("DDDD", mediaType: nil), format: "wav")))),
        Case(
            "what an answer was",
            #"""
            {"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[
            {"type":"output_text","text":"Well","annotations":[]},{"type":"refusal","refusal":"No"}]}
            """#, assistant(said("Well"), .refusal("No"))),
        Case("an answer as text", #"{"role":"assistant","content":"Yes"}"#, assistant(said("Yes"))),
        Case(
            "an answer that was cut off before its first word",
            #"{"role":"user","content":"Hi"},{"role":"assistant","content":[]}"#, user(said("Hi"))),
    ]

    static let calls = [
        Case(
            "thought, word and calls are one turn, outputs another",
            #"""
            {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"Hm"}]},
            {"role":"assistant","content":"Looking"},
            {"type":"function_call","call_id":"a","name":"read","arguments":"{}"},
            {"type":"function_call","call_id":"b","name":"list","arguments":"{}"},
            {"type":"function_call_output","call_id":"a","output":"A"},
            {"type":"function_call_output","call_id":"b","output":[{"type":"input_text","text":"B"},
            {"type":"input_image","image_url":"http://a.example/b.png"}]},
            {"role":"user","content":"Go on"}
            """#,
            assistant(
                .reasoning(ReasoningPart(text: "Hm", id: "rs_1")), said("Looking"), call("a", "read", "{}"),
                call("b", "list", "{}")),
            Turn(
                role: .tool,
                parts: [
                    .toolResult(ToolResult(callID: "a", parts: [said("A")])),
                    .toolResult(
                        ToolResult(
                            callID: "b",
                            parts: [said("B"), .image(ImagePart(source: .url("http://a.example/b.png")))])),
                ]), user(said("Go on"))),
        Case(
            "a call after an output is a new turn",
            #"""
            {"type":"function_call","call_id":"a","name":"f","arguments":"1"},
            {"type":"function_call_output","call_id":"a","output":""},
            {"type":"function_call","call_id":"b","name":"f","arguments":"2"}
            """#, assistant(call("a", "f", "1")), result("a", said("")), assistant(call("b", "f", "2"))),
        Case(
            "calls and outputs without a type",
            #"{"call_id":"a","name":"f","arguments":"1"},{"call_id":"a","output":"A"}"#,
            assistant(call("a", "f", "1")), result("a", said("A"))),
        Case(
            "a custom tool",
            #"""
            {"type":"custom_tool_call","call_id":"a","name":"apply_patch","input":"*** Begin"},
            {"type":"custom_tool_call_output","call_id":"a","output":"Done"}
            """#,
            assistant(
                .toolCall(ToolCall(id: "a", name: "apply_patch", arguments: "*** Begin", kind: .custom))),
            result("a", said("Done"))),
        Case(
            "a tool in a namespace",
            #"{"type":"function_call","call_id":"a","namespace":"mcp__node","name":"js","arguments":"{}"}"#,
            assistant(call("a", "mcp__node__js", "{}"))),
        Case(
            "an output that names its tool only", #"{"type":"function_call_output","name":"f","output":"A"}"#,
            result(nil, said("A"), name: "f")),
        Case(
            "the local shell, whose output refers to the item",
            #"""
            {"type":"local_shell_call","id":"lsh_1","call_id":"a","status":"completed",
            "action":{"type":"exec","command":["ls"],"env":{}}},
            {"type":"local_shell_call_output","id":"lsh_1","output":"x.txt"}
            """#, assistant(call("a", "local_shell", #"{"type":"exec","command":["ls"],"env":{}}"#)),
            result("a", said("x.txt"))),
        Case(
            "the shell",
            #"""
            {"type":"shell_call","call_id":"a","action":{"commands":["ls"]}},
            {"type":"shell_call_output","call_id":"a","output":[{"stdout":"x","stderr":"","outcome":{"type":"exit","exit_code":0}}]}
            """#, assistant(call("a", "shell", #"{"commands":["ls"]}"#)),
            result(
                "a", said(#"[{"stdout":"x","stderr":"","outcome":{"type":"exit","exit_code":0}}]"#))),
        Case(
            "complaint: apply_patch_call was dropped",
            #"""
            {"type":"apply_patch_call","call_id":"a","status":"completed","operation":{"type":"delete_file","path":"x"}},
            {"type":"apply_patch_call_output","call_id":"a","status":"failed","output":"No such file"}
            """#, assistant(call("a", "apply_patch", #"{"type":"delete_file","path":"x"}"#)),
            result("a", said("No such file"), isError: true)),
        Case(
            "a computer, which shows what is on its screen",
            #"""
            {"type":"computer_call","id":"cu_1","call_id":"a","action":{"type":"screenshot"},"status":"completed"},
            {"type":"computer_call_output","call_id":"a","output":{"type":"computer_screenshot","image_url":"http://a.example/s.png"}}
            """#, assistant(call("a", "computer", #"{"type":"screenshot"}"#)),
            result("a", .image(ImagePart(source: .url("http://a.example/s.png"))))),
        Case(
            "a call that the vendor made and answered",
            #"{"type":"mcp_call","id":"mcp_1","server_label":"s","name":"f","arguments":"{}","output":"A"}"#,
            assistant(call("mcp_1", "f", "{}")), result("mcp_1", said("A"))),
    ]

    static let others = [
        Case(
            "a thought in full",
            #"{"type":"reasoning","id":"rs_1","summary":[],"content":[{"type":"reasoning_text","text":"Hm"}],"encrypted_content":"p"}"#,
            assistant(.reasoning(ReasoningPart(text: "Hm", signature: "p", id: "rs_1")))),
        Case(
            "a thought that only the vendor can read",
            #"{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"p"}"#,
            assistant(.reasoning(ReasoningPart(text: "", redacted: "p", id: "rs_1")))),
        Case(
            "Codex: a thought of which nothing is known",
            #"{"type":"reasoning","summary":[],"content":null,"encrypted_content":null},{"role":"user","content":"Hi"}"#,
            user(said("Hi"))),
        Case(
            "searches and the like are told by the words after them",
            #"""
            {"type":"web_search_call","id":"ws_1","status":"completed"},
            {"type":"file_search_call","id":"fs_1","status":"completed","queries":[]},
            {"type":"code_interpreter_call","id":"ci_1","status":"completed","code":"1","container_id":"c"},
            {"type":"mcp_list_tools","id":"l_1","server_label":"s","tools":[]},{"role":"assistant","content":"So:"}
            """#, assistant(said("So:"))),
        Case(
            "a picture that the model made",
            #"{"type":"image_generation_call","id":"ig_1","status":"completed","result":"AAAA"}"#,
            assistant(.image(ImagePart(source: .base64("AAAA", mediaType: "image/png"))))),
        Case(
            "what only the vendor understands is kept for the upstream to judge",
            #"{"type":"compaction","id":"cmp_1","encrypted_content":"p"}"#,
            assistant(
                .vendor(
                    VendorPart(
                        type: "compaction",
                        json: ["type": "compaction", "id": "cmp_1", "encrypted_content": "p"])))),
    ]

    @Test(arguments: messages + calls + others)
    func `an item becomes what it says`(example: Case) throws {
        let request = try responsesRequest(#"{"model":"m","input":[\#(example.items)]}"#)
        var turns = request.generation.turns
        for index in turns.indices {
            turns[index].origin = nil
            turns[index].places = [:]
        }
        #expect(turns == example.turns)
    }

    @Test func `text alone is a user's message`() throws {
        let request = try responsesRequest(#"{"model":"m","input":"Hi"}"#)
        #expect(request.generation.turns.map(\.parts) == [[.text(TextPart("Hi"))]])
        #expect(
            request.inputItems == [
                [
                    "type": "message", "id": "msg_1", "role": "user",
                    "content": [["type": "input_text", "text": "Hi"]], "status": "completed",
                ]
            ])
    }

    @Test func `items are stored with type, identifier, status and parts`() throws {
        let request = try responsesRequest(
            #"""
            {"model":"m","input":[{"role":"assistant","content":"Yes","phase":"commentary"},
            {"type":"function_call","call_id":"a","name":"f","arguments":"{}","id":null},
            {"type":"function_call_output","call_id":"a","output":"A","id":"mine"},
            {"type":"reasoning","summary":[],"encrypted_content":"p"}]}
            """#)
        #expect(
            request.inputItems == [
                [
                    "type": "message", "id": "msg_1", "role": "assistant",
                    "content": [["type": "output_text", "text": "Yes", "annotations": [], "logprobs": []]],
                    "phase": "commentary", "status": "completed",
                ],
                [
                    "type": "function_call", "id": "fc_2", "call_id": "a", "name": "f", "arguments": "{}",
                    "status": "completed",
                ],
                [
                    "type": "function_call_output", "id": "mine", "call_id": "a", "output": "A",
                    "status": "completed",
                ],
                ["type": "reasoning", "id": "rs_3", "summary": [], "encrypted_content": "p"],
            ])
    }

    @Test func `turns say where they stand`() throws {
        let request = try responsesRequest(
            #"{"model":"m","instructions":"Be kind","input":[{"role":"user","content":"A"},{"role":"assistant","content":"B"}]}"#
        )
        #expect(request.generation.turns.map(\.origin) == [nil, "input[0]", "input[1]"])
        #expect(request.generation.turns.first == Turn(role: .system, text: "Be kind"))
    }
}
