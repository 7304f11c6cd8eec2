import Wire

/// Gives the arguments of a call as they come, whichever way the model wrote them.
struct ArgumentsReader: Sendable {
    private enum Form: Sendable {
        /// An object, passed on as it is.
        case object
        /// A string with an object in it.
        case quotedObject
        /// The free-form input as a string.
        case text
        /// The free-form input as the member of an object.
        case wrappedText
    }

    private let form: Form
    private var unescaper = JSONStringUnescaper()
    private var reader = LenientJSONReader()
    private var members = JSONMemberScanner()
    private var isInput = false
    /// The wrapped input, or the quoted object, was found.
    private var hasInput = false
    /// What was read of the arguments and not given yet.
    private(set) var output: [UInt8] = []

    /// A reader for a value whose first byte is known; nil when that can be no arguments of such a tool.
    init?(_ kind: ToolCall.Kind, first: UInt8) {
        switch (kind, first) {
        case (.function, UInt8(ascii: "{")): form = .object
        case (.function, UInt8(ascii: "\"")): form = .quotedObject
        case (.custom, UInt8(ascii: "\"")): form = .text
        case (.custom, UInt8(ascii: "{")): form = .wrappedText
        default: return nil
        }
    }

    /// True when the arguments have begun, so that the call may.
    var hasBegun: Bool {
        switch form {
        case .object, .text: true
        case .wrappedText, .quotedObject: hasInput
        }
    }

    /// Takes the next bytes of the value; false when they cannot be passed on.
    mutating func take(_ bytes: ArraySlice<UInt8>) -> Bool {
        switch form {
        case .object: output += bytes
        case .text: unescaper.take(bytes, into: &output)
        case .quotedObject:
            var text: [UInt8] = []
            unescaper.take(bytes, into: &text)
            _ = reader.feed(text[...], into: &output)
            // Only the beginning has to be looked at, before any of it was given.
            if !hasInput, let first = output.first(where: { !$0.isASCIIBlank }) {
                guard first == UInt8(ascii: "{") else { return false }
                hasInput = true
            }
            // One that breaks later has begun all the same, as if its beginning had come alone.
            if !hasInput, case .broken = reader.state { return false }
        case .wrappedText: takeWrapped(Array(bytes))
        }
        return true
    }

    /// What may go to the client now: whole characters only.
    mutating func takeOutput() -> String {
        var end = output.count
        var back = 0
        while back < 4, back < output.count {
            let byte = output[output.count - 1 - back]
            if byte & 0xC0 != 0x80 {
                let length = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
                if length > back + 1 { end -= back + 1 }
                break
            }
            back += 1
        }
        let text = output.text(0, end)
        output.removeFirst(end)
        return text
    }

    private mutating func takeWrapped(_ bytes: [UInt8]) {
        var position = 0
        while let token = members.next(in: bytes, at: &position) {
            switch token {
            case .key(let key): isInput = key == EmulatedTools.inputName && !hasInput
            case .value(let range):
                guard isInput else { continue }
                guard hasInput || bytes[range.lowerBound] == UInt8(ascii: "\"") else {
                    isInput = false
                    continue
                }
                hasInput = true
                unescaper.take(bytes[range], into: &output)
            case .valueEnded: isInput = false
            case .ended: return
            }
        }
    }
}
