/// A regular expression that is safe whoever wrote it: the work is bounded by its size times the length of the text.
///
/// Known are literals, `.`, classes, `^`, `$`, groups, `|` and the quantifiers, as
/// https://json-schema.org/draft/2020-12/json-schema-core#section-6.4 recommends. What goes beyond, such as
/// back references, look-around, `\b` and `\p`, makes no pattern. All states are followed at once (Thompson 1968; see
/// https://swtch.com/~rsc/regexp/regexp1.html), so nothing is ever tried again.
struct SchemaPattern: Sendable {
    /// The most states of a pattern, with repetitions written out.
    static let maximumStates = 2_000

    /// The pattern as it was written.
    let source: String
    private let states: [State]
    /// How large its machine is.
    var stateCount: Int { states.count }

    /// A step of the machine.
    enum State: Sendable {
        case set(SchemaCharacterSet)
        case split(Int, Int)
        case jump(Int)
        case start, end
        case match
    }

    /// Compiles a pattern; nil when it is wrong, too large, or has something that is not known.
    init?(_ source: String) {
        var parser = SchemaPatternParser(source)
        guard let tree = parser.parse() else { return nil }
        var states: [State] = []
        var steps = 0
        guard Self.emit(tree, into: &states, &steps) else { return nil }
        states.append(.match)
        self.source = source
        self.states = states
    }

    /// Whether the pattern is found anywhere in a text.
    ///
    /// - Parameter spend: told of the work, in states visited; false ends it, as if the pattern were found.
    func isFound(in text: String, spend: (Int) -> Bool) -> Bool {
        let scalars = Array(text.unicodeScalars)
        var marks = [Int](repeating: -1, count: states.count)
        var current: [Int] = []
        for position in 0...scalars.count {
            // A match may begin anywhere.
            var open = Array(current.reversed())
            open.insert(0, at: 0)
            var waiting: [Int] = []
            var visited = 1
            while let state = open.popLast() {
                guard marks[state] != position else { continue }
                marks[state] = position
                visited += 1
                switch states[state] {
                case .match: return true
                case .jump(let next): open.append(next)
                case .split(let first, let second):
                    open.append(second)
                    open.append(first)
                case .start: if position == 0 { open.append(state + 1) }
                case .end: if position == scalars.count { open.append(state + 1) }
                case .set: waiting.append(state)
                }
            }
            guard spend(visited) else { return true }
            guard position < scalars.count else { break }
            current.removeAll(keepingCapacity: true)
            for state in waiting {
                if case .set(let set) = states[state], set.contains(scalars[position]) {
                    current.append(state + 1)
                }
            }
        }
        return false
    }

    /// Appends the states of a tree; false when there are too many.
    private static func emit(
        _ tree: SchemaPatternParser.Tree, into states: inout [State], _ steps: inout Int
    ) -> Bool {
        steps += 1
        // Steps too, since repeating nothing makes no states.
        guard states.count < maximumStates, steps < 4 * maximumStates else { return false }
        switch tree {
        case .set(let set): states.append(.set(set))
        case .start: states.append(.start)
        case .end: states.append(.end)
        case .sequence(let parts):
            for part in parts { guard emit(part, into: &states, &steps) else { return false } }
        case .choice(let choices):
            var ends: [Int] = []
            for choice in choices.dropLast() {
                let split = states.count
                states.append(.jump(0))
                guard emit(choice, into: &states, &steps) else { return false }
                ends.append(states.count)
                states.append(.jump(0))
                states[split] = .split(split + 1, states.count)
            }
            guard let last = choices.last, emit(last, into: &states, &steps) else { return false }
            for end in ends { states[end] = .jump(states.count) }
        case .repeated(let part, let least, let most):
            for _ in 0..<least { guard emit(part, into: &states, &steps) else { return false } }
            guard let most else {
                let split = states.count
                states.append(.jump(0))
                guard emit(part, into: &states, &steps) else { return false }
                states.append(.jump(split))
                states[split] = .split(split + 1, states.count)
                return true
            }
            var splits: [Int] = []
            for _ in least..<most {
                splits.append(states.count)
                states.append(.jump(0))
                guard emit(part, into: &states, &steps) else { return false }
            }
            for split in splits { states[split] = .split(split + 1, states.count) }
        }
        return true
    }
}

/// A set of characters.
struct SchemaCharacterSet: Sendable {
    var ranges: [ClosedRange<UInt32>] = []
    var isInverted = false

    /// Whether a character is in it.
    func contains(_ scalar: Unicode.Scalar) -> Bool {
        ranges.contains { $0.contains(scalar.value) } != isInverted
    }

    /// The set that a letter behind a backslash stands for: `\d`, `\w`, `\s`.
    static func named(_ letter: Unicode.Scalar) -> SchemaCharacterSet? {
        switch letter {
        case "d": SchemaCharacterSet(ranges: [0x30...0x39])
        case "w": SchemaCharacterSet(ranges: [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
        case "s":
            SchemaCharacterSet(ranges: [
                0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029,
                0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
            ])
        default: nil
        }
    }

    /// All that is not in it, as ranges.
    var complement: [ClosedRange<UInt32>] {
        var result: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if range.lowerBound > next { result.append(next...(range.lowerBound - 1)) }
            next = Swift.max(next, range.upperBound + 1)
        }
        if next <= 0x10FFFF { result.append(next...0x10FFFF) }
        return result
    }
}
