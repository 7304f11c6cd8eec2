import Wire

/// Reads 1min.ai's event stream of a chat call, status 2xx.
///
/// | event | data | becomes |
/// |---|---|---|
/// | `content`, unnamed, `message` | `{"content":"…"}` | text |
/// | `result` | `{"aiRecord":{…}}` | counts, the reason of the end, or a failure |
/// | `done`, or data `[DONE]` | anything | the end |
/// | `error` | `{"error":"…"}` and the shapes of error bodies | a failure |
/// | any other | | nothing |
///
/// The last event given is always `finished` or `failed`, after which the rest of the stream is ignored: an answer that
/// stops in the middle or has no text is a failure.
public struct OneMinStreamDecoder: Sendable {
    private var parser: EventStreamParser
    private var repeats = OneMinRepeatGuard()
    private var progress: OneMinProgressFilter?
    // None until it comes. In an array, since it is as large as all the rest of a decoder, which waits for most of a call.
    private var records: [OneMinRecord] = []
    private var record: OneMinRecord? { records.first }
    private var hasText = false
    private var hasBytes = false

    /// True when the last event was given.
    public private(set) var isComplete = false

    /// Bytes that came and of which nothing was given yet: those of the event that has begun, of a block held back, and of
    /// a record's text that nothing was streamed of.
    public var heldBytes: Int {
        parser.heldBytes + repeats.heldBytes + (hasText ? 0 : record?.text?.utf8.count ?? 0)
    }

    /// A decoder at the start of a stream.
    ///
    /// - Parameters:
    ///   - searchesWeb: whether web search is on, whose progress lines are then taken out of the text.
    ///   - maximumEventBytes: the most bytes of one event; the record repeats the prompt and the answer, so it is larger
    ///     than the request's body was.
    public init(searchesWeb: Bool = false, maximumEventBytes: Int = 64 << 20) {
        parser = EventStreamParser(maximumEventBytes: maximumEventBytes)
        progress = searchesWeb ? OneMinProgressFilter() : nil
    }

    /// Takes the next bytes, whose borders may be anywhere, and gives the events that are complete with them.
    public mutating func feed(_ chunk: [UInt8], _ emit: (GenerationEvent) -> Void) {
        guard !isComplete else { return }
        if !chunk.isEmpty { hasBytes = true }
        // Taken out while it is fed, since its events change the rest of the decoder.
        var taken = EventStreamParser()
        swap(&taken, &parser)
        defer { swap(&taken, &parser) }
        do {
            try taken.feed(chunk) { event in take(event, emit) }
        } catch {
            fail(Failure(.upstreamFailed, "1min.ai: \(error)."), emit)
        }
    }

    /// Gives the last events after the connection ended, unless they were given already.
    public mutating func end(_ emit: (GenerationEvent) -> Void) {
        guard !isComplete else { return }
        if record != nil {
            complete(emit)
        } else if !hasBytes {
            fail(Failure(.upstreamFailed, "1min.ai: the answer is empty."), emit)
        } else {
            fail(Failure(.upstreamFailed, "1min.ai: the answer was cut off before its end."), emit)
        }
    }

    private mutating func take(_ event: ServerSentEvent, _ emit: (GenerationEvent) -> Void) {
        guard !isComplete else { return }
        if event.hasData("[DONE]") || event.isNamed("done") {
            complete(emit)
        } else if event.isNamed("content") {
            takeContent(event, emit)
        } else if event.isNamed("result") {
            guard let json = parse(event, selecting: OneMinRecord.selection, emit) else { return }
            takeResult(json, emit)
        } else if event.isNamed("error") {
            let body = OneMinErrorBody(body: Array(event.data))
            fail(body.failure(status: 200, otherwise: .upstreamFailed), emit)
        } else if event.isNamed("message") {
            takeUnnamed(event, emit)
        }
    }

    /// The hot path: no value is built, only the text.
    private mutating func takeContent(_ event: ServerSentEvent, _ emit: (GenerationEvent) -> Void) {
        let bytes = event.data.span
        do throws(JSONError) {
            // Members unknown today may come without any content.
            guard
                let range = try JSONScanner.value(of: "content", in: bytes, maximumDepth: Self.maximumDepth),
                !bytes.isNull(range)
            else { return }
            takeText(try JSONScanner.string(in: bytes, range), emit)
        } catch {
            // Something is wrong with the text, or it is no text.
            guard let content = parse(event, selecting: ["content": .everything], emit)?["content"],
                content != .null
            else { return }
            guard let text = content.stringValue else { return failUnreadable(error, emit) }
            takeText(text, emit)
        }
    }

    /// An event without a name is what its members say.
    private mutating func takeUnnamed(_ event: ServerSentEvent, _ emit: (GenerationEvent) -> Void) {
        guard let json = parse(event, emit) else { return }
        if let text = json["content"]?.stringValue {
            takeText(text, emit)
        } else if json["aiRecord"] != nil {
            takeResult(json, emit)
        } else if json["error"] != nil || json["errorCode"] != nil {
            fail(OneMinErrorBody(json).failure(status: 200, otherwise: .upstreamFailed), emit)
        }
    }

    private mutating func takeText(_ text: String, _ emit: (GenerationEvent) -> Void) {
        guard !text.isEmpty else { return }
        let (earlier, now) = repeats.feed(text)
        if let earlier { pass(earlier, emit) }
        if let now { pass(now, emit) }
    }

    /// Gives text that belongs to the answer, but for progress lines.
    private mutating func pass(_ text: String, _ emit: (GenerationEvent) -> Void) {
        let rest = progress?.feed(text) ?? text
        guard !rest.isEmpty else { return }
        hasText = true
        emit(.text(rest))
    }

    private mutating func takeResult(_ json: JSONValue, _ emit: (GenerationEvent) -> Void) {
        guard let value = json["aiRecord"] else { return }
        let record = OneMinRecord(value)
        guard record.failure != nil else {
            records = [record]
            return
        }
        isComplete = true
        for event in record.events(with: []) { emit(event) }
    }

    private mutating func complete(_ emit: (GenerationEvent) -> Void) {
        // First what was paid for: of text that comes now the client may want the beginning only.
        if let usage = record?.usage { emit(.usage(usage)) }
        if let block = repeats.finish(whole: record?.text) { pass(block, emit) }
        if let rest = progress?.finish(), !rest.isEmpty {
            hasText = true
            emit(.text(rest))
        }
        // Not every model's answer is streamed: then the record has all of it.
        if !hasText, let text = record?.text(searchesWeb: progress != nil) {
            hasText = true
            emit(.text(text))
        }
        isComplete = true
        emit(
            record?.end(hasText: hasText)
                ?? (hasText ? .finished(.stop) : .failed(OneMinRecord.emptyAnswer(.stop))))
    }

    private mutating func fail(_ failure: Failure, _ emit: (GenerationEvent) -> Void) {
        guard !isComplete else { return }
        isComplete = true
        emit(.failed(failure))
    }

    private mutating func parse(
        _ event: ServerSentEvent, selecting selection: JSONSelection = .everything,
        _ emit: (GenerationEvent) -> Void
    ) -> JSONValue? {
        do throws(JSONError) {
            return try JSONValue(
                mending: event.data.span, maximumDepth: Self.maximumDepth, selecting: selection)
        } catch {
            failUnreadable(error, emit)
            return nil
        }
    }

    private mutating func failUnreadable(_ error: JSONError, _ emit: (GenerationEvent) -> Void) {
        fail(
            Failure(.upstreamFailed, "1min.ai: an event of the answer cannot be read: \(error.message)."),
            emit)
    }

    /// How many arrays and objects may be nested in an event.
    private static let maximumDepth = 64
}

extension Span<UInt8> {
    /// True when the value at these offsets is `null`.
    fileprivate func isNull(_ range: Range<Int>) -> Bool {
        range.count == 4 && self[range.lowerBound] == UInt8(ascii: "n")
    }
}
