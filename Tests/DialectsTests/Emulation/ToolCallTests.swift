import Dialects
import Testing

struct ToolCallTests {
    struct Bend: CustomTestStringConvertible, Sendable {
        let name: String
        let answer: String
        let result: String
        var testDescription: String { name }

        init(_ name: String, _ answer: String, _ result: String) {
            self.name = name
            self.answer = answer
            self.result = result
        }
    }

    private static let call = #"{"name": "get_weather", "arguments": {"city": "Rom\"é"}}"#
    private static let rome = #"‹0:get_weather|{"city": "Rom\"é"}›"#

    static let bends = [
        Bend("as told", "<tool_call>\n\(call)\n</tool_call>", "\(rome) toolCalls"),
        Bend(
            "text before and after", "I look.\n\n<tool_call>\n\(call)\n</tool_call>\n\nDone.",
            "I look.\n\n\(rome)Done. toolCalls"),
        Bend("white space before", "\n\n <tool_call>\(call)</tool_call>\n", "\(rome) toolCalls"),
        Bend("no end tag", "<tool_call>\n\(call)", "\(rome) toolCalls"),
        Bend("no end tag and text", "<tool_call>\n\(call)\nSo be it.", "\(rome)So be it. toolCalls"),
        Bend("end tag cut off", "<tool_call>\n\(call)\n</tool_c", "\(rome) toolCalls"),
        Bend("end tag of another name", "<tool_call>\n\(call)\n</function_call>", "\(rome) toolCalls"),
        Bend("start tag as end tag", "<tool_call>\n\(call)\n<tool_call>", "\(rome) toolCalls"),
        Bend("another case", "<Tool_Call>\(call)</TOOL_CALL>", "\(rome) toolCalls"),
        Bend(
            "several blocks",
            "<tool_call>\(call)</tool_call>\n<tool_call>{\"name\":\"patch\",\"arguments\":{\"input\":\"a\\nb\"}}</tool_call>",
            "\(rome)‹1:*patch|a\nb› toolCalls"),
        Bend(
            "two objects in one block", "<tool_call>\n\(call)\n\(call)\n</tool_call>",
            "\(rome)‹1:get_weather|{\"city\": \"Rom\\\"é\"}› toolCalls"),
        Bend(
            "an array in one block", "<tool_call>\n[\(call), \(call)]\n</tool_call>",
            "\(rome)‹1:get_weather|{\"city\": \"Rom\\\"é\"}› toolCalls"),
        Bend("a brace too many", "<tool_call>\(call)}\n</tool_call>", "\(rome) toolCalls"),
        Bend("a fence in the block", "<tool_call>\n```json\n\(call)\n```\n</tool_call>", "\(rome) toolCalls"),
        Bend(
            "a fence around the block", "```json\n<tool_call>\n\(call)\n</tool_call>\n```",
            "\(rome) toolCalls"),
        Bend(
            "text and a fence around the block", "So:\n```\n<tool_call>\(call)</tool_call>\n```\nWait.",
            "So:\n\(rome)Wait. toolCalls"),
        Bend(
            "nothing but a fence", "```json\n\(call)\n```",
            "‹0:get_weather|{\"city\":\"Rom\\\"é\"}› toolCalls"),
        Bend(
            "a fence and text is text", "```json\n\(call)\n```\nThat is how.",
            "```json\n\(call)\n```\nThat is how. stop"),
        Bend(
            "trailing commas",
            "<tool_call>{\"name\":\"get_weather\",\"arguments\":{\"city\":\"x\",},}</tool_call>",
            "‹0:get_weather|{\"city\":\"x\"}› toolCalls"),
        Bend(
            "smart quotes", "<tool_call>{“name”: “get_weather”, “arguments”: {“city”: “x”}}</tool_call>",
            "‹0:get_weather|{\"city\": \"x\"}› toolCalls"),
        Bend(
            "a missing brace", "<tool_call>{\"name\":\"get_weather\",\"arguments\":{\"city\":\"x\"}",
            "‹0:get_weather|{\"city\":\"x\"}› toolCalls"),
        Bend(
            "arguments first",
            "<tool_call>{\"arguments\":{\"city\":\"x\"},\"name\":\"get_weather\"}</tool_call>",
            "‹0:get_weather|{\"city\":\"x\"}› toolCalls"),
        Bend(
            "parameters", "<tool_call>{\"name\":\"get_weather\",\"parameters\":{\"city\":\"x\"}}</tool_call>",
            "‹0:get_weather|{\"city\":\"x\"}› toolCalls"),
        Bend(
            "arguments as a string",
            #"<tool_call>{"name":"get_weather","arguments":"{\"city\":\"x\",\"days\": 3}"}</tool_call>"#,
            "‹0:get_weather|{\"city\":\"x\",\"days\": 3}› toolCalls"),
        Bend(
            "OpenAI's nesting",
            #"<tool_call>{"id":"1","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"x\"}"}}</tool_call>"#,
            "‹0:get_weather|{\"city\":\"x\"}› toolCalls"),
        Bend(
            "no arguments", "<tool_call>{\"name\":\"get_weather\"}</tool_call>",
            "‹0:get_weather|{}› toolCalls"),
        Bend(
            "arguments beside the name", "<tool_call>{\"name\":\"get_weather\",\"city\":\"x\"}</tool_call>",
            "‹0:get_weather|{\"city\":\"x\"}› toolCalls"),
        Bend(
            "the name as an attribute", "<tool_call name=\"get_weather\">{\"city\":\"x\"}</tool_call>",
            "‹0:get_weather|{\"city\":\"x\"}› toolCalls"),
        Bend(
            "the name before the object", "<tool_call>get_weather\n{\"city\":\"x\"}</tool_call>",
            "‹0:get_weather|{\"city\":\"x\"}› toolCalls"),
        Bend(
            "the name as the key", "<tool_call>{\"get_weather\":{\"city\":\"x\"}}</tool_call>",
            "‹0:get_weather|{\"city\":\"x\"}› toolCalls"),
        Bend(
            "another case of the name", "<tool_call>{\"name\":\"Get_Weather\",\"arguments\":{}}</tool_call>",
            "‹0:get_weather|{}› toolCalls"),
        Bend(
            "a namespace", "<tool_call>{\"name\":\"functions.get_weather\",\"arguments\":{}}</tool_call>",
            "‹0:get_weather|{}› toolCalls"),
        Bend(
            "free-form input",
            #"<tool_call>{"name":"patch","arguments":{"input":"\ud83d\ude00é\n"}}</tool_call>"#,
            "‹0:*patch|😀é\n› toolCalls"),
        Bend(
            "free-form input as a string", #"<tool_call>{"name":"patch","arguments":"a\tb"}</tool_call>"#,
            "‹0:*patch|a\tb› toolCalls"),
        Bend(
            "broken arguments in a string",
            #"<tool_call>{"name":"get_weather","arguments":"{\"a\"b:1}"}</tool_call>"#,
            "‹0:get_weather|{\"a\"› toolCalls"),
        Bend(
            "free-form input that is none", #"<tool_call>{"name":"patch","arguments":{"input":["x"]}}"#,
            #"<tool_call>{"name":"patch","arguments":{"input":["x"]}} stop"#),
        Bend(
            "free-form input that is empty",
            #"<tool_call>{"name":"patch","arguments":{"input":""}}</tool_call>"#,
            "‹0:*patch|› toolCalls"),
        Bend(
            "strict arguments that fit",
            #"<tool_call>{"name":"add","arguments":{"a": 1, "b": 2}}</tool_call>"#,
            "‹0:add|{\"a\":1,\"b\":2}› toolCalls"),
        Bend(
            "an unknown name is text", "<tool_call>{\"name\":\"x\",\"arguments\":{}}</tool_call>",
            "<tool_call>{\"name\":\"x\",\"arguments\":{}}</tool_call> stop"),
        Bend(
            "broken JSON is text", "a <tool_call>{\"name\": ]}</tool_call> b",
            "a <tool_call>{\"name\": ]}</tool_call> b stop"),
        Bend(
            "an unfinished call is text", "<tool_call>{\"name\": \"get_w",
            "<tool_call>{\"name\": \"get_w stop"),
        Bend(
            "a mention is text", "Write `<tool_call>` and `</tool_call>`.",
            "Write `<tool_call>` and `</tool_call>`. stop"),
        Bend(
            "another tag is text", "<tool_call_2>{}</tool_call_2> <tool_calls> <tool",
            "<tool_call_2>{}</tool_call_2> <tool_calls> <tool stop"),
        Bend(
            "an invented result ends the answer",
            "<tool_call>\(call)</tool_call>\n\n[tool: get_weather #1]\nSun.", "\(rome) toolCalls"),
        Bend(
            "an invented result in tags", "<tool_call>\(call)</tool_call>\n<tool_response>\nSun.",
            "\(rome) toolCalls"),
        Bend("an invented question", "Fine.\n\n[user]\nAnd now?", "Fine.\n\n stop"),
        Bend("an invented question at the end", "Fine.\n\n[user]", "Fine.\n\n stop"),
        Bend(
            "a section in code", "```ini\n\n[user]\nname = x\n```\n", "```ini\n\n[user]\nname = x\n```\n stop"
        ),
        Bend("a section after a line", "So:\n[user]\nname = x", "So:\n[user]\nname = x stop"),
        Bend(
            "a link", "See\n\n[user](x) and [[tool]]s.\n\n[use",
            "See\n\n[user](x) and [[tool]]s.\n\n[use stop"),
        Bend("the label repeated", "[assistant]\nFine.", "Fine. stop"),
        Bend(
            "the label repeated, then a call", "\n[assistant]\n<tool_call>\(call)</tool_call>",
            "\(rome) toolCalls"),
        Bend("nothing", " \n", " \n stop"),
    ]

    @Test(arguments: bends) func `every bend of the format, split anywhere`(_ bend: Bend) throws {
        try EmulationFixture().check(bend.answer, bend.result)
    }

    @Test func `an answer that is cut off in a call keeps what it has`() throws {
        try EmulationFixture().check(
            #"<tool_call>{"name":"get_weather","arguments":{"city":"Ro"#,
            #"‹0:get_weather|{"city":"Ro› length"#, .length)
        try EmulationFixture().check(
            #"<tool_call>{"name":"get_we"#, #"<tool_call>{"name":"get_we length"#, .length)
    }

    @Test func `arguments come as they are written, and text is not held back`() throws {
        var answer = try EmulatedAnswer(EmulationFixture().emulation, furtherCalls: 1)
        var steps: [String] = []
        var transcript = Transcript()
        for piece in [
            "He", "llo <b", "> `x` [1", "]\n<tool_", "call>", "{\"name\":\"get_weather\",", "\"arguments\":",
            "{\"ci", "ty\":\"Ro", "m\"}", "}\n</tool_call>",
        ] {
            let before = transcript.text.count
            answer.take(.text(piece)) { transcript.add($0) }
            steps.append(String(transcript.text.dropFirst(before)))
        }
        #expect(
            steps == [
                "He", "llo <b", "> `x` [1", "]\n", "", "", "", "‹0:get_weather|{\"ci", "ty\":\"Ro", "m\"}",
                "›",
            ])
    }

    @Test func `text is held back for less than a tag's length`() throws {
        let text =
            "a `b` <to <tool_cal <tool_callx [user] x\n```swift\nlet x = [1] < 2\n```\n\n[tools]\n\n[[user\n<"
        var answer = try EmulatedAnswer(EmulationFixture().emulation, furtherCalls: 0)
        var given = 0
        for (count, scalar) in text.unicodeScalars.enumerated() {
            answer.take(.text(String(scalar))) {
                if case .text(let piece) = $0 { given += piece.utf8.count }
            }
            #expect(count + 1 - given < "<tool_call>".utf8.count)
        }
    }

    @Test func `plain text passes untouched`() throws {
        let emulation = try Emulation(GenerationRequest(model: "m", turns: [Turn(role: .user, text: "Hi")]))
        #expect(!emulation.isIdle && !emulation.mayAskAgain)
        var answer = EmulatedAnswer(emulation, furtherCalls: 1)
        var given: [GenerationEvent] = []
        let events: [GenerationEvent] = [
            .started, .text("[assistant] <tool_call>"), .text("\n\n[user]\n"), .text("```"),
            .finished(.length),
        ]
        for event in events { answer.take(event) { given.append($0) } }
        #expect(given == events)
        #expect(answer.heldBytes == 0)
    }

    @Test func `what is held has a limit`() throws {
        var answer = try EmulatedAnswer(EmulationFixture().emulation, furtherCalls: 0)
        var failed = false
        let opening = "<tool_call>{\"name\":\"add\",\"arguments\":{\"a\":\""
        answer.take(.text(opening)) { _ in }
        var count = opening.utf8.count
        for _ in 0...(EmulatedAnswer.maximumHeldBytes >> 16) where !failed {
            count += 1 << 16
            answer.take(.text(String(repeating: "x", count: 1 << 16))) {
                if case .failed = $0 { failed = true }
            }
        }
        #expect(failed)
        #expect(answer.heldBytes == 0)
        // It is not given, but it was paid for.
        #expect(answer.ungivenText.count == count)
    }
}
