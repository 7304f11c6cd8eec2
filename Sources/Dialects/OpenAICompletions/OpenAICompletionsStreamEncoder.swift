import Wire

/// Writes the events of answers as `text_completion` events.
///
/// https://platform.openai.com/docs/api-reference/completions: every event is an object like the whole answer, with a
/// piece of `text`; one with `finish_reason` ends each choice; then, when it was asked for, one with `choices: []` and
/// the counts; then `[DONE]`. With `echo` the prompt is the first piece of its choices.
public struct OpenAICompletionsStreamEncoder: StreamEncoder {
    /// `data: {"id":…,"model":"…","choices":[` of every event.
    private let head: [UInt8]
    /// What follows the choices of every event but the last.
    private let tail: [UInt8]
    private let includeUsage: Bool
    private let echoes: [String]
    private var choices: [ChoiceState] = []
    private var usage: Usage?
    private var hasFailed = false

    /// What is known of one choice.
    private struct ChoiceState: Sendable {
        var hasBegun = false
        var isFinished = false
    }

    /// An encoder for the answers to all prompts of one request.
    ///
    /// - Parameters:
    ///   - id: the identifier of all events, such as `cmpl-…`.
    ///   - created: seconds since 1970.
    ///   - includeUsage: whether the client asked for `stream_options.include_usage`.
    ///   - echoes: what each choice begins with, in order; empty for nothing.
    public init(id: String, created: Int, model: String, includeUsage: Bool, echoes: [String] = []) {
        var writer = JSONWriter(appendingTo: Array("data: ".utf8))
        writer.beginObject()
        writer.key("id")
        writer.string(id)
        writer.key("object")
        writer.string("text_completion")
        writer.key("created")
        writer.int(created)
        writer.key("model")
        writer.string(model)
        writer.key("choices")
        writer.beginArray()
        self.head = writer.bytes
        self.tail = Array((includeUsage ? "],\"usage\":null}\n\n" : "]}\n\n").utf8)
        self.includeUsage = includeUsage
        self.echoes = echoes
    }

    /// Appends the bytes of an event of one choice; `choice` counts from 0.
    ///
    /// A refusal is text; thoughts, tool calls and citations have no place in this API. Usage is kept for the end; that
    /// of several choices is added up. After a failure nothing more is written.
    public mutating func encode(_ event: GenerationEvent, choice: Int, into bytes: inout [UInt8]) {
        guard !hasFailed else { return }
        while choices.count <= choice { choices.append(ChoiceState()) }
        switch event {
        case .usage(let usage):
            if self.usage == nil { self.usage = usage } else { self.usage?.add(usage) }
        case .failed(let failure):
            OpenAIErrorEncoder.streamEvent(for: failure, into: &bytes)
            hasFailed = true
        case _ where choices[choice].isFinished: break
        case .started: begin(choice, into: &bytes)
        case .text(let text), .refusal(let text):
            begin(choice, into: &bytes)
            write(text, nil, choice, into: &bytes)
        case .finished(let reason):
            begin(choice, into: &bytes)
            write("", reason, choice, into: &bytes)
            choices[choice].isFinished = true
        case .reasoning, .signature, .citation, .image, .toolCallBegan, .toolCallArguments, .toolCallEnded:
            break
        }
    }

    /// Appends the event with the counts, where it was asked for and counts are known, and the end mark.
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

    /// Writes the prompt before all else where it is wanted.
    private mutating func begin(_ choice: Int, into bytes: inout [UInt8]) {
        guard !choices[choice].hasBegun else { return }
        choices[choice].hasBegun = true
        if choice < echoes.count { write(echoes[choice], nil, choice, into: &bytes) }
    }

    private func write(_ text: String, _ reason: FinishReason?, _ choice: Int, into bytes: inout [UInt8]) {
        bytes.append(contentsOf: head)
        bytes.append(literal: "{\"text\":")
        JSONWriter.append(to: &bytes) { $0.string(text) }
        bytes.append(literal: ",\"index\":")
        JSONWriter.append(to: &bytes) { $0.int(choice) }
        bytes.append(literal: ",\"logprobs\":null,\"finish_reason\":")
        if let reason {
            bytes.append(literal: "\"")
            bytes.append(literal: reason.openAIWord())
            bytes.append(literal: "\"}")
        } else {
            bytes.append(literal: "null}")
        }
        bytes.append(contentsOf: tail)
    }
}
