import TestSupport
import Testing
import Wire

@testable import Relay

/// What users complained about: thoughts, and the proofs of them that other models made.
@Suite(.timeLimit(.minutes(1))) struct ThoughtComplaintTests {
    private typealias Expected = ExpectedStream

    /// How a turn with a call may come back to a model with thinking on.
    private static let thoughts: [(String, String)] = [
        ("no thought at all (litellm 15601; dify 41092)", ""),
        (
            "an empty thought with a proof (opencode 3077)",
            #"{"type":"thinking","thinking":"","signature":"EqQB"},"#
        ),
        ("a thought without a proof", #"{"type":"thinking","thinking":"Hm."},"#),
        ("a thought with an empty proof", #"{"type":"thinking","thinking":"Hm.","signature":""},"#),
        (
            "another model's proof (UncommonRoute 19)",
            #"{"type":"thinking","thinking":"Hm.","signature":"c2tpcF90aG91Z2h0"},"#
        ),
        ("a thought that is encrypted", #"{"type":"redacted_thinking","data":"EmwKAhgB"},"#),
    ]

    @Test(arguments: thoughts)
    func `a history's thoughts end no conversation, and are not told`(name: String, thought: String) async {
        let model = ScriptedModel("Fine.")
        let client = await model.ask(
            .anthropic,
            #""thinking":{"type":"enabled","budget_tokens":1024},"max_tokens":2000,"messages":["#
                + #"{"role":"user","content":"Look."},{"role":"assistant","content":[\#(thought)"#
                + #"{"type":"tool_use","id":"c","name":"time","input":{}}]},"#
                + #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":"noon"}]}]"#)
        #expect(client.status == 200, "\(name): \(client.text)")
        #expect(
            model.prompts == [
                "[user]\nLook.\n\n[assistant]\n<tool_call>\n{\"name\": \"time\", \"arguments\": {}}\n"
                    + "</tool_call>\n\n[tool: time #1]\nnoon\n\n[assistant]"
            ])
    }

    @Test(arguments: ScriptedModel.toolDialects, [false, true])
    func `a thought comes with a call in every turn, and can be sent back (bifrost 974, 5887; new-api 5530)`(
        dialect: ClientDialect, isStreamed: Bool
    ) async {
        let model = ScriptedModel(
            "<think>", "Hm.", "</think>", #"<tool_call>{"name": "time", "arguments": {}}</tool_call>"#)
        let first = await model.ask(dialect, dialect.readAndTime)
        let turns: [JSONValue] =
            [["role": "user", "content": "Hi"]] + dialect.turns(after: first, result: "noon")
        let client = await model.ask(
            dialect, "\(dialect.prompt(turns)),\(dialect.readAndTime)",
            isStreamed: isStreamed)
        #expect(client.status == 200, "\(client.text)")
        let seen =
            isStreamed
            ? SeenAnswer(stream: client.events, dialect) : SeenAnswer(whole: client.json, dialect)
        #expect(seen.reasoning == "Hm." && seen.calls.map(\.name) == ["time"] && seen.text.isEmpty)
        #expect(model.prompts.last?.contains("Hm.") == false)
    }

    @Test func `a thought is reasoning_content, then comes the text (bifrost 974, 5325)`() async {
        let client = await ScriptedModel("<think>Hm", ".</think>", "Yes").ask(
            .openAIChat, "", isStreamed: true)
        #expect(
            client.golden
                == Expected.chunks([
                    Expected.delta(#"{"role":"assistant","content":""}"#),
                    Expected.delta(#"{"reasoning_content":"Hm"}"#),
                    Expected.delta(#"{"reasoning_content":"."}"#), Expected.delta(#"{"content":"Yes"}"#),
                    Expected.delta("{}", end: "stop"),
                ]))
    }
}
