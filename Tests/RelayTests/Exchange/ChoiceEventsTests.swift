import Testing

@testable import Dialects
@testable import Relay

@Suite struct ChoiceEventsTests {
    /// Whether something still reads the text of a choice after this much of it.
    private func isRead(after pieces: [String], _ request: GenerationRequest) throws -> Bool {
        let encoder = OneMinChatRequestEncoder()
        let encoded = try encoder.encode(request, options: Emulation.Options())
        let route = ModelRouter.Route(
            upstream: Upstream(Configuration().providers[0]), model: request.model)
        let plan = ChatPlan(
            request, .chat(usesFunctionCall: false),
            emulation: encoded.emulation.isIdle ? nil : encoded.emulation, searchesWeb: false, route: route,
            ignored: [], prompts: [PromptTokens(request, model: request.model)], streamsUpstream: true,
            echoBytes: 0, followUp: nil
        ) { "call_1" }
        var events = ChoiceEvents(plan, choice: 0)
        var text = ""
        for piece in pieces {
            events.take(.text(piece)) { if case .text(let piece) = $0 { text += piece } }
        }
        events.take(.finished(.stop)) { _ in }
        #expect(text == pieces.joined() && events.isOver)
        let rooms = Mirror(reflecting: events).children.filter { $0.label == "emulated" }
            .compactMap { $0.value as? [EmulatedAnswer] }
        #expect(rooms.count == 1)
        return rooms.first?.isEmpty == false
    }

    @Test func `an open stream has no room for what it does not need`() throws {
        var request = GenerationRequest(model: "gpt-4o", turns: [Turn(role: .user, text: "Hi")])
        #expect(try !isRead(after: ["Hello", " there"], request))
        request.tools = [Tool(kind: .function(FunctionTool(name: "known")))]
        #expect(try isRead(after: ["Hello", " there"], request))
    }
}
