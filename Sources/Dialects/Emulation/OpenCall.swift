import Wire

/// A call that is being read.
struct OpenCall: Sendable {
    var reader = LenientJSONReader()
    /// Valid JSON for what was read, until the arguments are given as they come.
    var json: [UInt8] = []
    /// True when the client knows of the call.
    var hasBegun = false
    private(set) var tool: EmulatedTools.Tool?
    private(set) var arguments: ArgumentsReader?

    private enum Member: Sendable {
        case name, arguments, other
    }

    private var members = JSONMemberScanner()
    private var position = 0
    private var member = Member.other
    private var name: [UInt8] = []
    /// True when the call has to be complete to be understood.
    private var isHeld = false
    private var isDone = false

    init() {}

    /// Follows the JSON that is new; true while the arguments can be given as they come.
    mutating func follow(_ tools: EmulatedTools) -> Bool {
        guard !isHeld else { return false }
        while let token = members.next(in: json, at: &position) {
            switch token {
            case .key(let key): begin(key)
            case .value(let range): take(json[range])
            case .valueEnded: end(tools)
            case .ended: break
            }
            if isHeld { return false }
        }
        return true
    }

    /// What may be given of the arguments now.
    mutating func takePiece() -> String { arguments?.takeOutput() ?? "" }

    /// Lets go of JSON that was given.
    mutating func forget() {
        json.removeAll(keepingCapacity: true)
        position = 0
    }

    private mutating func begin(_ key: String) {
        if tool == nil, CallShape.nameKeys.contains(key) {
            member = .name
        } else if CallShape.argumentKeys.contains(key), !isDone {
            member = .arguments
            // Without the name nobody knows what the arguments have to be.
            if tool == nil || tool?.isStrict == true { isHeld = true }
        } else {
            member = .other
        }
    }

    private mutating func take(_ bytes: ArraySlice<UInt8>) {
        switch member {
        case .name: name += bytes
        case .other: break
        case .arguments:
            if arguments == nil, let tool, let first = bytes.first {
                arguments = ArgumentsReader(tool.kind, first: first)
            }
            if arguments?.take(bytes) != true { isHeld = !hasBegun }
        }
    }

    private mutating func end(_ tools: EmulatedTools) {
        switch member {
        case .name:
            guard let word = try? JSONValue(parsing: name).stringValue, let tool = tools.tool(named: word)
            else {
                isHeld = true
                return
            }
            self.tool = tool
        case .arguments: isDone = true
        case .other: break
        }
        member = .other
    }
}
