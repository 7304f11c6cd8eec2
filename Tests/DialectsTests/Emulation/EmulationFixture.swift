import Dialects
import Testing
import Wire

/// A request with tools, and what becomes of an answer to it.
struct EmulationFixture {
    var emulation: Emulation
    var furtherCalls = 0

    /// Weather for cities, a strict sum, and a tool with free-form input.
    static let tools: [Tool] = [
        Tool(
            kind: .function(
                FunctionTool(
                    name: "get_weather", description: "Weather of a city.",
                    parameters: [
                        "type": "object",
                        "properties": ["city": ["type": "string"], "days": ["type": "integer"]],
                        "required": ["city"],
                    ]))),
        Tool(
            kind: .function(
                FunctionTool(
                    name: "add",
                    parameters: [
                        "type": "object", "properties": ["a": ["type": "integer"], "b": ["type": "integer"]],
                        "required": ["a", "b"], "additionalProperties": false,
                    ], isStrict: true))),
        Tool(kind: .custom(CustomTool(name: "patch", description: "Applies a patch."))),
    ]

    static func request(_ change: (inout GenerationRequest) -> Void = { _ in }) -> GenerationRequest {
        var request = GenerationRequest(model: "m", turns: [Turn(role: .user, text: "Hi")])
        request.tools = tools
        change(&request)
        return request
    }

    init(
        thinkTags: Bool = true, furtherCalls: Int = 0,
        _ change: (inout GenerationRequest) -> Void = { _ in }
    ) throws {
        var options = Emulation.Options()
        options.thinkTags = thinkTags
        emulation = try Emulation(Self.request(change), options: options)
        self.furtherCalls = furtherCalls
    }

    /// What an answer becomes, written plainly: text as it is, `‹name|arguments›` for a call, `{reasoning}`.
    func fold(_ answer: String, _ reason: FinishReason = .stop) -> String {
        fold([answer], reason)
    }

    func fold(_ pieces: [String], _ reason: FinishReason = .stop) -> String {
        var answer = EmulatedAnswer(emulation, furtherCalls: furtherCalls)
        return Transcript.of(&answer, pieces, reason)
    }

    /// The text in two pieces, at every border of characters.
    static func splits(_ text: String) -> [[String]] {
        let scalars = Array(text.unicodeScalars)
        func string(_ part: ArraySlice<Unicode.Scalar>) -> String {
            String(String.UnicodeScalarView(part))
        }
        var splits = (0...scalars.count).map { [string(scalars[..<$0]), string(scalars[$0...])] }
        splits.append(scalars.map { String($0) })
        return splits
    }

    /// Checks an answer whole, in two pieces with every border, and in single characters.
    func check(
        _ answer: String, _ expected: String, _ reason: FinishReason = .stop,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(fold(answer, reason) == expected, sourceLocation: sourceLocation)
        for pieces in Self.splits(answer) {
            let result = fold(pieces.filter { !$0.isEmpty }, reason)
            guard result != expected else { continue }
            #expect(result == expected, "split \(pieces)", sourceLocation: sourceLocation)
            return
        }
    }
}

/// The events of an answer as one text.
struct Transcript {
    var text = ""
    private var openReasoning = false
    private var openCall: Int?

    mutating func add(_ event: GenerationEvent) {
        if openReasoning {
            if case .reasoning = event {
            } else {
                text += "}"
                openReasoning = false
            }
        }
        switch event {
        case .started: text += "started "
        case .text(let piece): text += piece
        case .reasoning(let piece):
            if !openReasoning { text += "{" }
            openReasoning = true
            text += piece
        case .toolCallBegan(let index, let id, let name, let kind):
            #expect(id == nil && openCall == nil)
            openCall = index
            text += "‹\(index):\(kind == .custom ? "*" : "")\(name)|"
        case .toolCallArguments(let index, let piece):
            #expect(index == openCall && !piece.isEmpty)
            text += piece
        case .toolCallEnded(let index):
            #expect(index == openCall)
            openCall = nil
            text += "›"
        case .finished(let reason): text += " \(reason)"
        case .failed(let failure): text += " failed: \(failure.message)"
        case .usage(let usage): text += " (\(usage.inputTokens)+\(usage.outputTokens))"
        default: text += " ?"
        }
    }

    static func of(_ answer: inout EmulatedAnswer, _ pieces: [String], _ reason: FinishReason = .stop)
        -> String
    {
        var transcript = Transcript()
        for piece in pieces { answer.take(.text(piece)) { transcript.add($0) } }
        answer.take(.finished(reason)) { transcript.add($0) }
        return transcript.text
    }
}
