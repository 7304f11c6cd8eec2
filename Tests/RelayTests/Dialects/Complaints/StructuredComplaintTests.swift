import TestSupport
import Testing
import Wire

@testable import Relay

/// What users complained about: the responses API, structured answers and the keywords of schemas.
@Suite(.timeLimit(.minutes(1))) struct StructuredComplaintTests {
    @Test func `no event of a response is missing, whatever it holds (litellm 29223, 22102, 24445)`() async {
        let model = ScriptedModel(
            "<think>Hm.</think>", "I look.\n",
            "<tool_call>{\"name\": \"read\", \"arguments\": {\"path\": \"a\"}}",
            "</tool_call>")
        let client = await model.ask(
            .openAIResponses, ClientDialect.openAIResponses.readAndTime, isStreamed: true)
        let item = ["response.output_item.added"]
        let done = ["response.output_item.done"]
        let expected =
            ["response.created", "response.in_progress"]
            + item
            + [
                "response.reasoning_summary_part.added", "response.reasoning_summary_text.delta",
                "response.reasoning_summary_text.done", "response.reasoning_summary_part.done",
            ] + done + item
            + [
                "response.content_part.added", "response.output_text.delta", "response.output_text.done",
                "response.content_part.done",
            ] + done + item
            + ["response.function_call_arguments.delta", "response.function_call_arguments.done"] + done
            + ["response.completed"]
        #expect(client.types == expected)
        #expect(client.values.map { $0["sequence_number"]?.intValue } == expected.indices.map { $0 })
        let added = client.values.filter { $0["type"] == "response.output_item.added" }
        #expect(added.map { $0["output_index"]?.intValue } == [0, 1, 2])
        #expect(added.map { $0["item"]?["type"] } == ["reasoning", "message", "function_call"])
        let arguments = client.values.first { $0["type"] == "response.function_call_arguments.done" }
        #expect(arguments?["arguments"] == #"{"path": "a"}"#)
    }

    @Test(arguments: [false, true])
    func `stop ends a response too (litellm 35582)`(isStreamed: Bool) async {
        let model = ScriptedModel("Hello ST", "OP and more")
        let client = await model.ask(.openAIResponses, #""stop":["STOP"]"#, isStreamed: isStreamed)
        let seen =
            isStreamed
            ? SeenAnswer(stream: client.events, .openAIResponses)
            : SeenAnswer(whole: client.json, .openAIResponses)
        #expect(seen.text == "Hello " && seen.finish == "completed", "\(client.text)")
        #expect(client.header("x-fastrelay-ignored")?.contains("stop") != true)
    }

    private static let schema =
        #"{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"],"additionalProperties":false}"#

    /// The member that asks for an answer of a schema.
    private static func format(_ dialect: ClientDialect, _ schema: String, isStrict: Bool = true) -> String {
        let members = #""name":"answer","strict":\#(isStrict),"schema":\#(schema)"#
        return dialect == .openAIResponses
            ? #""text":{"format":{"type":"json_schema",\#(members)}}"#
            : #""response_format":{"type":"json_schema","json_schema":{\#(members)}}"#
    }

    @Test(arguments: [ClientDialect.openAIChat, .openAIResponses], [false, true])
    func `a schema is told and held against the answer (litellm 14227, 15995)`(
        dialect: ClientDialect, isStreamed: Bool
    ) async {
        let harness = Harness { _, count in
            isStreamed
                ? FakeCall.Step.stream(count == 0 ? #"{"n": "no"}"# : #"{"n": 7}"#)
                : FakeCall.Step.whole(count == 0 ? #"{"n": "no"}"# : #"{"n": 7}"#)
        }
        let client = await harness.respond(
            to: ScriptedModel.request(dialect, Self.format(dialect, Self.schema), isStreamed: isStreamed))
        let seen =
            isStreamed
            ? SeenAnswer(stream: client.events, dialect) : SeenAnswer(whole: client.json, dialect)
        #expect(seen.text == #"{"n": 7}"#, "\(client.text)")
        let bodies = harness.chats.map { String(decoding: $0.request.body, as: UTF8.self) }
        let told = String(decoding: JSONValue.string("schema:\n\(Self.schema)\n").serialized(), as: UTF8.self)
        #expect(bodies.count == 2 && bodies.allSatisfy { $0.contains(told.dropFirst().dropLast()) })
    }

    @Test(arguments: [
        (#"{"parameter": {"n": 7}}"#, #"{"n":7}"#, 1), (#"{"parameters": {"n": 7}}"#, #"{"n":7}"#, 1),
        (#"{"values": {"n": 7}}"#, #"{"n": 8}"#, 2), (#"{"properties": {"n": 7}}"#, #"{"n": 8}"#, 2),
    ])
    func `a wrapper around the answer is taken off, or the model asked again (litellm 35790, 6102, 8864)`(
        wrapped: String, text: String, calls: Int
    ) async {
        let harness = Harness { _, count in FakeCall.Step.whole(count == 0 ? wrapped : #"{"n": 8}"#) }
        let client = await harness.respond(
            to: ScriptedModel.request(.openAIChat, Self.format(.openAIChat, Self.schema)))
        let choice = client.json["choices"]?.arrayValue?.first
        #expect(
            choice?["message"] == ["role": "assistant", "content": .string(text), "refusal": .null],
            "\(client.text)")
        #expect(choice?["finish_reason"] == "stop")
        #expect(harness.chats.count == calls)
    }

    @Test func `an object that has a member of that name is not unwrapped (litellm 35790)`() async {
        let schema =
            #"{"type":"object","properties":{"parameter":{"type":"object","properties":{"n":{"type":"integer"}},"#
            + #""required":["n"],"additionalProperties":false}},"required":["parameter"],"additionalProperties":false}"#
        let client = await ScriptedModel(#"{"parameter": {"n": 7}}"#).ask(
            .openAIChat, Self.format(.openAIChat, schema))
        #expect(SeenAnswer(whole: client.json, .openAIChat).text == #"{"parameter": {"n": 7}}"#)
    }

    @Test(arguments: [false, true])
    func `with tools and a schema a call is a call, and the answer is text (litellm 6027, 7135, 16340)`(
        isStreamed: Bool
    ) async {
        let members = "\(ClientDialect.openAIChat.readAndTime),\(Self.format(.openAIChat, Self.schema))"
        for (said, text, calls, finish) in [
            (#"<tool_call>{"name": "time", "arguments": {}}</tool_call>"#, "", ["time"], "tool_calls"),
            (#"{"n": 7}"#, #"{"n": 7}"#, [], "stop"),
        ] {
            let client = await ScriptedModel(said).ask(.openAIChat, members, isStreamed: isStreamed)
            let seen =
                isStreamed
                ? SeenAnswer(stream: client.events, .openAIChat)
                : SeenAnswer(whole: client.json, .openAIChat)
            #expect(seen.text == text && seen.calls.map(\.name) == calls && seen.finish == finish)
        }
    }

    /// Properties that some vendor refuses, each of which was a complaint of its own.
    private static let keywords = [
        #""$schema":"http://json-schema.org/draft-07/schema#""#, #""$id":"x""#, #""$comment":"x""#,
        #""$defs":{"d":{"type":"string"}}"#, #""patternProperties":{"^x":{"type":"string"}}"#,
        #""additionalProperties":false"#, #""deprecated":true"#, #""defer_loading":true"#,
        #""x-google-enum-descriptions":["a"]"#,
    ]

    private static let properties = [
        #"{"type":"array","uniqueItems":true,"items":{"type":"string"},"minItems":1}"#,
        ##"{"$ref":"#/$defs/d"}"##, #"{"type":"string","enum":[1,2,3,4]}"#,
        #"{"enum":["a"],"enumDescriptions":["x"]}"#, #"{"type":["string","null"],"default":null}"#,
        #"{"anyOf":[{"type":"string"},{"const":1}]}"#,
        #"{"type":"string","format":"uri","pattern":"^\\p{L}"}"#,
        #"{"exclusiveMinimum":0,"propertyNames":{"type":"string"}}"#, "true",
    ]

    @Test(arguments: ScriptedModel.toolDialects)
    func
        `no keyword of a tool's schema is refused or lost (CLIProxyAPI 97, 129, 1375, 2123, 3512; 9router 1036)`(
            dialect: ClientDialect
        ) async
    {
        let members = Self.properties.enumerated().map { #""p\#($0.offset)":\#($0.element)"# }
        let schema =
            #"{"type":"object",\#(Self.keywords.joined(separator: ",")),"properties":{"#
            + members.joined(separator: ",") + "}}"
        let model = ScriptedModel(#"<tool_call>{"name": "odd", "arguments": {"p2": "x"}}</tool_call>"#)
        let client = await model.ask(dialect, dialect.tools(("odd", schema)))
        #expect(client.status == 200, "\(client.text)")
        #expect(model.prompts.first?.contains(#"{"name":"odd","parameters":\#(schema)}"# + "\n") == true)
        #expect(SeenAnswer(whole: client.json, dialect).calls.map(\.name) == ["odd"])
    }

    @Test func `a schema that is not strict may use any keyword too (OmniRoute 1421, 12768)`() async {
        let schema =
            #"{"$schema":"x","type":"object","properties":{"n":{"type":"integer","$comment":"x"}},"uniqueItems":true}"#
        let model = ScriptedModel(#"{"n": 7}"#)
        let client = await model.ask(.openAIChat, Self.format(.openAIChat, schema, isStrict: false))
        #expect(SeenAnswer(whole: client.json, .openAIChat).text == #"{"n": 7}"#, "\(client.text)")
        #expect(model.prompts.first?.contains(schema) == true)
    }
}
