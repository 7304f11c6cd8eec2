import Wire

/// Writes what happens to the output of a response as events with rising sequence numbers.
///
/// Pieces are the hot path: what precedes and follows a piece is put together when its part begins.
struct ResponsesEventWriter: Sendable {
    /// The number of the next event.
    private var sequenceNumber = 0
    /// What surrounds a piece in the delta events of each item's last part.
    private var deltas: [DeltaFrame] = []

    /// What is the same in all delta events of one part.
    private struct DeltaFrame: Sendable {
        /// The event up to the piece.
        var head: [UInt8] = []
        /// From the piece to the sequence number.
        var tail: [UInt8] = []
    }

    /// Writes an event with a whole response object.
    mutating func write(_ type: StaticString, response: [UInt8], into bytes: inout [UInt8]) {
        write(type, into: &bytes) { writer in
            writer.key("response")
            writer.raw(response)
        }
    }

    /// Writes the `error` event.
    ///
    /// The reference has the members flat; what the API sends, and what the SDKs raise as an error, has them nested
    /// (openai-python 3.52.0, `_streaming.py`: an object with a true `error` member). Both are there.
    mutating func write(_ failure: Failure, into bytes: inout [UInt8]) {
        write("error", into: &bytes) { writer in
            writer.errorMembers(of: failure)
            writer.key("error")
            writer.beginObject()
            writer.key("type")
            writer.string(failure.answer.openAIType)
            writer.errorMembers(of: failure)
            writer.endObject()
        }
    }

    private mutating func write(
        _ type: StaticString, into bytes: inout [UInt8], _ members: (inout JSONWriter) -> Void
    ) {
        bytes.append(literal: "event: ")
        bytes.append(literal: type)
        bytes.append(literal: "\ndata: ")
        JSONWriter.append(to: &bytes) { writer in
            writer.beginObject()
            writer.key("type")
            writer.string(type.description)
            members(&writer)
            writer.key("sequence_number")
            writer.int(sequenceNumber)
            writer.endObject()
        }
        bytes.append(literal: "\n\n")
        sequenceNumber += 1
    }

    /// Puts together what the delta events of the item's last part share.
    private mutating func prepareDeltas(
        _ type: StaticString, of item: ResponsesOutput.Item, at index: Int, hasLogprobs: Bool = false
    ) {
        while deltas.count <= index { deltas.append(DeltaFrame()) }
        var frame = DeltaFrame()
        frame.head.append(literal: "event: ")
        frame.head.append(literal: type)
        frame.head.append(literal: "\ndata: ")
        JSONWriter.append(to: &frame.head) { writer in
            writer.beginObject()
            writer.key("type")
            writer.string(type.description)
            writer.place(of: item, at: index)
            writer.key("delta")
        }
        if hasLogprobs { frame.tail.append(literal: ",\"logprobs\":[]") }
        frame.tail.append(literal: ",\"sequence_number\":")
        deltas[index] = frame
    }
}

extension ResponsesEventWriter: ResponsesOutputObserver {
    mutating func began(_ item: ResponsesOutput.Item, at index: Int, into bytes: inout [UInt8]) {
        write("response.output_item.added", item, at: index, into: &bytes)
        switch item.kind {
        case .message, .reasoning: break
        case .image:
            write("response.image_generation_call.in_progress", into: &bytes) {
                $0.place(of: item, at: index)
            }
        case .call(.function): prepareDeltas("response.function_call_arguments.delta", of: item, at: index)
        case .call(.custom): prepareDeltas("response.custom_tool_call_input.delta", of: item, at: index)
        }
    }

    mutating func beganText(of item: ResponsesOutput.Item, at index: Int, into bytes: inout [UInt8]) {
        switch (item.kind, item.parts.last?.kind) {
        case (.call, _), (.image, _): break
        case (.reasoning, _):
            writePart("response.reasoning_summary_part.added", of: item, at: index, into: &bytes)
            prepareDeltas("response.reasoning_summary_text.delta", of: item, at: index)
        case (.message, .refusal):
            writePart("response.content_part.added", of: item, at: index, into: &bytes)
            prepareDeltas("response.refusal.delta", of: item, at: index)
        case (.message, _):
            writePart("response.content_part.added", of: item, at: index, into: &bytes)
            prepareDeltas("response.output_text.delta", of: item, at: index, hasLogprobs: true)
        }
    }

    mutating func grew(by piece: String, at index: Int, into bytes: inout [UInt8]) {
        bytes.append(contentsOf: deltas[index].head)
        JSONWriter.append(to: &bytes) { writer in
            writer.string(piece)
            writer.bytes.append(contentsOf: deltas[index].tail)
            writer.int(sequenceNumber)
        }
        bytes.append(literal: "}\n\n")
        sequenceNumber += 1
    }

    mutating func annotated(_ item: ResponsesOutput.Item, at index: Int, into bytes: inout [UInt8]) {
        guard let part = item.parts.last, let annotation = part.annotations.last else { return }
        write("response.output_text.annotation.added", into: &bytes) { writer in
            writer.place(of: item, at: index)
            writer.key("annotation_index")
            writer.int(part.annotations.count - 1)
            writer.key("annotation")
            writer.value(annotation)
        }
    }

    mutating func endedText(of item: ResponsesOutput.Item, at index: Int, into bytes: inout [UInt8]) {
        switch item.kind {
        case .call(.function):
            write("response.function_call_arguments.done", into: &bytes) { writer in
                writer.place(of: item, at: index)
                writer.key("name")
                writer.string(item.name)
                writer.key("arguments")
                writer.string(item.text)
            }
        case .call(.custom):
            write("response.custom_tool_call_input.done", into: &bytes) { writer in
                writer.place(of: item, at: index)
                writer.key("input")
                writer.string(item.text)
            }
        case .image:
            write("response.image_generation_call.completed", into: &bytes) { $0.place(of: item, at: index) }
        case .reasoning:
            write("response.reasoning_summary_text.done", into: &bytes) { writer in
                writer.place(of: item, at: index)
                writer.key("text")
                writer.string(item.text)
            }
            writePart("response.reasoning_summary_part.done", of: item, at: index, into: &bytes)
        case .message:
            guard let part = item.parts.last else { return }
            let isText = part.kind == .text
            write(isText ? "response.output_text.done" : "response.refusal.done", into: &bytes) { writer in
                writer.place(of: item, at: index)
                writer.key(isText ? "text" : "refusal")
                writer.string(part.text)
                if isText {
                    writer.key("logprobs")
                    writer.value([])
                }
            }
            writePart("response.content_part.done", of: item, at: index, into: &bytes)
        }
    }

    mutating func ended(_ item: ResponsesOutput.Item, at index: Int, into bytes: inout [UInt8]) {
        write("response.output_item.done", item, at: index, into: &bytes)
    }

    private mutating func write(
        _ type: StaticString, _ item: ResponsesOutput.Item, at index: Int, into bytes: inout [UInt8]
    ) {
        write(type, into: &bytes) { writer in
            writer.key("output_index")
            writer.int(index)
            writer.key("item")
            writer.responsesItem(item)
        }
    }

    /// Writes an event with the last part of a message, or with the summary of a thought.
    private mutating func writePart(
        _ type: StaticString, of item: ResponsesOutput.Item, at index: Int, into bytes: inout [UInt8]
    ) {
        write(type, into: &bytes) { writer in
            writer.place(of: item, at: index)
            writer.key("part")
            if let part = item.parts.last {
                writer.responsesPart(part)
            } else {
                writer.responsesSummary(item.text)
            }
        }
    }
}

extension JSONWriter {
    /// Which part of which item an event is about.
    fileprivate mutating func place(of item: ResponsesOutput.Item, at index: Int) {
        key("item_id")
        string(item.id)
        key("output_index")
        int(index)
        switch item.kind {
        case .message:
            key("content_index")
            int(item.parts.count - 1)
        case .reasoning:
            key("summary_index")
            int(0)
        case .call, .image: break
        }
    }

    fileprivate mutating func errorMembers(of failure: Failure) {
        key("code")
        stringOrNull(failure.openAICode)
        key("message")
        string(failure.message)
        key("param")
        stringOrNull(failure.parameter)
    }
}
