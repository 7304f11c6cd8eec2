import Dialects
import Tokens
import Wire

/// The tokens of a whole chat request: its texts, and what OpenAI puts around them.
///
/// Exact for a conversation of plain texts with a model whose vocabulary and framing are known. Tools, schemas, pictures
/// of unknown size and other media make it an estimate.
struct ChatTokens {
    /// More text than this is not counted on a loop, in bytes: it would take milliseconds.
    static let offloadBytes = 64 << 10

    /// What stands for a sound, a film or a file that is not text, whose length nobody knows here.
    static let assumedMediaTokens = 1000

    private let encoding: ModelEncoding
    private let framing: ChatFraming
    private let model: String
    /// Tokens of the vocabulary that text becomes.
    private var text = 0
    /// Tokens of the frame and of pictures, which no factor applies to.
    private var frame = 0
    private var isExact: Bool

    /// Counts a request as if it went to this model.
    static func count(_ request: GenerationRequest, model: String) -> TokenCount {
        var count = ChatTokens(model: model)
        count.addTools(request)
        count.addOutputFormat(request.outputFormat)
        // With functions the first system message is followed by a line end more than without.
        var isPadded = functions(of: request).isEmpty
        for turn in request.turns {
            let pads = !isPadded && turn.role == .system
            count.add(turn, padding: pads)
            if pads { isPadded = true }
        }
        count.frame += count.framing.priming
        return TokenCount(
            tokens: count.encoding.tokens(count.text) + max(0, count.frame), isExact: count.isExact)
    }

    private init(model: String) {
        encoding = ModelEncoding(model: model)
        framing = ChatFraming.of(model: model)
        self.model = model
        isExact = encoding.isExact && framing.isKnown
    }

    private mutating func add(_ string: String) {
        text += TokenCounter.tokens(in: string, encoding.vocabulary)
    }

    private mutating func estimate(_ string: String) {
        add(string)
        isExact = false
    }

    private mutating func add(_ turn: Turn, padding: Bool) {
        var isFirst = true
        var isLegacyResult = false
        for case .toolResult(let result) in turn.parts {
            isLegacyResult = result.callID == nil
            // A turn can hold several results; each is a message of its own.
            if !isFirst { addFrame(role: "tool") }
            isFirst = false
            if isLegacyResult, let name = result.name {
                // OpenAI's counts are two less than the frame of another named message.
                estimate(name)
                frame += framing.perName - 2
            }
            for part in result.parts { add(part) }
            isExact = false
        }
        addFrame(role: isLegacyResult ? "function" : turn.role.rawValue)
        if let name = turn.name {
            add(name)
            frame += framing.perName
        }
        var padding = padding
        for part in turn.parts {
            if case .toolResult = part { continue }
            if padding, case .text(let piece) = part {
                add(piece.text + "\n")
                padding = false
            } else {
                add(part)
            }
        }
    }

    private mutating func addFrame(role: String) {
        frame += framing.perMessage
        add(role)
    }

    private mutating func add(_ part: Part) {
        switch part {
        case .text(let part): add(part.text)
        case .refusal(let text): add(text)
        case .reasoning(let part): estimate(part.text)
        case .image(let image):
            let count = ImageTokens.count(image, model: model)
            frame += count.tokens
            isExact = isExact && count.isExact
        case .toolCall(let call):
            // Measured for one function_call: three tokens beside the name and the arguments.
            frame += 3
            estimate(call.name)
            estimate(call.arguments)
        case .toolResult(let result): for part in result.parts { add(part) }
        case .document(let part):
            if let text = part.writtenText { estimate(text) } else { addMedia() }
        case .audio, .video: addMedia()
        case .vendor(let part): estimate(Self.text(of: part.json))
        }
    }

    private mutating func addMedia() {
        frame += Self.assumedMediaTokens
        isExact = false
    }

    private static func functions(of request: GenerationRequest) -> [FunctionTool] {
        request.tools.compactMap { if case .function(let function) = $0.kind { function } else { nil } }
    }

    /// Measured by https://github.com/hmarr/openai-chat-tokens: nine tokens beside the declarations, four less where
    /// there is a system message to put them into, and for `tool_choice` one for `none`, four beside the name for a
    /// certain function.
    private mutating func addTools(_ request: GenerationRequest) {
        let functions = Self.functions(of: request)
        if !functions.isEmpty {
            estimate(FunctionSignatures.text(functions))
            frame += 9
            if request.turns.contains(where: { $0.role == .system }) { frame -= 4 }
            switch request.toolChoice {
            case .none?: frame += 1
            case .tool(let name)?:
                frame += 4
                estimate(name)
            case nil, .automatic?, .required?, .allowed?: break
            }
        }
        for tool in request.tools {
            switch tool.kind {
            case .function: break
            case .custom(let tool):
                estimate(tool.name)
                estimate(tool.description ?? "")
                if let format = tool.format { estimate(Self.text(of: format)) }
            case .vendor(_, let json): estimate(Self.text(of: json))
            }
        }
    }

    /// As https://cookbook.openai.com/articles/openai-harmony, "Structured output", shows a schema to a model.
    private mutating func addOutputFormat(_ format: OutputFormat?) {
        guard case .jsonSchema(let format)? = format else { return }
        var lines = "# Response Formats\n\n## \(format.name ?? "")\n\n"
        if let description = format.description { lines += "// \(description)\n" }
        estimate(lines + (format.schema.map(Self.text) ?? ""))
    }

    private static func text(of json: JSONValue) -> String {
        String(decoding: json.serialized(), as: UTF8.self)
    }
}
