import Dialects
import Testing
import Wire

struct ResponsesStreamTests {
    /// The response object of a request for "Hi" to the model `m`.
    private func object(
        status: String = "in_progress", error: String = "null", incomplete: String = "null",
        output: String = "",
        usage: String = "null"
    ) -> String {
        #"{"id":"resp_1","object":"response","created_at":1700000000,"completed_at":null,"status":"\#(status)","#
            + #""background":false,"error":\#(error),"incomplete_details":\#(incomplete),"model":"m","#
            + #""output":[\#(output)],"usage":\#(usage),"conversation":null,"instructions":null,"#
            + #""max_output_tokens":null,"max_tool_calls":null,"metadata":{},"parallel_tool_calls":true,"#
            + #""previous_response_id":null,"prompt_cache_key":null,"reasoning":{"effort":null,"summary":null},"#
            + #""safety_identifier":null,"service_tier":"default","store":true,"temperature":1,"#
            + #""text":{"format":{"type":"text"}},"tool_choice":"auto","tools":[],"top_logprobs":0,"top_p":1,"#
            + #""truncation":"disabled","user":null}"#
    }

    private let counts =
        #"{"input_tokens":9,"input_tokens_details":{"cache_write_tokens":0,"cached_tokens":2},"output_tokens":4,"#
        + #""output_tokens_details":{"reasoning_tokens":1},"total_tokens":13}"#

    /// The stream of these events, numbered, after the two that every stream begins with.
    private func golden(_ events: [(name: String, members: String)]) -> String {
        let begin = [
            ("response.created", #""response":\#(object())"#),
            ("response.in_progress", #""response":\#(object())"#),
        ]
        return (begin + events).enumerated().map { number, event in
            "event: \(event.0)\ndata: {\"type\":\"\(event.0)\",\(event.1),\"sequence_number\":\(number)}\n\n"
        }.joined()
    }

    private func stream(_ events: [GenerationEvent]) throws -> String {
        responsesStream(events, echo: try responsesEcho()).stream
    }

    private func names(_ events: [GenerationEvent]) throws -> [String] {
        try streamedEvents(try stream(events)).dropFirst(2).map(\.name)
    }

    @Test func `text: item, part, pieces, their sum and the whole`() throws {
        let text = #"{"type":"output_text","text":"Hello \"x\"\n","annotations":[],"logprobs":[]}"#
        let item =
            #"{"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[\#(text)]}"#
        let place = #""item_id":"msg_1","output_index":0,"content_index":0"#
        let empty = #"{"type":"output_text","text":"","annotations":[],"logprobs":[]}"#
        let begun = #"{"id":"msg_1","type":"message","status":"in_progress","role":"assistant","content":[]}"#
        let expected = golden([
            ("response.output_item.added", #""output_index":0,"item":\#(begun)"#),
            ("response.content_part.added", #"\#(place),"part":\#(empty)"#),
            ("response.output_text.delta", #"\#(place),"delta":"Hel","logprobs":[]"#),
            ("response.output_text.delta", #"\#(place),"delta":"lo \"x\"\n","logprobs":[]"#),
            ("response.output_text.done", #"\#(place),"text":"Hello \"x\"\n","logprobs":[]"#),
            ("response.content_part.done", #"\#(place),"part":\#(text)"#),
            ("response.output_item.done", #""output_index":0,"item":\#(item)"#),
            (
                "response.completed",
                #""response":\#(object(status: "completed", output: item, usage: counts))"#
            ),
        ])
        #expect(try stream(ResponsesAnswers.plain) == expected)
    }

    @Test func `a thought is a summary of its own, and its proof is given with it`() throws {
        let place = #""item_id":"rs_1","output_index":0,"summary_index":0"#
        let summary = #"{"type":"summary_text","text":"Hmm."}"#
        let stream = try stream(ResponsesAnswers.thought)
        let expected = golden([
            (
                "response.output_item.added",
                #""output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]}"#
            ),
            ("response.reasoning_summary_part.added", #"\#(place),"part":{"type":"summary_text","text":""}"#),
            ("response.reasoning_summary_text.delta", #"\#(place),"delta":"Hm""#),
            ("response.reasoning_summary_text.delta", #"\#(place),"delta":"m.""#),
            ("response.reasoning_summary_text.done", #"\#(place),"text":"Hmm.""#),
            ("response.reasoning_summary_part.done", #"\#(place),"part":\#(summary)"#),
            (
                "response.output_item.done",
                #""output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[\#(summary)],"#
                    + #""encrypted_content":"proof"}"#
            ),
        ])
        #expect(stream.hasPrefix(expected))
        let rest = try streamedEvents(String(stream.dropFirst(expected.count)))
        #expect(rest.first?.name == "response.output_item.added")
        #expect(rest.first?.data["output_index"]?.intValue == 1)
    }

    @Test func `litellm 22102: output_item.added comes before deltas, for every item`() throws {
        for answer in ResponsesAnswers.complete {
            var begun: Set<String> = []
            for event in try streamedEvents(try stream(answer)) {
                if event.name == "response.output_item.added" {
                    begun.insert(try #require(event.data["item"]?["id"]?.stringValue))
                } else if let id = event.data["item_id"]?.stringValue {
                    #expect(begun.contains(id))
                }
            }
        }
    }

    @Test func `calls are items of their own with pieces, their sum and the whole`() throws {
        let events = try streamedEvents(try stream(ResponsesAnswers.calls)).dropFirst(2)
        #expect(
            events.map(\.name) == [
                "response.output_item.added", "response.content_part.added", "response.output_text.delta",
                "response.output_text.done", "response.content_part.done", "response.output_item.done",
                "response.output_item.added", "response.function_call_arguments.delta",
                "response.function_call_arguments.delta", "response.function_call_arguments.done",
                "response.output_item.done", "response.output_item.added",
                "response.function_call_arguments.delta", "response.function_call_arguments.done",
                "response.output_item.done", "response.completed",
            ])
        let items = events.filter { $0.name == "response.output_item.done" }.map { $0.data["item"] }
        #expect(
            items[1] == [
                "id": "fc_2", "type": "function_call", "status": "completed", "call_id": "call_a",
                "name": "read",
                "arguments": #"{"path":"a.txt"}"#,
            ])
        // A call without an identifier is given one: its output has to refer to it.
        #expect(items[2]?["call_id"] == "call_4")
        let indices = events.filter { $0.name == "response.output_item.done" }.map {
            $0.data["output_index"]?.intValue
        }
        #expect(indices == [0, 1, 2])
        #expect(events.last?.data["response"]?["output"]?.arrayValue == items.compactMap { $0 })
    }

    @Test func `calls that come at the same time keep to their own items`() throws {
        let events = try streamedEvents(
            try stream([
                .toolCallBegan(index: 0, id: "a", name: "f", kind: .function),
                .toolCallBegan(index: 1, id: "b", name: "g", kind: .function),
                .toolCallArguments(index: 1, "[2]"), .toolCallArguments(index: 0, "[1]"),
                .toolCallEnded(index: 1), .toolCallEnded(index: 0), .finished(.toolCalls),
            ]))
        let output = try #require(events.last?.data["response"]?["output"]?.arrayValue)
        #expect(output.map { $0["arguments"] } == ["[1]", "[2]"])
        let done = events.filter { $0.name == "response.function_call_arguments.done" }
        #expect(done.map { $0.data["arguments"] } == ["[2]", "[1]"])
        #expect(done.map { $0.data["output_index"] } == [1, 0])
    }

    @Test func `a custom tool is given text, not arguments`() throws {
        let place = #""item_id":"ctc_1","output_index":0"#
        let call = #""type":"custom_tool_call""#
        let name = #""call_id":"call_p","name":"apply_patch""#
        let input = #""*** Begin Patch\n*** End Patch""#
        let item = #"{"id":"ctc_1",\#(call),"status":"completed",\#(name),"input":\#(input)}"#
        let expected = golden([
            (
                "response.output_item.added",
                #""output_index":0,"item":{"id":"ctc_1",\#(call),"status":"in_progress",\#(name),"input":""}"#
            ), ("response.custom_tool_call_input.delta", #"\#(place),"delta":"*** Begin Patch\n""#),
            ("response.custom_tool_call_input.delta", #"\#(place),"delta":"*** End Patch""#),
            ("response.custom_tool_call_input.done", #"\#(place),"input":\#(input)"#),
            ("response.output_item.done", #""output_index":0,"item":\#(item)"#),
            ("response.completed", #""response":\#(object(status: "completed", output: item))"#),
        ])
        #expect(try stream(ResponsesAnswers.custom) == expected)
    }

    @Test func `a tool in a namespace is called by both its names`() throws {
        let echo = try responsesEcho(
            #"""
            {"model":"m","input":"Hi","tools":[{"type":"namespace","name":"mcp__node","description":"","tools":
            [{"type":"function","name":"js","parameters":{"type":"object"}}]}]}
            """#)
        let (stream, _) = responsesStream(
            [
                .toolCallBegan(index: 0, id: "a", name: "mcp__node__js", kind: .function),
                .finished(.toolCalls),
            ],
            echo: echo)
        let item = try streamedEvents(stream).last?.data["response"]?["output"]?.arrayValue?.first
        #expect(item?["name"] == "js")
        #expect(item?["namespace"] == "mcp__node")
    }

    @Test func `a refusal is a part of the message`() throws {
        #expect(
            try names(ResponsesAnswers.refusal) == [
                "response.output_item.added", "response.content_part.added", "response.output_text.delta",
                "response.output_text.done", "response.content_part.done", "response.content_part.added",
                "response.refusal.delta", "response.refusal.delta", "response.refusal.done",
                "response.content_part.done", "response.output_item.done", "response.completed",
            ])
        let events = try streamedEvents(try stream(ResponsesAnswers.refusal))
        let refusal = try #require(events.first { $0.name == "response.refusal.done" })
        #expect(refusal.data["refusal"] == "I cannot.")
        #expect(refusal.data["content_index"] == 1)
    }

    @Test func `a source is told as soon as it is known`() throws {
        let events = try streamedEvents(try stream(ResponsesAnswers.cited))
        let added = try #require(events.first { $0.name == "response.output_text.annotation.added" })
        let annotation: JSONValue = [
            "type": "url_citation", "url": "http://a.example", "title": "A", "start_index": 0, "end_index": 3,
        ]
        #expect(added.data["annotation"] == annotation)
        #expect(added.data["annotation_index"] == 0)
        let done = try #require(events.first { $0.name == "response.content_part.done" })
        #expect(done.data["part"]?["annotations"] == .array([annotation]))
    }

    @Test(arguments: [
        (ResponsesAnswers.cut, "max_output_tokens"), (ResponsesAnswers.filtered, "content_filter"),
        (ResponsesAnswers.cutCall, "max_output_tokens"),
    ])
    func `an answer that was cut is incomplete, and so is its last item`(
        answer: [GenerationEvent], reason: String
    ) throws {
        let last = try #require(try streamedEvents(try stream(answer)).last)
        #expect(last.name == "response.incomplete")
        #expect(last.data["response"]?["status"] == "incomplete")
        #expect(last.data["response"]?["incomplete_details"] == ["reason": .string(reason)])
        #expect(last.data["response"]?["output"]?.arrayValue?.last?["status"] == "incomplete")
    }

    @Test func `one end, numbers without a gap, and no end mark, whatever the answer`() throws {
        let ends: Set = ["response.completed", "response.incomplete", "response.failed"]
        for answer in ResponsesAnswers.complete + [ResponsesAnswers.failed] {
            let stream = try stream(answer + [.text("late"), .finished(.stop)])
            let events = try streamedEvents(stream)
            #expect(events.map { $0.data["sequence_number"]?.intValue } == Array(0..<events.count))
            #expect(events.allSatisfy { $0.data["type"]?.stringValue == $0.name })
            #expect(events.filter { ends.contains($0.name) }.count == 1)
            #expect(ends.contains(try #require(events.last?.name)))
        }
    }
}
