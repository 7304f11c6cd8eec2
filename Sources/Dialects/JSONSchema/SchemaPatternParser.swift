/// Reads a regular expression; gives nil for whatever is wrong or not known.
struct SchemaPatternParser {
    /// What a pattern says.
    indirect enum Tree {
        case set(SchemaCharacterSet)
        case start, end
        case sequence([Tree])
        case choice([Tree])
        case repeated(Tree, least: Int, most: Int?)
    }

    private var rest: Substring.UnicodeScalarView
    private var depth = 0

    /// How many groups may be inside one another.
    private static let maximumDepth = 32
    /// The most repetitions of one part.
    private static let maximumRepetitions = 1_000

    init(_ source: String) {
        rest = source[...].unicodeScalars
    }

    /// The whole pattern.
    mutating func parse() -> Tree? {
        guard let tree = choice(), rest.isEmpty else { return nil }
        return tree
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard rest.first == scalar else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func choice() -> Tree? {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { return nil }
        var choices: [Tree] = []
        repeat {
            guard let part = sequence() else { return nil }
            choices.append(part)
        } while take("|")
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private mutating func sequence() -> Tree? {
        var parts: [Tree] = []
        while let next = rest.first, next != "|", next != ")" {
            guard let part = atom(), let repeated = quantified(part) else { return nil }
            parts.append(repeated)
        }
        return .sequence(parts)
    }

    private mutating func atom() -> Tree? {
        guard let scalar = rest.popFirst() else { return nil }
        switch scalar {
        case "(":
            if take("?") {
                guard take(":") else { return nil }
            }
            guard let inner = choice(), take(")") else { return nil }
            return inner
        case "[": return characterClass().map { .set($0) }
        case ".":
            return .set(
                SchemaCharacterSet(ranges: [0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029], isInverted: true))
        case "^": return .start
        case "$": return .end
        case "\\": return escape(inClass: false).map { .set($0) }
        case "*", "+", "?", "{", "}", "]": return nil
        default: return .set(SchemaCharacterSet(ranges: [scalar.value...scalar.value]))
        }
    }

    private mutating func quantified(_ part: Tree) -> Tree? {
        let bounds: (Int, Int?)
        if take("*") {
            bounds = (0, nil)
        } else if take("+") {
            bounds = (1, nil)
        } else if take("?") {
            bounds = (0, 1)
        } else if take("{") {
            guard let least = number() else { return nil }
            var most: Int? = least
            // A number that is missing or too large is less than any.
            if take(",") { most = rest.first == "}" ? nil : number() ?? -1 }
            guard take("}"), most.map({ $0 >= least }) ?? true else { return nil }
            bounds = (least, most)
        } else {
            return part
        }
        // How greedy it is makes no difference to whether it is found.
        _ = take("?")
        if let next = rest.first, "*+?{".unicodeScalars.contains(next) { return nil }
        return .repeated(part, least: bounds.0, most: bounds.1)
    }

    private mutating func number() -> Int? {
        var number: Int?
        while let digit = rest.first, ("0"..."9").contains(digit) {
            rest.removeFirst()
            number = (number ?? 0) * 10 + Int(digit.value - 0x30)
            guard let number, number <= Self.maximumRepetitions else { return nil }
        }
        return number
    }

    private mutating func characterClass() -> SchemaCharacterSet? {
        var set = SchemaCharacterSet(isInverted: take("^"))
        while !take("]") {
            guard let first = classMember() else { return nil }
            guard rest.first == "-", rest.dropFirst().first != "]" else {
                set.ranges += first.ranges
                continue
            }
            rest.removeFirst()
            guard let second = classMember(), let low = first.only, let high = second.only, low <= high
            else { return nil }
            set.ranges.append(low...high)
        }
        return set
    }

    private mutating func classMember() -> SchemaCharacterSet? {
        guard let scalar = rest.popFirst() else { return nil }
        guard scalar == "\\" else { return SchemaCharacterSet(ranges: [scalar.value...scalar.value]) }
        return escape(inClass: true)
    }

    /// The characters that an escape stands for, as ranges.
    private mutating func escape(inClass: Bool) -> SchemaCharacterSet? {
        guard let letter = rest.popFirst() else { return nil }
        if let set = SchemaCharacterSet.named(letter) { return set }
        if letter.isASCII, let lower = Unicode.Scalar(letter.value | 0x20),
            let set = SchemaCharacterSet.named(lower)
        {
            return SchemaCharacterSet(ranges: set.complement)
        }
        let value: UInt32
        switch letter {
        case "t": value = 0x09
        case "n": value = 0x0A
        case "v": value = 0x0B
        case "f": value = 0x0C
        case "r": value = 0x0D
        case "b" where inClass: value = 0x08
        case "x", "u":
            let digits = rest.prefix(letter == "x" ? 2 : 4)
            guard digits.count == (letter == "x" ? 2 : 4), digits.allSatisfy(\.properties.isASCIIHexDigit),
                let number = UInt32(String(digits), radix: 16)
            else { return nil }
            rest.removeFirst(digits.count)
            value = number
        case "a"..."z", "A"..."Z", "0"..."9": return nil
        default: value = letter.value
        }
        return SchemaCharacterSet(ranges: [value...value])
    }
}

extension SchemaCharacterSet {
    /// The one character in it, when it is one.
    fileprivate var only: UInt32? {
        guard ranges.count == 1, ranges[0].lowerBound == ranges[0].upperBound else { return nil }
        return ranges[0].lowerBound
    }
}
