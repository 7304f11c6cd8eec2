import Wire

/// Writes the events of an answer as Anthropic streams them.
///
/// https://docs.claude.com/en/docs/build-with-claude/streaming: `message_start`, then content blocks one after the
/// other (`content_block_start`, `content_block_delta`…, `content_block_stop`), then `message_delta` with the reason and
/// the counts, then `message_stop`; a `ping` may come anywhere.
///
/// Blocks never overlap, although the format has an index for each: while a call's arguments are coming, whatever does
/// not belong to it waits. This is a hot path: what the pieces of a block share is put together once for the block.
public struct AnthropicStreamEncoder: StreamEncoder {
    private let id: String
    private let model: String
    private let inputTokens: Int
    private var hasBegun = false
    private var open = Block.none
    private var blockCount = 0
    private var callCount = 0
    private var hasRefusal = false
    /// `event: content_block_delta … "text":` of every piece of the open block.
    private var deltaHead: [UInt8] = []
    /// Events that came while the arguments of another call were coming.
    private var held = AnthropicHeldEvents()
    /// Citations that came while no text was open.
    private var citations: [JSONValue] = []
    private var usage: Usage?
    private var end: FinishReason?
    private var hasFailed = false

    /// The block that is being written.
    private enum Block: Equatable {
        case none, text, refusal, thinking
        case call(Int)

        /// True for a call, which nothing else may interrupt.
        var isCall: Bool {
            if case .call = self { true } else { false }
        }

        /// What stands between the index and the piece in a `content_block_delta`.
        var deltaMembers: StaticString {
            switch self {
            case .none, .text, .refusal: ",\"delta\":{\"type\":\"text_delta\",\"text\":"
            case .thinking: ",\"delta\":{\"type\":\"thinking_delta\",\"thinking\":"
            case .call: ",\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":"
            }
        }
    }

    /// An encoder for one answer.
    ///
    /// - Parameters:
    ///   - id: the message's identifier, such as `msg_…`.
    ///   - inputTokens: the tokens of the prompt as they are known before the answer, for `message_start`.
    public init(id: String, model: String, inputTokens: Int) {
        self.id = id
        self.model = model
        self.inputTokens = inputTokens
    }

    /// Appends the bytes of an event; choices other than the first are left out, since the dialect has no place for them.
    ///
    /// `message_start` comes before whatever comes first, unless that is a failure.
    public mutating func encode(_ event: GenerationEvent, choice: Int, into bytes: inout [UInt8]) {
        guard choice == 0, !hasFailed else { return }
        if case .failed(let failure) = event {
            fail(failure, into: &bytes)
            return
        }
        begin(into: &bytes)
        if case .usage(let usage) = event {
            self.usage = usage
        } else if end == nil {
            takeInTurn(event, into: &bytes)
        }
    }

    /// Appends `message_delta` and `message_stop`; nothing after a failure or without an end.
    public mutating func finish(into bytes: inout [UInt8]) {
        guard let end, !hasFailed else { return }
        let usage = usage ?? Usage(inputTokens: inputTokens, outputTokens: 0)
        bytes.append(literal: "event: message_delta\ndata: ")
        JSONWriter.append(to: &bytes) { writer in
            writer.beginObject()
            writer.key("type")
            writer.string("message_delta")
            writer.key("delta")
            writer.beginObject()
            writer.anthropicEnd(end, hasCalls: callCount > 0, isRefusal: hasRefusal)
            writer.endObject()
            writer.key("usage")
            writer.anthropicUsage(usage)
            writer.endObject()
        }
        bytes.append(literal: "\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")
    }

    /// Appends a `ping`, which the SDKs skip.
    public func writeHeartbeat(into bytes: inout [UInt8]) {
        bytes.append(literal: Self.ping)
    }

    private static let ping: StaticString = "event: ping\ndata: {\"type\":\"ping\"}\n\n"

    private mutating func begin(into bytes: inout [UInt8]) {
        guard !hasBegun else { return }
        hasBegun = true
        bytes.append(literal: "event: message_start\ndata: ")
        JSONWriter.append(to: &bytes) { writer in
            writer.beginObject()
            writer.key("type")
            writer.string("message_start")
            writer.key("message")
            writer.beginObject()
            writer.anthropicMessageHead(id: id, model: model)
            writer.beginArray()
            writer.endArray()
            writer.key("stop_reason")
            writer.null()
            writer.key("stop_sequence")
            writer.null()
            writer.key("usage")
            writer.anthropicUsage(Usage(inputTokens: inputTokens, outputTokens: 0))
            writer.endObject()
            writer.endObject()
        }
        bytes.append(literal: "\n\n")
        bytes.append(literal: Self.ping)
    }

    private mutating func fail(_ failure: Failure, into bytes: inout [UInt8]) {
        hasFailed = true
        AnthropicErrorEncoder.streamEvent(for: failure, into: &bytes)
    }

    /// Takes an event when its time has come, and those that waited for it.
    private mutating func takeInTurn(_ event: GenerationEvent, into bytes: inout [UInt8]) {
        if case .finished(let reason) = event {
            endBlock(into: &bytes)
            while !held.isEmpty {
                takeHeld(into: &bytes)
                endBlock(into: &bytes)
            }
            end = reason
        } else if case .call(let index) = open, !event.isAbout(call: index) {
            held.add(event)
            if held.bytes > Self.maximumHeldBytes {
                fail(
                    Failure(.upstreamFailed, "The upstream's tool calls do not come to an end."), into: &bytes
                )
            }
        } else {
            take(event, into: &bytes)
            takeHeld(into: &bytes)
        }
    }

    /// How much may wait for the end of a call's arguments, in bytes; honest calls at the same time are far smaller.
    private static let maximumHeldBytes = 1024 * 1024

    /// Takes what waited, up to and with the next call that is not complete.
    private mutating func takeHeld(into bytes: inout [UInt8]) {
        while !open.isCall, let events = held.next() {
            for event in events { take(event, into: &bytes) }
        }
    }

    private mutating func take(_ event: GenerationEvent, into bytes: inout [UInt8]) {
        switch event {
        case .text(let piece): write(piece, to: .text, into: &bytes)
        case .refusal(let piece):
            hasRefusal = true
            write(piece, to: .refusal, into: &bytes)
        case .reasoning(let piece): write(piece, to: .thinking, into: &bytes)
        case .signature(let signature): sign(signature, into: &bytes)
        case .citation(let citation): cite(citation, into: &bytes)
        case .toolCallBegan(let index, let id, let name, _):
            let id = id ?? AnthropicAnswer.callID(messageID: self.id, index: callCount)
            callCount += 1
            beginBlock(.call(index), into: &bytes) { $0.emptyToolUse(id: id, name: name) }
        case .toolCallArguments(let index, let piece):
            if open == .call(index) { writeDelta(piece, into: &bytes) }
        case .toolCallEnded(let index):
            if open == .call(index) { endBlock(into: &bytes) }
        case .started, .image, .usage, .finished, .failed: break
        }
    }

    private mutating func write(_ piece: String, to block: Block, into bytes: inout [UInt8]) {
        guard !piece.isEmpty else { return }
        if open != block {
            beginBlock(block, into: &bytes) { $0.emptyBlock(isThinking: block == .thinking) }
            if block == .text {
                for citation in citations { writeCitation(citation, into: &bytes) }
                citations = []
            }
        }
        writeDelta(piece, into: &bytes)
    }

    /// Ends the thought; one of which nothing is shown has a block of its own, since its proof must come back.
    private mutating func sign(_ signature: String, into bytes: inout [UInt8]) {
        if open == .none { beginBlock(.thinking, into: &bytes) { $0.emptyBlock(isThinking: true) } }
        if open == .thinking {
            writeDelta(into: &bytes) { writer in
                writer.key("type")
                writer.string("signature_delta")
                writer.key("signature")
                writer.string(signature)
            }
        }
        endBlock(into: &bytes)
    }

    private mutating func cite(_ citation: JSONValue, into bytes: inout [UInt8]) {
        guard AnthropicAnswer.isCitation(citation) else { return }
        if open == .text { writeCitation(citation, into: &bytes) } else { citations.append(citation) }
    }

    private func writeCitation(_ citation: JSONValue, into bytes: inout [UInt8]) {
        writeDelta(into: &bytes) { writer in
            writer.key("type")
            writer.string("citations_delta")
            writer.key("citation")
            writer.value(citation)
        }
    }

    private mutating func beginBlock(
        _ block: Block, into bytes: inout [UInt8], content: (inout JSONWriter) -> Void
    ) {
        endBlock(into: &bytes)
        open = block
        bytes.append(literal: "event: content_block_start\ndata: ")
        JSONWriter.append(to: &bytes) { writer in
            writer.beginObject()
            writer.key("type")
            writer.string("content_block_start")
            writer.key("index")
            writer.int(blockCount)
            writer.key("content_block")
            content(&writer)
            writer.endObject()
        }
        bytes.append(literal: "\n\n")
        deltaHead.removeAll(keepingCapacity: true)
        deltaHead.append(literal: Self.deltaStart)
        deltaHead.append(text: String(blockCount))
        deltaHead.append(literal: block.deltaMembers)
    }

    private mutating func endBlock(into bytes: inout [UInt8]) {
        guard open != .none else { return }
        bytes.append(literal: "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":")
        bytes.append(text: String(blockCount))
        bytes.append(literal: "}\n\n")
        blockCount += 1
        open = .none
    }

    private static let deltaStart: StaticString =
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":"

    /// Writes the next piece of the open block.
    private func writeDelta(_ piece: String, into bytes: inout [UInt8]) {
        guard !piece.isEmpty else { return }
        bytes.append(contentsOf: deltaHead)
        JSONWriter.append(to: &bytes) { $0.string(piece) }
        bytes.append(literal: "}}\n\n")
    }

    /// Writes a rarer kind of piece of the open block.
    private func writeDelta(into bytes: inout [UInt8], members: (inout JSONWriter) -> Void) {
        bytes.append(literal: Self.deltaStart)
        bytes.append(text: String(blockCount))
        bytes.append(literal: ",\"delta\":")
        JSONWriter.append(to: &bytes) { writer in
            writer.beginObject()
            members(&writer)
            writer.endObject()
        }
        bytes.append(literal: "}\n\n")
    }
}

extension GenerationEvent {
    /// True for what goes on with the call of this index.
    fileprivate func isAbout(call open: Int) -> Bool {
        switch self {
        case .toolCallArguments(let index, _), .toolCallEnded(let index): index == open
        default: false
        }
    }
}

extension JSONWriter {
    /// A block of text or of a thought, as it begins.
    fileprivate mutating func emptyBlock(isThinking: Bool) {
        beginObject()
        key("type")
        string(isThinking ? "thinking" : "text")
        key(isThinking ? "thinking" : "text")
        string("")
        if isThinking {
            key("signature")
            string("")
        }
        endObject()
    }

    /// A tool call as it begins.
    fileprivate mutating func emptyToolUse(id: String, name: String) {
        beginObject()
        key("type")
        string("tool_use")
        key("id")
        string(id)
        key("name")
        string(name)
        key("input")
        beginObject()
        endObject()
        endObject()
    }
}
