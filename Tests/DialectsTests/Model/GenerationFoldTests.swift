import Dialects
import Testing

struct GenerationFoldTests {
    private func fold(_ events: [GenerationEvent]) throws(Failure) -> GenerationResult {
        var fold = GenerationFold()
        for event in events { fold.add(event) }
        return try fold.result()
    }

    @Test func `pieces of text become one part`() throws {
        let usage = Usage(inputTokens: 3, outputTokens: 2)
        let result = try fold([
            .started, .text("Hel"), .text("lo"), .usage(Usage(inputTokens: 1, outputTokens: 1)),
            .usage(usage),
            .finished(.stop),
        ])
        #expect(
            result == GenerationResult(parts: [.text(TextPart("Hello"))], usage: usage, finishReason: .stop))
        #expect(result.text == "Hello")
    }

    @Test func `kinds of parts keep their order`() throws {
        let result = try fold([
            .reasoning("hm"), .reasoning("m"), .signature("s"), .text("I call"),
            .toolCallBegan(index: 0, id: "a", name: "f", kind: .function),
            .toolCallBegan(index: 1, id: "b", name: "g", kind: .custom),
            .toolCallArguments(index: 0, "{\"x\":"), .toolCallArguments(index: 1, "free"),
            .toolCallArguments(index: 0, "1}"), .toolCallEnded(index: 0), .toolCallEnded(index: 1),
            .text("and wait"), .refusal("no"), .finished(.toolCalls),
        ])
        #expect(
            result.parts == [
                .reasoning(ReasoningPart(text: "hmm", signature: "s")), .text(TextPart("I call")),
                .toolCall(ToolCall(id: "a", name: "f", arguments: "{\"x\":1}")),
                .toolCall(ToolCall(id: "b", name: "g", arguments: "free", kind: .custom)),
                .text(TextPart("and wait")), .refusal("no"),
            ])
        #expect(result.text == "I calland wait")
        #expect(result.reasoning == "hmm")
        #expect(result.refusal == "no")
        #expect(result.toolCalls.map(\.name) == ["f", "g"])
    }

    @Test func `a failure is thrown with whatever came before it`() {
        let failure = Failure(.rateLimited, "slow down")
        #expect(throws: failure) { try fold([.text("half"), .failed(failure), .finished(.stop)]) }
    }

    @Test func `an answer without an end is cut`() {
        let error = #expect(throws: Failure.self) { try fold([.text("half")]) }
        #expect(error?.kind == .upstreamFailed)
    }

    @Test func `nothing is added after the end`() throws {
        #expect(try fold([.text("a"), .finished(.length), .text("b"), .finished(.stop)]).text == "a")
    }

    @Test func `arguments of a call that never began are dropped`() throws {
        #expect(
            try fold([.toolCallArguments(index: 7, "{}"), .text("a"), .finished(.stop)]).toolCalls.isEmpty)
    }

    @Test func `counts of several calls add up without overflow`() {
        var usage = Usage(inputTokens: 5, outputTokens: .max, totalTokens: 9, credits: 1.5)
        usage.add(Usage(inputTokens: 5, outputTokens: 1, origin: .estimated, credits: 2))
        #expect(usage.inputTokens == 10)
        #expect(usage.outputTokens == .max)
        #expect(usage.totalTokens == 15)
        #expect(usage.origin == .estimated)
        #expect(usage.credits == 3.5)
        #expect(Usage(inputTokens: 2, outputTokens: 3).totalTokens == 5)
    }
}
