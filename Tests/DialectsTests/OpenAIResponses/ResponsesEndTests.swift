import Dialects
import Testing
import Wire

struct ResponsesEndTests {
    @Test(arguments: ResponsesAnswers.complete)
    func `the object at the end of a stream is the answer without one`(answer: [GenerationEvent]) throws {
        let echo = try responsesEcho(
            #"{"model":"m","input":"Hi","instructions":"Be kind","metadata":{"a":"b"},"temperature":0.5}"#)
        let (stream, response) = responsesStream(answer, echo: echo)
        let plain = try responsesResult(answer, echo: echo)
        #expect(text(try #require(response)) == text(plain))
        let last = try #require(try streamedEvents(stream).last)
        #expect(last.data["response"] == (try JSONValue(parsing: plain)))
    }

    @Test func `openai-python 2487: a failure raises in the SDKs, and Codex sees response.failed`() throws {
        let (stream, response) = responsesStream(ResponsesAnswers.failed, echo: try responsesEcho())
        let events = try streamedEvents(stream).suffix(2)
        let error = try #require(events.first)
        #expect(error.name == "error")
        let message: JSONValue = "The upstream's answer ended before it was complete."
        #expect(
            error.data == [
                "type": "error", "code": "upstream_failed", "message": message, "param": .null,
                "error": [
                    "type": "upstream_error", "code": "upstream_failed", "message": message, "param": .null,
                ],
                "sequence_number": 5,
            ])
        let failed = try #require(events.last?.data["response"])
        #expect(events.last?.name == "response.failed")
        #expect(failed["status"] == "failed")
        #expect(failed["error"] == ["code": "server_error", "message": message])
        #expect(failed["output"]?.arrayValue?.first?["status"] == "incomplete")
        #expect(try JSONValue(parsing: try #require(response)) == failed)
    }

    @Test(
        arguments: [
            (Failure.Kind.rateLimited, nil, "rate_limit_exceeded"),
            (.insufficientQuota, nil, "insufficient_quota"),
            (.contentFiltered, nil, "invalid_prompt"), (.upstreamRejected, nil, "invalid_prompt"),
            (.invalidRequest, "context_length_exceeded", "context_length_exceeded"),
            (.overloaded, nil, "server_error"), (.upstreamTimedOut(.idle), nil, "server_error"),
        ] as [(Failure.Kind, String?, String)])
    func `a failed response has a code that clients act on`(
        kind: Failure.Kind, code: String?, expected: String
    ) throws {
        let failure = Failure(kind, "No.", code: code)
        let (stream, _) = responsesStream([.failed(failure)], echo: try responsesEcho())
        let last = try streamedEvents(stream).last
        #expect(last?.data["response"]?["error"]?["code"]?.stringValue == expected)
    }

    @Test func `the moment of completion is told of complete answers only`() throws {
        let echo = try responsesEcho()
        func moment(_ answer: [GenerationEvent]) throws -> JSONValue? {
            let (_, response) = responsesStream(answer, echo: echo, completed: { 1_700_000_009 })
            return try JSONValue(parsing: try #require(response))["completed_at"]
        }
        #expect(try moment(ResponsesAnswers.plain) == 1_700_000_009)
        #expect(try moment(ResponsesAnswers.cut) == .null)
        #expect(try moment(ResponsesAnswers.failed) == .null)
    }

    @Test func `there is no response before the end`() throws {
        let (_, response) = responsesStream([.started, .text("Hi")], echo: try responsesEcho())
        #expect(response == nil)
    }

    @Test func `estimated counts say so`() throws {
        let usage = GenerationEvent.usage(Usage(inputTokens: 1, outputTokens: 1, origin: .estimated))
        let (_, response) = responsesStream([usage, .finished(.stop)], echo: try responsesEcho())
        #expect(try JSONValue(parsing: try #require(response))["usage"]?["estimated"] == true)
    }

    @Test func `the relay may put the model's full name into the answer`() throws {
        var echo = try responsesEcho()
        echo.model = "openai/m"
        let plain = try responsesResult(ResponsesAnswers.plain, echo: echo)
        #expect(try JSONValue(parsing: plain)["model"] == "openai/m")
    }

    @Test func `an answer repeats what was asked for`() throws {
        let members: JSONValue = [
            "instructions": "Be kind", "max_output_tokens": 5, "metadata": ["k": "v"],
            "parallel_tool_calls": false, "previous_response_id": "resp_0", "prompt_cache_key": "k",
            "reasoning": ["effort": "high"], "store": false, "temperature": 2,
            "text": ["format": ["type": "json_object"], "verbosity": "low"], "tool_choice": "required",
            "tools": [["type": "function", "name": "f", "parameters": .null]], "top_p": 0, "user": "u",
        ]
        var request = members
        guard case .object(var object) = request else { return }
        object["model"] = "m"
        object["input"] = "Hi"
        request = .object(object)
        let echo = try responsesEcho(text(request.serialized()))
        let answer = try JSONValue(parsing: try responsesResult(ResponsesAnswers.plain, echo: echo))
        for member in try #require(members.objectValue).members {
            #expect(answer[member.key] == member.value, "\(member.key)")
        }
    }
}
