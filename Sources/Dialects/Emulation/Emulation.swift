import Wire

/// What the relay makes of a model's plain text by itself, for an upstream that has no tools, no JSON mode and no thoughts.
///
/// The prompt tells the model how to call a tool or in which form to answer (`EmulationPrompt`); the answer is read
/// accordingly (`EmulatedAnswer`). Both follow from the request alone.
public final class Emulation: Sendable {
    /// What an operator decides.
    public struct Options: Sendable, Equatable {
        /// Whether what a model puts between think tags at the beginning of its answer becomes reasoning; default true.
        public var thinkTags = true

        /// The defaults.
        public init() {}
    }

    let options: Options
    let tools: EmulatedTools
    let form: EmulatedForm?
    let marker: ToolMarker
    /// How many brackets the labels of the prompt have; nil when it is no transcript.
    let labelLevel: Int?

    /// What a request needs.
    ///
    /// - Throws: `unsupported` for a forced tool that cannot be called, and what a strict schema is refused for, naming the
    ///   parameter.
    public convenience init(_ request: GenerationRequest, options: Options = Options()) throws(Failure) {
        let draft = try Draft(request)
        let prompt = try OneMinPrompt(
            request.turns, continuesLastTurn: request.continuesLastTurn, draft)
        self.init(draft, labelLevel: prompt.labelLevel, options: options)
    }

    /// What a request needs whose prompt was written.
    init(_ draft: Draft, labelLevel: Int?, options: Options) {
        self.options = options
        tools = draft.tools
        form = draft.form
        marker = draft.marker
        self.labelLevel = labelLevel
    }

    /// What a request needs whose prompt was written; one object for all chats without tools and form, of which many are
    /// open at a time.
    static func shared(_ draft: Draft, labelLevel: Int?, options: Options) -> Emulation {
        if draft.isPlain, options == Options() {
            if labelLevel == nil, let plain = plain.first { return plain }
            if labelLevel == 1, let plain = plain.last { return plain }
        }
        return Emulation(draft, labelLevel: labelLevel, options: options)
    }

    /// Those of a single message and of an ordinary transcript.
    private static let plain: [Emulation] = {
        guard let draft = try? Draft(GenerationRequest(model: "", turns: [])) else { return [] }
        return [nil, 1].map { Emulation(draft, labelLevel: $0, options: Options()) }
    }()

    /// True when there is nothing to be done to the text: no tool, no JSON form, no think tags, no turns to invent.
    public var isIdle: Bool { !mayAskAgain && !options.thinkTags && labelLevel == nil }

    /// True when a further call may be wanted, so that the request has to be kept.
    public var mayAskAgain: Bool { !tools.callable.isEmpty || form != nil }

    /// What is known before the prompt is written.
    struct Draft: Sendable {
        let tools: EmulatedTools
        let form: EmulatedForm?
        let marker: ToolMarker
        /// True when nothing of the request is to be found in an answer: no tool, no call, no form.
        let isPlain: Bool

        init(_ request: borrowing GenerationRequest) throws(Failure) {
            tools = try EmulatedTools(request)
            form = try EmulatedForm(request)
            let parts = request.turns.lazy.flatMap(\.parts)
            guard !tools.list.isEmpty || parts.contains(where: \.isToolCall) else {
                marker = ToolMarker()
                isPlain = form == nil && request.tools.isEmpty && request.parallelToolCalls == nil
                return
            }
            isPlain = false
            let own = [tools.list, form?.schemaText ?? "", form?.description ?? ""]
            marker = ToolMarker(
                absentFrom: own + request.turns.compactMap(\.name) + parts.flatMap(\.ownTexts))
        }
    }
}

extension Part {
    fileprivate var isToolCall: Bool { if case .toolCall = self { true } else { false } }

    /// The texts of a part that can come to stand in a prompt.
    fileprivate var ownTexts: [String] {
        switch self {
        case .text(let part): [part.text]
        case .refusal(let text): [text]
        case .document(let document): document.writtenText.map { [$0] } ?? []
        case .toolCall(let call): [call.name, call.arguments]
        case .toolResult(let result): [result.name ?? ""] + result.parts.flatMap(\.ownTexts)
        case .reasoning, .image, .audio, .video, .vendor: []
        }
    }
}
