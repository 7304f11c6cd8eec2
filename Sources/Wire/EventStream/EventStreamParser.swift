/// Cuts a stream of bytes into server-sent events, whatever the borders of the chunks.
///
/// https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
///
/// Bytes are not decoded, so a character may be split anywhere. An event that lies inside one chunk is handed over as
/// slices of the chunk: nothing is copied and nothing allocated. Each byte is looked at once.
public struct EventStreamParser: Sendable {
    /// Where the value of a field of the event in progress is.
    private enum Field {
        case absent
        /// In the chunk that is being fed.
        case inChunk(Range<Int>)
        /// In the parser's own buffer.
        case kept
    }

    private let maximumEventBytes: Int
    /// The part of a line that came with earlier chunks.
    private var line: [UInt8] = []
    private var data = Field.absent
    private var dataBytes: [UInt8] = []
    private var name = Field.absent
    private var nameBytes: [UInt8] = []
    private var lastEventID: [UInt8] = []
    /// Bytes of the complete lines of the event in progress, comments and line ends not counted.
    private var eventBytes = 0
    /// How many bytes of a byte order mark came so far; nil once the stream's start is behind us.
    private var markBytes: Int? = 0
    /// True when the last byte was a CR, so that an LF now belongs to it.
    private var skipsLineFeed = false
    private var hasFailed = false

    /// A parser at the start of a stream.
    ///
    /// - Parameter maximumEventBytes: the most bytes the lines of one event may have, their ends and comment lines not
    ///   counted; one comment line may have as many.
    public init(maximumEventBytes: Int = 1 << 20) {
        self.maximumEventBytes = maximumEventBytes
    }

    /// The last `retry` of the stream in milliseconds, or nil.
    public private(set) var retryMilliseconds: Int?

    /// Bytes of the event in progress that came so far, comments and line ends not counted.
    public var heldBytes: Int { eventBytes + line.count }

    /// True when the stream has begun an event and not ended it; if nothing more comes, the standard drops it.
    public var hasUnfinishedEvent: Bool {
        if case .absent = data, case .absent = name {
            return line.first.map { $0 != ASCII.colon } ?? false
        }
        return true
    }

    /// Takes the next bytes of the stream and calls back for each event that is complete with them.
    ///
    /// - Throws: `EventStreamError` when an event passes the limit, now and at each further call; and whatever `body`
    ///   throws, after which the rest of the chunk is lost and the parser must not be fed again.
    public mutating func feed(_ chunk: [UInt8], _ body: (ServerSentEvent) throws -> Void) throws {
        if hasFailed { throw tooLarge() }
        var position = 0
        if markBytes != nil { skipMark(chunk, &position) }
        while position < chunk.count {
            if skipsLineFeed {
                skipsLineFeed = false
                if chunk[position] == ASCII.lineFeed {
                    position += 1
                    continue
                }
            }
            let end = ByteSearch.lineEnd(in: chunk.span, from: position)
            let length = line.count + (end - position)
            let isComment = (line.first ?? chunk[position]) == ASCII.colon
            guard length <= maximumEventBytes - (isComment ? 0 : eventBytes) else {
                hasFailed = true
                throw tooLarge()
            }
            if end == chunk.count {
                line.append(contentsOf: chunk[position..<end])
                break
            }
            skipsLineFeed = chunk[end] == ASCII.carriageReturn
            if length == 0 {
                // After `dispatch`, when its slices are gone and the buffers have one owner again.
                defer { reset() }
                try dispatch(chunk, body)
            } else if !isComment {
                eventBytes += length
                if line.isEmpty {
                    process(chunk, position..<end, isChunk: true)
                } else {
                    line.append(contentsOf: chunk[position..<end])
                    process(line, 0..<length, isChunk: false)
                }
            }
            line.removeAll(keepingCapacity: true)
            position = end + 1
        }
        keepFields(of: chunk)
    }

    /// Takes borrowed bytes, which costs one copy of them; see the other `feed`.
    ///
    /// - Throws: as the other `feed`.
    public mutating func feed(_ chunk: Span<UInt8>, _ body: (ServerSentEvent) throws -> Void) throws {
        try feed(chunk.withUnsafeBufferPointer { unsafe [UInt8]($0) }, body)
    }

    private func tooLarge() -> EventStreamError {
        EventStreamError(code: .eventTooLarge, maximumEventBytes: maximumEventBytes)
    }

    /// Skips one byte order mark at the start; what only looked like the start of one begins the first line.
    private mutating func skipMark(_ chunk: [UInt8], _ position: inout Int) {
        let mark: [3 of UInt8] = [0xEF, 0xBB, 0xBF]
        while let matched = markBytes, position < chunk.count {
            guard chunk[position] == mark[matched] else {
                for index in 0..<matched { line.append(mark[index]) }
                markBytes = nil
                return
            }
            position += 1
            markBytes = matched == 2 ? nil : matched + 1
        }
    }

    /// Interprets one line that is neither empty nor a comment.
    private mutating func process(_ source: [UInt8], _ line: Range<Int>, isChunk: Bool) {
        let span = source.span
        var colon = line.lowerBound
        while colon < line.upperBound, span[colon] != ASCII.colon { colon += 1 }
        var value = Swift.min(colon + 1, line.upperBound)..<line.upperBound
        if let first = value.first, span[first] == ASCII.space {
            value = first + 1..<value.upperBound
        }
        switch colon - line.lowerBound {
        case 4 where isEqual(span, line.lowerBound, "data"):
            addData(source, value, isChunk: isChunk)
        case 5 where isEqual(span, line.lowerBound, "event"):
            if isChunk {
                name = .inChunk(value)
            } else {
                keepName(source[value])
            }
        case 2 where isEqual(span, line.lowerBound, "id"):
            // An id with a NUL is ignored.
            if !source[value].contains(0) {
                lastEventID.removeAll(keepingCapacity: true)
                lastEventID.append(contentsOf: source[value])
            }
        case 5 where isEqual(span, line.lowerBound, "retry"):
            // Anything but digits is ignored; so is a number no clock can wait for.
            if !value.isEmpty, source[value].allSatisfy(ASCII.isDigit),
                let milliseconds = Int(String(decoding: source[value], as: UTF8.self))
            {
                retryMilliseconds = milliseconds
            }
        default:
            break
        }
    }

    /// Adds a `data` line; the first one of an event stays where it is.
    private mutating func addData(_ source: [UInt8], _ value: Range<Int>, isChunk: Bool) {
        switch data {
        case .absent where isChunk:
            data = .inChunk(value)
            return
        case .absent:
            break
        case .inChunk(let first):
            // Only lines of the chunk follow a line of the chunk.
            dataBytes.append(contentsOf: source[first])
            dataBytes.append(ASCII.lineFeed)
        case .kept:
            dataBytes.append(ASCII.lineFeed)
        }
        dataBytes.append(contentsOf: source[value])
        data = .kept
    }

    /// Hands the event over unless it has no data.
    private func dispatch(_ chunk: [UInt8], _ body: (ServerSentEvent) throws -> Void) throws {
        let data: ArraySlice<UInt8>
        switch self.data {
        case .absent: return
        case .inChunk(let range): data = chunk[range]
        case .kept: data = dataBytes[...]
        }
        let name: ArraySlice<UInt8>
        switch self.name {
        case .absent: name = []
        case .inChunk(let range): name = chunk[range]
        case .kept: name = nameBytes[...]
        }
        try body(ServerSentEvent(data: data, nameBytes: name, lastEventID: lastEventID[...]))
    }

    /// Forgets the event and keeps the memory for the next one.
    private mutating func reset() {
        eventBytes = 0
        data = .absent
        name = .absent
        dataBytes.removeAll(keepingCapacity: true)
        nameBytes.removeAll(keepingCapacity: true)
    }

    /// Copies what the unfinished event has in the chunk, which goes away now.
    private mutating func keepFields(of chunk: [UInt8]) {
        if case .inChunk(let range) = data {
            dataBytes.append(contentsOf: chunk[range])
            data = .kept
        }
        if case .inChunk(let range) = name { keepName(chunk[range]) }
    }

    private mutating func keepName(_ value: ArraySlice<UInt8>) {
        nameBytes.removeAll(keepingCapacity: true)
        nameBytes.append(contentsOf: value)
        name = .kept
    }

    /// True when the bytes at `start`, of which there are enough, are this text.
    private func isEqual(_ bytes: Span<UInt8>, _ start: Int, _ text: StaticString) -> Bool {
        for index in 0..<text.utf8CodeUnitCount {
            if unsafe bytes[start + index] != text.utf8Start[index] { return false }
        }
        return true
    }
}
