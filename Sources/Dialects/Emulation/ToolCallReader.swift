import Wire

/// Reads the calls of one answer: what follows the beginning of a call's tag up to its end, as often as there are such.
///
/// The arguments of a tool that is not strict are given as they come, if the name stands before them. All else is held
/// until the call is complete, understood and valid. The end of the JSON ends a call; the closing tag may be missing.
struct ToolCallReader: Sendable {
    /// How far the calls behind a tag are.
    enum State: Sendable, Equatable {
        /// In the middle; the text goes on.
        case reading
        /// What follows is text again.
        case ended
        /// What was read since the last call is none.
        case unusable(Reason)
    }

    /// Why something cannot be used as a call.
    enum Reason: Sendable, Equatable {
        /// Nobody meant it as one: text that mentions the tag.
        case noCall
        /// It is wrong in a way that the model can be told.
        case malformed(String)
    }

    private enum Place: Sendable {
        /// Between the tag's name and its `>`.
        case tag
        /// Between the tag and the JSON.
        case opening
        /// In the JSON.
        case object
        /// Behind the JSON, before the closing tag or behind it.
        case closing, closed
        /// In the rest of a call that broke after some of it had been given.
        case skipping
    }

    let tools: EmulatedTools
    private let startTag: [UInt8]
    /// Whether a call that does not fit its schema may be asked for again, so that it must not be given.
    var isChecking: Bool
    private(set) var state = State.ended
    /// How many calls were given.
    private(set) var count = 0
    /// What is to be given, in order; emptied by whoever gives it.
    var events: [GenerationEvent] = []
    /// The text since the last call was given, so that it can be given as text.
    private(set) var raw: [UInt8] = []

    private var place = Place.closed
    private var isFenced = false
    private var isInArray = false
    private var opening: [UInt8] = []
    private var headerName: String?
    private var call: OpenCall?

    /// The most bytes between the tag and the JSON; a name and a fence fit easily.
    private static let maximumOpeningBytes = 300

    init(_ emulation: Emulation, isChecking: Bool) {
        tools = emulation.tools
        startTag = Array("<\(emulation.marker.name)".utf8)
        self.isChecking = isChecking
    }

    /// True when no more calls are wanted.
    var isComplete: Bool { count > 0 && tools.allowsOneCall }

    /// Bytes that are kept.
    var heldBytes: Int { raw.count + opening.count + (call?.json.count ?? 0) }

    /// Begins behind the name in a tag.
    ///
    /// - Parameter text: what the client gets if this is no call after all.
    mutating func begin(_ text: ArraySlice<UInt8>, isFenced: Bool) {
        raw = Array(text)
        self.isFenced = isFenced
        isInArray = false
        headerName = nil
        opening = []
        place = .tag
        state = .reading
    }

    /// Takes bytes from an offset on; returns the offset of those that belong to the text again.
    mutating func feed(_ bytes: [UInt8], from start: Int, isEnd: Bool = false) -> Int {
        var index = start
        while index < bytes.count, state == .reading, !isComplete {
            switch place {
            case .tag: takeTag(bytes, &index)
            case .opening:
                // What follows a `<` says what it is.
                let isLast = index + 1 == bytes.count && bytes[index] == UInt8(ascii: "<")
                guard !isLast || isEnd else { return index }
                takeOpening(bytes, &index)
            case .object: takeObject(bytes, &index)
            case .closing, .closed:
                guard takeClosing(bytes, &index, isEnd: isEnd) else { return index }
            case .skipping:
                guard skip(bytes, &index, isEnd: isEnd) else { return index }
            }
        }
        if isComplete, state == .reading { state = .ended }
        if case .unusable = state {
            // A character that was begun is given whole.
            while index < bytes.count, bytes[index] & 0xC0 == 0x80 {
                raw.append(bytes[index])
                index += 1
            }
        }
        return index
    }

    /// Takes the end of the answer; what was held is given or found unusable.
    ///
    /// - Parameter isCut: whether the answer was cut off, so that nothing unfinished is to be completed.
    mutating func finish(isCut: Bool) {
        guard state == .reading else { return }
        switch place {
        case .tag, .opening:
            // Some models close a call with another opening tag.
            let isStray = count > 0 && opening.allSatisfy { $0.isASCIIBlank || $0 == UInt8(ascii: ">") }
            state =
                isStray
                ? .ended
                : .unusable(isCut || isMention ? .noCall : .malformed("it ends before its JSON"))
        case .object:
            guard var open = call else { break }
            if !isCut, open.reader.finish(closesStrings: false, into: &open.json) {
                call = open
                takeJSON()
                if state == .reading { completeObject() }
            } else if open.hasBegun {
                endGivenCall()
            } else {
                state = .unusable(isCut ? .noCall : .malformed("its JSON is not complete"))
            }
            if state == .reading { state = .ended }
        case .closing, .closed, .skipping: state = .ended
        }
    }

    /// Lets go of what is kept.
    mutating func letGo() {
        raw = []
        opening = []
        call = nil
        state = .ended
    }

    // MARK: Around the JSON

    private mutating func takeTag(_ bytes: [UInt8], _ index: inout Int) {
        let byte = bytes[index]
        if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
            place = .opening
            return
        }
        raw.append(byte)
        index += 1
        if byte == UInt8(ascii: ">") {
            headerName = Self.attribute(opening)
            opening = []
            place = .opening
        } else {
            opening.append(byte)
            if opening.count > Self.maximumOpeningBytes { state = .unusable(.noCall) }
        }
    }

    /// The name in `name="…"`, quotes or not.
    private static func attribute(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let range = text.utf8.firstIndex(ofPhrase: "name") else { return nil }
        let rest = text.utf8[range...].dropFirst(4).drop { $0.isASCIIBlank || $0 == UInt8(ascii: "=") }
        let name = rest.drop { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "'") }.prefix {
            $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "'") && !$0.isASCIIBlank && $0 != UInt8(ascii: "/")
        }
        return name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
    }

    private mutating func takeOpening(_ bytes: [UInt8], _ index: inout Int) {
        let byte = bytes[index]
        switch byte {
        case UInt8(ascii: "{"):
            if let name = openingWord { headerName = name }
            beginObject()
            return
        case UInt8(ascii: "[") where !isInArray:
            isInArray = true
        case UInt8(ascii: "<"):
            state = .unusable(openingWord == nil ? emptyReason(bytes, index) : reasonOfOpening)
            return
        default:
            opening.append(byte)
            guard opening.count <= Self.maximumOpeningBytes, isPlausible else {
                state = .unusable(reasonOfOpening)
                return
            }
        }
        raw.append(byte)
        index += 1
    }

    /// A tag with another tag behind it is another way to write calls, unless it is the closing one.
    private func emptyReason(_ bytes: [UInt8], _ index: Int) -> Reason {
        guard index + 1 < bytes.count else { return .noCall }
        return bytes[index + 1] == UInt8(ascii: "/") ? .noCall : .malformed("it has no JSON object")
    }

    /// What stands before the JSON beside white space and a code fence; nil for nothing.
    private var openingWord: String? {
        var text = opening[...].drop(while: \.isASCIIBlank)
        if text.first == UInt8(ascii: "`") {
            text = text.drop { $0 != UInt8(ascii: "\n") }.drop(while: \.isASCIIBlank)
        }
        while let last = text.last, last.isASCIIBlank || last == UInt8(ascii: ":") { text.removeLast() }
        return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
    }

    /// True as long as the JSON may follow.
    private var isPlausible: Bool {
        guard let word = openingWord?.lowercased() else { return true }
        return tools.callable.contains { tool in
            let name = tool.name.lowercased()
            return name.hasPrefix(word) || word.hasPrefix(name)
        } || "functions.".hasPrefix(word) || word.hasPrefix("functions.")
    }

    /// True for the tag between ticks in the sentence that an answer ends with.
    private var isMention: Bool {
        guard let first = opening.first(where: { !$0.isASCIIBlank }) else { return false }
        return first == UInt8(ascii: "`") && !opening.starts(with: Array("```".utf8))
            && !opening.contains(0x0A)
    }

    private var reasonOfOpening: Reason {
        guard let word = openingWord?.lowercased() else { return .noCall }
        let isNamed = tools.callable.contains { word.hasPrefix($0.name.lowercased()) }
        return isNamed ? .malformed("it has no JSON object") : .noCall
    }

    private mutating func beginObject() {
        call = OpenCall()
        isFenced = isFenced || opening.contains(UInt8(ascii: "`"))
        opening = []
        place = .object
    }

    /// Takes what may stand behind a call's JSON; false when more is needed to tell.
    private mutating func takeClosing(_ bytes: [UInt8], _ index: inout Int, isEnd: Bool) -> Bool {
        let byte = bytes[index]
        switch byte {
        case _ where byte.isASCIIBlank, UInt8(ascii: "`") where isFenced: index += 1
        case UInt8(ascii: "{") where place == .closing: beginObject()
        case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: ";"):
            guard place == .closing else {
                state = .ended
                return true
            }
            index += 1
        case UInt8(ascii: "<"):
            switch Self.closingTag(bytes, at: index) {
            case .no: state = .ended
            case .partial:
                if isEnd { index = bytes.count }
                return isEnd
            case .found(let end):
                index = end
                place = .closed
            }
        default: state = .ended
        }
        return true
    }

    /// Whether a closing tag of whatever name stands there.
    private static func closingTag(_ bytes: [UInt8], at start: Int) -> AnswerMatch {
        guard start + 1 < bytes.count else { return .partial }
        guard bytes[start + 1] == UInt8(ascii: "/") else { return .no }
        var index = start + 2
        while index < bytes.count, index - start < 40 {
            let byte = bytes[index]
            if byte == UInt8(ascii: ">") { return .found(end: index + 1) }
            let isName =
                byte.isASCIILetter || byte.isASCIIDigit || byte.isASCIIBlank || byte == UInt8(ascii: "_")
            guard isName else { return .no }
            index += 1
        }
        return index == bytes.count && index - start < 40 ? .partial : .no
    }

    /// Drops the rest of a broken call up to a closing tag or the next opening one.
    private mutating func skip(_ bytes: [UInt8], _ index: inout Int, isEnd: Bool) -> Bool {
        guard bytes[index] == UInt8(ascii: "<") else {
            index += 1
            return true
        }
        switch Self.closingTag(bytes, at: index) {
        case .found:
            place = .closing
            return true
        case .partial where !isEnd: return false
        case .partial, .no: break
        }
        switch bytes.match(startTag, at: index) {
        case .found: state = .ended
        case .partial where !isEnd: return false
        case .partial, .no: index += 1
        }
        return true
    }

    // MARK: The JSON

    private mutating func takeObject(_ bytes: [UInt8], _ index: inout Int) {
        guard var open = call else { return }
        call = nil
        let end = index + open.reader.feed(bytes[index...], into: &open.json)
        if !open.hasBegun { raw += bytes[index..<end] }
        index = end
        call = open
        takeJSON()
        guard state == .reading, let open = call else { return }
        switch open.reader.state {
        case .start, .open: break
        case .complete: completeObject()
        case .broken(let reason):
            if open.hasBegun {
                endGivenCall()
                place = .skipping
            } else {
                state = .unusable(.malformed("its JSON is broken: \(reason)"))
            }
        }
    }

    /// Looks at the JSON that is new, and gives what may be given of it.
    private mutating func takeJSON() {
        guard var open = call else { return }
        call = nil
        defer { call = open }
        let isStreaming = headerName == nil && open.follow(tools)
        guard isStreaming, let tool = open.tool, open.arguments?.hasBegun == true else { return }
        if !open.hasBegun {
            open.hasBegun = true
            raw = []
            events.append(.toolCallBegan(index: count, id: nil, name: tool.name, kind: tool.kind))
        }
        let piece = open.takePiece()
        if !piece.isEmpty {
            events.append(.toolCallArguments(index: count, piece))
        }
        open.forget()
    }

    private mutating func endGivenCall() {
        events.append(.toolCallEnded(index: count))
        count += 1
        call = nil
    }

    /// Gives the call or the calls that an object is, or says what is wrong with it.
    private mutating func completeObject() {
        guard let open = call else { return }
        place = .closing
        if open.hasBegun { return endGivenCall() }
        call = nil
        do throws(Malformed) {
            let calls = try CallShape(tools, headerName: headerName, isChecking: isChecking).calls(
                in: open.json)
            for call in tools.allowsOneCall ? calls.prefix(1) : calls[...] { give(call) }
            raw = []
        } catch {
            state = .unusable(.malformed(error.reason))
        }
    }

    /// Gives a complete call.
    mutating func give(_ call: CallShape.Call) {
        events.append(.toolCallBegan(index: count, id: nil, name: call.tool.name, kind: call.tool.kind))
        if !call.arguments.isEmpty { events.append(.toolCallArguments(index: count, call.arguments)) }
        events.append(.toolCallEnded(index: count))
        count += 1
    }
}
