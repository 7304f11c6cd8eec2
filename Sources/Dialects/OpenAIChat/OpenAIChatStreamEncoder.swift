import Wire

/// Writes the events of an answer as `chat.completion.chunk` events.
///
/// https://platform.openai.com/docs/api-reference/chat-streaming: one identifier and one `created` throughout; the role
/// in each choice's first chunk; one chunk per piece of text; one chunk with `finish_reason` per choice; then, when it
/// was asked for, one chunk with `choices: []` and the counts; then `[DONE]`.
///
/// This is the hot path: what all chunks share is put together once, and a piece of text is escaped straight into the
/// bytes that go out.
public struct OpenAIChatStreamEncoder: StreamEncoder {
    /// `data: {"id":…,"model":"…","choices":[` of every chunk.
    private let head: [UInt8]
    /// What follows the choices of every chunk but the last.
    private let tail: [UInt8]
    private let includeUsage: Bool
    private let usesFunctionCall: Bool
    private var choices: [ChoiceState] = []
    private var usage: Usage?
    private var hasFailed = false

    /// What is known of one choice.
    private struct ChoiceState: Sendable {
        /// `{"index":0,"delta":` of every chunk of the choice.
        var head: [UInt8]
        var hasRole = false
        var isFinished = false
        /// Whether the call at hand is one of a custom tool, whose arguments are its input.
        var callsCustomTool = false
    }

    /// An encoder for one answer of any number of choices.
    ///
    /// - Parameters:
    ///   - id: the identifier of all chunks, such as `chatcmpl-…`.
    ///   - created: seconds since 1970.
    ///   - includeUsage: whether the client asked for `stream_options.include_usage`.
    ///   - usesFunctionCall: whether a call is written as `function_call`, the older word, as the client did.
    public init(
        id: String, created: Int, model: String, includeUsage: Bool, usesFunctionCall: Bool = false
    ) {
        var writer = JSONWriter(appendingTo: Array("data: ".utf8))
        writer.beginObject()
        writer.key("id")
        writer.string(id)
        writer.key("object")
        writer.string("chat.completion.chunk")
        writer.key("created")
        writer.int(created)
        writer.key("model")
        writer.string(model)
        writer.key("choices")
        writer.beginArray()
        // A copy, without the room that was left for more.
        self.head = writer.bytes.withUnsafeBufferPointer { Array($0) }
        self.tail = Array((includeUsage ? "],\"usage\":null}\n\n" : "]}\n\n").utf8)
        self.includeUsage = includeUsage
        self.usesFunctionCall = usesFunctionCall
    }

    /// Appends the bytes of an event of one choice; `choice` counts from 0.
    ///
    /// Usage is kept for the end; that of several choices is added up. After a failure nothing more is written.
    public mutating func encode(_ event: GenerationEvent, choice: Int, into bytes: inout [UInt8]) {
        guard !hasFailed else { return }
        prepare(choice)
        guard !choices[choice].isFinished || event.isAllowedAfterEnd else { return }
        switch event {
        case .started: writeRole(choice, into: &bytes)
        case .text(let text): writeText(text, member: "{\"content\":", choice, into: &bytes)
        case .reasoning(let text): writeText(text, member: "{\"reasoning_content\":", choice, into: &bytes)
        case .refusal(let text): writeText(text, member: "{\"refusal\":", choice, into: &bytes)
        case .toolCallBegan(let index, let id, let name, let kind):
            choices[choice].callsCustomTool = kind == .custom
            if usesFunctionCall {
                // There can be only one.
                guard index == 0 else { return }
                writeChunk(choice, into: &bytes) { $0.functionCall(name: name, arguments: "") }
            } else {
                writeChunk(choice, into: &bytes) {
                    $0.toolCallStart(index: index, id: id, name: name, kind: kind)
                }
            }
        case .toolCallArguments(let index, let piece):
            if usesFunctionCall {
                guard index == 0 else { return }
                writeChunk(choice, into: &bytes) { $0.functionCall(name: nil, arguments: piece) }
            } else {
                let kind: ToolCall.Kind = choices[choice].callsCustomTool ? .custom : .function
                writeChunk(choice, into: &bytes) { $0.toolCallPiece(index: index, piece, kind: kind) }
            }
        case .citation(let citation):
            writeChunk(choice, into: &bytes) { writer in
                writer.beginObject()
                writer.key("annotations")
                writer.value(.array([citation]))
                writer.endObject()
            }
        case .toolCallEnded, .signature, .image: break
        case .usage(let usage):
            if self.usage == nil { self.usage = usage } else { self.usage?.add(usage) }
        case .finished(let reason):
            writeRole(choice, into: &bytes)
            writeHead(choice, into: &bytes)
            bytes.append(literal: "{},\"finish_reason\":\"")
            bytes.append(literal: reason.openAIWord(usesFunctionCall: usesFunctionCall))
            bytes.append(literal: "\"}")
            bytes.append(contentsOf: tail)
            choices[choice].isFinished = true
        case .failed(let failure):
            OpenAIErrorEncoder.streamEvent(for: failure, into: &bytes)
            hasFailed = true
        }
    }

    /// Appends the usage chunk, where it was asked for and counts are known, and the end mark.
    ///
    /// After a failure nothing is written: an end mark would make the answer look complete.
    public mutating func finish(into bytes: inout [UInt8]) {
        guard !hasFailed else { return }
        if includeUsage, let usage {
            bytes.append(contentsOf: head)
            bytes.append(literal: "],\"usage\":")
            JSONWriter.append(to: &bytes) { $0.openAIUsage(usage) }
            bytes.append(literal: "}\n\n")
        }
        bytes.append(literal: "data: [DONE]\n\n")
    }

    private mutating func prepare(_ choice: Int) {
        while choices.count <= choice {
            choices.append(ChoiceState(head: Array("{\"index\":\(choices.count),\"delta\":".utf8)))
        }
    }

    private func writeHead(_ choice: Int, into bytes: inout [UInt8]) {
        bytes.append(contentsOf: head)
        bytes.append(contentsOf: choices[choice].head)
    }

    private mutating func writeRole(_ choice: Int, into bytes: inout [UInt8]) {
        guard !choices[choice].hasRole else { return }
        choices[choice].hasRole = true
        writeHead(choice, into: &bytes)
        bytes.append(literal: "{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}")
        bytes.append(contentsOf: tail)
    }

    private mutating func writeText(
        _ text: String, member: StaticString, _ choice: Int, into bytes: inout [UInt8]
    ) {
        writeRole(choice, into: &bytes)
        writeHead(choice, into: &bytes)
        bytes.append(literal: member)
        JSONWriter.append(to: &bytes) { $0.string(text) }
        bytes.append(literal: "},\"finish_reason\":null}")
        bytes.append(contentsOf: tail)
    }

    private mutating func writeChunk(
        _ choice: Int, into bytes: inout [UInt8], delta: (inout JSONWriter) -> Void
    ) {
        writeRole(choice, into: &bytes)
        writeHead(choice, into: &bytes)
        JSONWriter.append(to: &bytes, delta)
        bytes.append(literal: ",\"finish_reason\":null}")
        bytes.append(contentsOf: tail)
    }
}

extension GenerationEvent {
    /// Counts may come after a choice's end; a failure of another choice ends the whole answer.
    fileprivate var isAllowedAfterEnd: Bool {
        switch self {
        case .usage, .failed: true
        default: false
        }
    }
}

extension JSONWriter {
    /// The `delta` that begins a tool call.
    fileprivate mutating func toolCallStart(index: Int, id: String?, name: String, kind: ToolCall.Kind) {
        toolCallDelta(index: index) { writer in
            if let id {
                writer.key("id")
                writer.string(id)
            }
            writer.key("type")
            writer.string(kind.openAIWord)
            writer.key(named: kind.openAIWord)
            writer.beginObject()
            writer.key("name")
            writer.string(name)
            writer.key(named: kind.argumentsWord)
            writer.string("")
            writer.endObject()
        }
    }

    /// The `delta` that goes on with a tool call's arguments.
    fileprivate mutating func toolCallPiece(index: Int, _ piece: String, kind: ToolCall.Kind) {
        toolCallDelta(index: index) { writer in
            writer.key(named: kind.openAIWord)
            writer.beginObject()
            writer.key(named: kind.argumentsWord)
            writer.string(piece)
            writer.endObject()
        }
    }

    /// The `delta` that begins an old-fashioned function call, or goes on with its arguments.
    fileprivate mutating func functionCall(name: String?, arguments: String) {
        beginObject()
        key("function_call")
        beginObject()
        if let name {
            key("name")
            string(name)
        }
        key("arguments")
        string(arguments)
        endObject()
        endObject()
    }

    private mutating func toolCallDelta(index: Int, _ body: (inout JSONWriter) -> Void) {
        beginObject()
        key("tool_calls")
        beginArray()
        beginObject()
        key("index")
        int(index)
        body(&self)
        endObject()
        endArray()
        endObject()
    }
}
