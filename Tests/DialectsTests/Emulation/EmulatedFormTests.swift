import Dialects
import Testing
import Wire

struct EmulatedFormTests {
    private static func anyObject(_ request: inout GenerationRequest) {
        request.tools = []
        request.outputFormat = .jsonObject
    }

    private static func person(_ request: inout GenerationRequest) {
        request.tools = []
        request.outputFormat = .jsonSchema(
            JSONSchemaFormat(
                name: "person", description: "A person.",
                schema: [
                    "type": "object", "properties": ["name": ["type": "string"], "age": ["type": "integer"]],
                    "required": ["name", "age"], "additionalProperties": false,
                ], isStrict: true))
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let answer: String
        let result: String
        var testDescription: String { answer }
    }

    @Test(arguments: [
        Case(answer: "{\"a\": [1]}", result: "{\"a\": [1]} stop"),
        Case(answer: "\n{\"a\": [1]}\n", result: "{\"a\": [1]} stop"),
        Case(answer: "```json\n{\"a\": 1}\n```", result: "{\"a\": 1} stop"),
        Case(answer: "Here [as asked]: {\"a\": 1}. Done {", result: "{\"a\": 1} stop"),
        Case(answer: "<think>hm</think>{“a”: 'é',}", result: "{hm}{\"a\": \"é\"} stop"),
        Case(answer: "{\"a\": {\"b\": 1}", result: "{\"a\": {\"b\": 1}} stop"),
        Case(answer: "{\"a\": 1}\n\n[user]\nmore {", result: "{\"a\": 1} stop"),
        Case(
            answer: "[1]",
            result:
                " failed: The model's answer is not the JSON that was asked for: expected an object, but got array"
        ),
        Case(
            answer: "No.",
            result: " failed: The model's answer is not the JSON that was asked for: it is no JSON"),
    ]) func `any object, split anywhere`(_ test: Case) throws {
        try EmulationFixture(Self.anyObject).check(test.answer, test.result)
    }

    @Test(arguments: [
        Case(answer: "So:\n{\"name\": \"Ann\", \"age\": 3}", result: "{\"name\": \"Ann\", \"age\": 3} stop"),
        Case(answer: "{\"name\": \"Ann\", \"age\": \"3\"}", result: "{\"name\":\"Ann\",\"age\":3} stop"),
    ]) func `an answer that fits a schema, or is made to`(_ test: Case) throws {
        try EmulationFixture(Self.person).check(test.answer, test.result)
    }

    @Test func `an answer that does not fit is asked for once more, then fails`() throws {
        for (second, result) in [
            ("{\"name\": \"Ann\", \"age\": 3}", "{\"name\": \"Ann\", \"age\": 3} stop"),
            ("{\"name\": 3}", " failed: The model's answer is not the JSON that was asked for: "),
        ] {
            var answer = try EmulatedAnswer(EmulationFixture(Self.person).emulation, furtherCalls: 1)
            var transcript = Transcript()
            answer.take(.text("{\"name\": \"Ann\"}")) { transcript.add($0) }
            answer.take(.finished(.stop)) { transcript.add($0) }
            #expect(transcript.text == "")
            guard case .text(let complaint)? = answer.followUp?.last?.parts.first else {
                Issue.record("nothing was asked again")
                continue
            }
            #expect(complaint.text.contains("age"))
            var copy = answer
            copy.giveUp { event in
                guard case .failed(let failure) = event else { return }
                #expect(failure.code == "invalid_structured_output")
            }
            #expect(copy.isOver)
            answer.take(.text(second)) { transcript.add($0) }
            answer.take(.finished(.stop)) { transcript.add($0) }
            #expect(transcript.text.hasPrefix(result))
        }
    }

    @Test func `what was cut off is given as it is`() throws {
        try EmulationFixture(furtherCalls: 1, Self.anyObject).check(
            "{\"a\": 1, ", "{\"a\": 1,  length", .length)
    }

    @Test func `a call needs no form, and text without a call does`() throws {
        let fixture = try EmulationFixture { $0.outputFormat = .jsonObject }
        fixture.check(
            "I look.\n<tool_call>{\"name\":\"get_weather\",\"arguments\":{}}</tool_call>\nYes.",
            "I look.\n‹0:get_weather|{}›Yes. toolCalls")
        fixture.check("It is {\"a\": 1}", "{\"a\": 1} stop")
    }

    @Test func `a schema that cannot be used is refused by name`() {
        let failure = #expect(throws: Failure.self) {
            try EmulationFixture {
                $0.ignorable = [RequestParameter(name: "response_format", feature: .outputFormat)]
                $0.outputFormat = .jsonSchema(
                    JSONSchemaFormat(
                        name: "x", schema: ["type": "object", "properties": [:]], isStrict: true))
            }
        }
        #expect(failure?.parameter?.hasPrefix("response_format.json_schema.schema") == true)
    }
}

struct ThinkTagTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let answer: String
        let result: String
        var testDescription: String { answer }
    }

    @Test(arguments: [
        Case(answer: "<think>\nAé <b> </thin\n</think>\n\nHi", result: "{Aé <b> </thin\n}Hi stop"),
        Case(answer: " \n<THINKING>x</Thinking> Hi", result: "{x}Hi stop"),
        Case(answer: "<think></think>\nHi", result: "Hi stop"), Case(answer: "<think>\n\n", result: " stop"),
        Case(answer: "<think>x </thi", result: "{x </thi} stop"), Case(answer: "<thin", result: "<thin stop"),
        Case(answer: "Hi <think>x</think>", result: "Hi <think>x</think> stop"),
        Case(answer: "<think>x</think>", result: "{x} stop"), Case(answer: "  Hi", result: "  Hi stop"),
        Case(answer: "<thinker>x", result: "<thinker>x stop"),
    ]) func `a thought at the beginning becomes reasoning, split anywhere`(_ test: Case) throws {
        for tools in [[], EmulationFixture.tools] {
            try EmulationFixture { $0.tools = tools }.check(test.answer, test.result)
        }
    }

    @Test func `switched off they are text`() throws {
        let fixture = try EmulationFixture(thinkTags: false) { $0.tools = [] }
        #expect(fixture.emulation.isIdle)
        fixture.check("<think>x</think>Hi", "<think>x</think>Hi stop")
    }

    @Test func `a thought before a call`() throws {
        try EmulationFixture().check(
            "<think>I call <tool_call>{</think>\n<tool_call>{\"name\":\"get_weather\",\"arguments\":{}}",
            "{I call <tool_call>{}‹0:get_weather|{}› toolCalls")
    }
}
