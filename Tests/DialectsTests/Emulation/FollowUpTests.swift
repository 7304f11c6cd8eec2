import Dialects
import Testing
import Wire

struct FollowUpTests {
    private static let good = "<tool_call>{\"name\":\"add\",\"arguments\":{\"a\":1,\"b\":2}}</tool_call>"
    private static let given = "‹0:add|{\"a\":1,\"b\":2}›"

    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let first: String
        /// A part of what the model is told.
        let complaint: String
        let second: String
        let result: String
        var change: @Sendable (inout GenerationRequest) -> Void = { _ in }
        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "a wrong type",
            first:
                "I add.\n<tool_call>{\"name\":\"add\",\"arguments\":{\"a\":1,\"b\":\"two\"}}</tool_call> So.",
            complaint: "do not fit the schema: ", second: "Sorry. \(good)",
            result: "I add.\n\(given) toolCalls"),
        Case(
            name: "an unknown tool, nothing said before",
            first: "<tool_call>{\"name\":\"sum\",\"arguments\":{}}</tool_call>",
            complaint: "only: get_weather, add, patch", second: "Sorry. \(good)",
            result: "Sorry. \(given) toolCalls"),
        Case(
            name: "no JSON", first: "<tool_call>add(1, 2)</tool_call>", complaint: "it has no JSON object",
            second: good, result: "\(given) toolCalls"),
        Case(
            name: "unfinished", first: "<tool_call>{\"name\":\"add\",\"arguments\":{\"a\":\"",
            complaint: "is not complete",
            second: good, result: "\(given) toolCalls"),
        Case(
            name: "wrong again", first: "Hm. <tool_call>{\"name\":3}</tool_call>!",
            complaint: "it has no \"name\"",
            second: "Sorry. <tool_call>{}</tool_call>",
            result: "Hm. <tool_call>{\"name\":3}</tool_call>! stop"),
        Case(
            name: "wrong again, nothing said before", first: "<tool_call>{\"name\":3}</tool_call>",
            complaint: "it has no \"name\"", second: "I cannot.", result: "I cannot. stop"),
        Case(
            name: "a required call that is missing", first: "No.", complaint: "one is required", second: good,
            result: "No.\(given) toolCalls", change: { $0.toolChoice = .required }),
        Case(
            name: "a required call that is missing again", first: "No.", complaint: "one is required",
            second: "Never.", result: "No. stop", change: { $0.toolChoice = .required }),
        Case(
            name: "another tool than the named one",
            first: "<tool_call>{\"name\":\"patch\",\"arguments\":\"x\"}</tool_call>",
            complaint: "only: add", second: good, result: "\(given) toolCalls",
            change: { $0.toolChoice = .tool(name: "add") }),
    ]

    @Test(arguments: cases) func `a call that cannot be used is asked for once more`(_ test: Case) throws {
        let fixture = try EmulationFixture(furtherCalls: 1, test.change)
        for first in [[test.first]] + EmulationFixture.splits(test.first) {
            var answer = EmulatedAnswer(fixture.emulation, furtherCalls: 1)
            var transcript = Transcript()
            for piece in first where !piece.isEmpty { answer.take(.text(piece)) { transcript.add($0) } }
            answer.take(.finished(.stop)) { transcript.add($0) }
            let turns = try #require(answer.followUp)
            #expect(turns.map(\.role) == [.assistant, .user])
            #expect(turns[0].parts == [.text(TextPart(test.first))])
            guard case .text(let complaint) = turns[1].parts.first else { return }
            #expect(complaint.text.contains(test.complaint))
            answer.take(.started) { transcript.add($0) }
            answer.take(.text(test.second)) { transcript.add($0) }
            #expect(answer.followUp == nil)
            answer.take(.finished(.stop)) { transcript.add($0) }
            #expect(answer.followUp == nil)
            #expect(transcript.text == test.result)
        }
    }

    @Test func `without the further call the text is given as it is`() throws {
        let bad = "a <tool_call>{\"name\":3}</tool_call> b"
        try EmulationFixture().check(bad, "\(bad) stop")
        var answer = try EmulatedAnswer(EmulationFixture().emulation, furtherCalls: 1)
        var transcript = Transcript()
        answer.take(.text(bad)) { transcript.add($0) }
        answer.take(.finished(.stop)) { transcript.add($0) }
        #expect(answer.followUp != nil)
        answer.giveUp { transcript.add($0) }
        #expect(transcript.text == "\(bad) stop")
        #expect(answer.followUp == nil && answer.heldBytes == 0)
    }

    @Test func `behind a call that was given nothing is asked for again`() throws {
        try EmulationFixture(furtherCalls: 1)
            .check(
                "\(Self.good)<tool_call>{}</tool_call>", "\(Self.given)<tool_call>{}</tool_call> toolCalls")
    }

    @Test func `an answer that was cut off is not asked for again`() throws {
        try EmulationFixture(furtherCalls: 1)
            .check("<tool_call>{\"name\":3}", "<tool_call>{\"name\":3} length", .length)
    }

    @Test func `the further prompt goes on from the first one, with the same tag`() throws {
        let request = EmulationFixture.request()
        let first = try OneMinChatRequestEncoder().encode(request)
        let turns = [
            Turn(role: .assistant, text: "<tool_call>{}</tool_call>"), Turn(role: .user, text: "Again."),
        ]
        let second = try OneMinChatRequestEncoder().encode(request, followUp: turns)
        let end = "\"}}".utf8.count
        #expect(second.body.starts(with: first.body.dropLast(end)))
        #expect(
            text(second.body).hasSuffix(
                #"[assistant]\n<tool_call>{}</tool_call>\n\n[user]\nAgain.\n\n[assistant]"}}"#))
    }
}
