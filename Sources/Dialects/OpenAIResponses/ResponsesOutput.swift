import Wire

/// Gathers the events of an answer into the output items of a response, and tells an observer of every step.
///
/// The streamed and the plain answer are both made of this one fold, so that they cannot differ. Text and refusals that
/// follow each other are parts of one message, a thought is an item of its own, and so is every call.
struct ResponsesOutput: Sendable {
    /// The items in the order in which they began.
    private(set) var items: [Item] = []
    /// What was used, as far as it is known.
    var usage: Usage?
    /// How the answer ended; nil while it goes on.
    private(set) var end: End?
    /// The message or the thought that the next piece may be added to.
    private var spoken: Int?
    /// The calls that are not complete.
    private var openCalls: [(index: Int, position: Int)] = []
    /// Sources that came while there was no text to hang them on.
    private var waitingCitations: [JSONValue] = []
    private let makeID: @Sendable (String) -> String

    private let toolNames: ResponsesToolNames

    /// Nothing happened yet.
    init(toolNames: ResponsesToolNames, makeID: @escaping @Sendable (String) -> String) {
        self.toolNames = toolNames
        self.makeID = makeID
    }

    /// How an answer ended.
    enum End: Sendable {
        case finished(FinishReason)
        case failed(Failure)
    }

    /// Takes the next event; those after the end are ignored.
    mutating func add(
        _ event: GenerationEvent, telling observer: inout some ResponsesOutputObserver,
        into bytes: inout [UInt8]
    ) {
        guard end == nil else { return }
        switch event {
        case .started: break
        case .text(let piece):
            let index = openPart(.text, telling: &observer, into: &bytes)
            items[index].parts[items[index].parts.count - 1].text += piece
            observer.grew(by: piece, at: index, into: &bytes)
        case .refusal(let piece):
            let index = openPart(.refusal, telling: &observer, into: &bytes)
            items[index].parts[items[index].parts.count - 1].text += piece
            observer.grew(by: piece, at: index, into: &bytes)
        case .reasoning(let piece):
            let index = openThought(telling: &observer, into: &bytes)
            if items[index].text.isEmpty { observer.beganText(of: items[index], at: index, into: &bytes) }
            items[index].text += piece
            observer.grew(by: piece, at: index, into: &bytes)
        case .signature(let signature):
            let index = openThought(telling: &observer, into: &bytes)
            items[index].encryptedContent = signature
            closeSpoken(.completed, telling: &observer, into: &bytes)
        case .citation(let citation): cite(citation, telling: &observer, into: &bytes)
        case .image(let data):
            closeSpoken(.completed, telling: &observer, into: &bytes)
            let index = begin(Item(id: makeID("ig_"), kind: .image), telling: &observer, into: &bytes)
            items[index].text = data
            close(index, .completed, telling: &observer, into: &bytes)
        case .toolCallBegan(let number, let id, let name, let kind):
            closeSpoken(.completed, telling: &observer, into: &bytes)
            var item = Item(id: makeID(kind == .function ? "fc_" : "ctc_"), kind: .call(kind))
            item.callID = id ?? makeID("call_")
            item.name = toolNames[name]?.name ?? name
            item.namespace = toolNames[name]?.namespace
            openCalls.append((number, begin(item, telling: &observer, into: &bytes)))
        case .toolCallArguments(let number, let piece):
            guard let call = openCalls.last(where: { $0.index == number }) else { return }
            items[call.position].text += piece
            observer.grew(by: piece, at: call.position, into: &bytes)
        case .toolCallEnded(let number):
            guard let call = openCalls.lastIndex(where: { $0.index == number }) else { return }
            close(openCalls.remove(at: call).position, .completed, telling: &observer, into: &bytes)
        case .usage(let usage): self.usage = usage
        case .finished(let reason):
            let status: Item.Status = reason.incompleteWord == nil ? .completed : .incomplete
            closeSpoken(status, telling: &observer, into: &bytes)
            for call in openCalls { close(call.position, status, telling: &observer, into: &bytes) }
            openCalls = []
            end = .finished(reason)
        case .failed(let failure):
            for index in items.indices where items[index].status == .inProgress {
                items[index].status = .incomplete
            }
            end = .failed(failure)
        }
    }

    /// Takes a whole answer, as if its events came one after the other.
    mutating func add(_ result: GenerationResult) {
        var observer = NoObserver()
        var bytes: [UInt8] = []
        let lastText = result.parts.lastIndex { if case .text = $0 { true } else { false } }
        let isCut = result.finishReason.incompleteWord != nil
        for (index, part) in result.parts.enumerated() {
            for event in part.events(index: index) {
                // A call at the end of an answer that was cut off is not known to be complete.
                if case .toolCallEnded = event, isCut, index == result.parts.count - 1 { continue }
                add(event, telling: &observer, into: &bytes)
            }
            guard index == lastText else { continue }
            for citation in result.citations {
                add(.citation(citation), telling: &observer, into: &bytes)
            }
        }
        add(.finished(result.finishReason), telling: &observer, into: &bytes)
    }

    private mutating func begin(
        _ item: Item, telling observer: inout some ResponsesOutputObserver, into bytes: inout [UInt8]
    ) -> Int {
        items.append(item)
        observer.began(item, at: items.count - 1, into: &bytes)
        return items.count - 1
    }

    /// The thought that goes on, or a new one.
    private mutating func openThought(
        telling observer: inout some ResponsesOutputObserver, into bytes: inout [UInt8]
    ) -> Int {
        if let spoken, case .reasoning = items[spoken].kind { return spoken }
        closeSpoken(.completed, telling: &observer, into: &bytes)
        let index = begin(Item(id: makeID("rs_"), kind: .reasoning), telling: &observer, into: &bytes)
        spoken = index
        return index
    }

    /// The message whose last part is of this kind, which may be a new part of a new message.
    private mutating func openPart(
        _ kind: Item.Part.Kind, telling observer: inout some ResponsesOutputObserver,
        into bytes: inout [UInt8]
    ) -> Int {
        if let spoken, case .message = items[spoken].kind {
            if items[spoken].parts.last?.kind == kind { return spoken }
            observer.endedText(of: items[spoken], at: spoken, into: &bytes)
            beginPart(kind, at: spoken, telling: &observer, into: &bytes)
            return spoken
        }
        closeSpoken(.completed, telling: &observer, into: &bytes)
        let index = begin(Item(id: makeID("msg_"), kind: .message), telling: &observer, into: &bytes)
        spoken = index
        beginPart(kind, at: index, telling: &observer, into: &bytes)
        return index
    }

    private mutating func beginPart(
        _ kind: Item.Part.Kind, at index: Int, telling observer: inout some ResponsesOutputObserver,
        into bytes: inout [UInt8]
    ) {
        items[index].parts.append(Item.Part(kind: kind))
        observer.beganText(of: items[index], at: index, into: &bytes)
        guard kind == .text else { return }
        let citations = waitingCitations
        waitingCitations = []
        for citation in citations { cite(citation, telling: &observer, into: &bytes) }
    }

    private mutating func cite(
        _ citation: JSONValue, telling observer: inout some ResponsesOutputObserver, into bytes: inout [UInt8]
    ) {
        guard let annotation = citation.annotation else { return }
        guard let spoken, let part = items[spoken].parts.indices.last, items[spoken].parts[part].kind == .text
        else {
            waitingCitations.append(citation)
            return
        }
        items[spoken].parts[part].annotations.append(annotation)
        observer.annotated(items[spoken], at: spoken, into: &bytes)
    }

    private mutating func closeSpoken(
        _ status: Item.Status, telling observer: inout some ResponsesOutputObserver, into bytes: inout [UInt8]
    ) {
        guard let index = spoken else { return }
        spoken = nil
        close(index, status, telling: &observer, into: &bytes)
    }

    private mutating func close(
        _ index: Int, _ status: Item.Status, telling observer: inout some ResponsesOutputObserver,
        into bytes: inout [UInt8]
    ) {
        items[index].status = status
        if items[index].hasText { observer.endedText(of: items[index], at: index, into: &bytes) }
        observer.ended(items[index], at: index, into: &bytes)
    }
}

/// Is told of every step that the output of a response takes.
protocol ResponsesOutputObserver {
    /// An item begins; it is empty.
    mutating func began(_ item: ResponsesOutput.Item, at index: Int, into bytes: inout [UInt8])
    /// The last part of a message, or the text of a thought, begins.
    mutating func beganText(of item: ResponsesOutput.Item, at index: Int, into bytes: inout [UInt8])
    /// What began last in the item at this index goes on.
    mutating func grew(by piece: String, at index: Int, into bytes: inout [UInt8])
    /// The last part of a message has one more annotation.
    mutating func annotated(_ item: ResponsesOutput.Item, at index: Int, into bytes: inout [UInt8])
    /// The last part of a message, the text of a thought, or the arguments of a call are complete.
    mutating func endedText(of item: ResponsesOutput.Item, at index: Int, into bytes: inout [UInt8])
    /// An item is complete.
    mutating func ended(_ item: ResponsesOutput.Item, at index: Int, into bytes: inout [UInt8])
}

/// Looks away.
private struct NoObserver: ResponsesOutputObserver {
    func began(_ item: ResponsesOutput.Item, at index: Int, into bytes: inout [UInt8]) {}
    func beganText(of item: ResponsesOutput.Item, at index: Int, into bytes: inout [UInt8]) {}
    func grew(by piece: String, at index: Int, into bytes: inout [UInt8]) {}
    func annotated(_ item: ResponsesOutput.Item, at index: Int, into bytes: inout [UInt8]) {}
    func endedText(of item: ResponsesOutput.Item, at index: Int, into bytes: inout [UInt8]) {}
    func ended(_ item: ResponsesOutput.Item, at index: Int, into bytes: inout [UInt8]) {}
}

extension Part {
    /// The events that give this part of an answer; none for what no answer of this dialect can have.
    fileprivate func events(index: Int) -> [GenerationEvent] {
        switch self {
        case .text(let part): return [.text(part.text)]
        case .refusal(let text): return [.refusal(text)]
        case .reasoning(let part):
            let thought: [GenerationEvent] = part.text.isEmpty ? [] : [.reasoning(part.text)]
            return thought + (part.signature.map { [.signature($0)] } ?? [])
        case .toolCall(let call):
            return [
                .toolCallBegan(index: index, id: call.id, name: call.name, kind: call.kind),
                .toolCallArguments(index: index, call.arguments), .toolCallEnded(index: index),
            ].filter { $0 != .toolCallArguments(index: index, "") }
        case .image(let image):
            guard case .base64(let data, _) = image.source else { return [] }
            return [.image(base64: data)]
        case .audio, .video, .document, .toolResult, .vendor: return []
        }
    }
}

extension JSONValue {
    /// A source as an annotation of the Responses API; nil for one that it has no form for.
    ///
    /// The chat dialect nests what this one has flat: `{"type":"url_citation","url_citation":{…}}`.
    fileprivate var annotation: JSONValue? {
        guard let type = self["type"]?.stringValue else { return nil }
        guard let nested = self[type]?.objectValue else { return self }
        return .object(JSONObject([.init(key: "type", value: .string(type))] + nested.members))
    }
}
