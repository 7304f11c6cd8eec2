import Dialects
import Testing
import Wire

struct ResponsesHistoryTests {
    private let history: [JSONValue] = [
        [
            "type": "message", "id": "msg_a", "role": "user",
            "content": [["type": "input_text", "text": "Read it"]], "status": "completed",
        ],
        [
            "type": "function_call", "id": "fc_a", "call_id": "call_a", "name": "read", "arguments": "{}",
            "status": "completed",
        ],
    ]

    private func texts(_ request: GenerationRequest) -> [String] {
        request.turns.map { turn in
            let words = turn.parts.map { part in
                switch part {
                case .text(let text): text.text
                case .toolCall(let call): "call \(call.id ?? "")"
                case .toolResult(let result): "result \(result.callID ?? "")"
                default: "?"
                }
            }
            return "\(turn.role.rawValue): \(words.joined(separator: ", "))"
        }
    }

    @Test func `a request goes on after what is stored, with instructions of its own`() throws {
        let request = try responsesRequest(
            #"""
            {"instructions":"Be kind","previous_response_id":"resp_0",
            "input":[{"type":"function_call_output","call_id":"call_a","output":"A"}]}
            """#)
        let whole = try request.request(after: history)
        #expect(
            texts(whole) == [
                "system: Be kind", "user: Read it", "assistant: call call_a", "tool: result call_a",
            ])
        #expect(whole.turns.map(\.origin) == [nil, nil, nil, "input[0]"])
    }

    @Test func `what an answer was can be read back as history`() throws {
        let echo = try responsesEcho()
        for answer in [ResponsesAnswers.thought, ResponsesAnswers.calls, ResponsesAnswers.custom] {
            let response = try responsesResult(answer, echo: echo)
            let items = OpenAIResponsesObjects.outputItems(ofResponse: response)
            var fold = GenerationFold()
            for event in answer { fold.add(event) }
            let request = try responsesRequest(#"{"previous_response_id":"resp_0","input":"Go on"}"#)
            var parts = try request.request(after: items).turns[0].parts
            for index in parts.indices {
                if case .reasoning(var thought) = parts[index] {
                    thought.id = nil
                    parts[index] = .reasoning(thought)
                }
            }
            var said = try fold.result().parts
            if answer == ResponsesAnswers.calls, case .toolCall(var call) = said[2] {
                // It had no identifier and was given one.
                call.id = "call_4"
                said[2] = .toolCall(call)
            }
            #expect(parts == said)
        }
    }

    @Test func `a reference to an item of the history stands for nothing more`() throws {
        let request = try responsesRequest(
            #"""
            {"previous_response_id":"resp_0","input":[{"type":"item_reference","id":"fc_a"},
            {"type":"function_call_output","call_id":"call_a","output":"A"}]}
            """#)
        #expect(
            texts(try request.request(after: history)) == [
                "user: Read it", "assistant: call call_a", "tool: result call_a",
            ])
    }

    @Test func `a reference is resolved to the item, with and without a type`() throws {
        var request = try responsesRequest(
            #"{"input":[{"id":"msg_a"},{"type":"item_reference","id":"fc_a"},{"role":"user","content":"Well?"}]}"#
        )
        #expect(request.needsHistory)
        #expect(request.referencedItemIDs == ["msg_a", "fc_a"])
        request.resolveReferences(with: history)
        #expect(
            texts(try request.request(after: [])) == [
                "user: Read it", "assistant: call call_a", "user: Well?",
            ])
    }

    @Test func `a reference that nothing fits is refused`() throws {
        let request = try responsesRequest(
            #"{"input":[{"role":"user","content":"Hi"},{"type":"item_reference","id":"msg_x"}]}"#)
        #expect {
            _ = try request.request(after: history)
        } throws: { error in
            let failure = error as? Failure
            return failure?.parameter == "input[1].id" && failure?.code == "item_not_found"
        }
    }

    @Test func `nothing at all to answer is refused once the history is known`() throws {
        let request = try responsesRequest(#"{"conversation":"conv_1"}"#)
        #expect(throws: Failure.self) { try request.request(after: []) }
        #expect(throws: Never.self) { try request.request(after: history) }
    }

    @Test func `names of what is not stored`() {
        #expect(OpenAIResponsesFailures.previousResponse("r").answer.status == 400)
        #expect(OpenAIResponsesFailures.previousResponse("r").openAICode == "previous_response_not_found")
        for failure in [
            OpenAIResponsesFailures.response("r"), OpenAIResponsesFailures.conversation("c"),
            OpenAIResponsesFailures.item("i"),
        ] {
            #expect(failure.answer.status == 404)
        }
    }
}
