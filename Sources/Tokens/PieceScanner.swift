/// Splits a text into the pieces that byte pairs are merged within, as the pattern of a vocabulary does.
///
/// `PieceScanner+O200k.swift` and `PieceScanner+Cl100k.swift` hold the two patterns. All bytes before the end must be
/// whole characters. Where the end of a piece depends on bytes that are not there yet, the scanner says so, and can go
/// on from where it stood: a piece may be as long as the text, and must not be looked at again for each of its bytes.
struct PieceScanner {
    /// Where in an unfinished piece the scanner stands.
    struct Progress {
        enum Phase {
            /// At the start of the piece; nothing known.
            case start
            /// In `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*`.
            case upper
            /// In `[\p{Ll}\p{Lm}\p{Lo}\p{M}]+`, or in `\p{L}+`.
            case lower
            /// After the letters, where `'s` and its like may follow.
            case contraction
            /// In `[^\s\p{L}\p{N}]+`.
            case symbols
            /// In the `[\r\n/]*` that follows.
            case lineEnds
            /// In white space.
            case space
        }

        var phase = Phase.start
        /// Where the next character is to be read.
        var position = 0
        /// Phase `upper`: the end of the last character that is also in the second set, or -1. Phase `space`: the end
        /// of the last line end, or -1.
        var mark = -1
        /// Phase `space`: where the last character starts.
        var last = 0
    }

    let bytes: UnsafePointer<UInt8>
    let count: Int
    /// True when nothing follows the bytes.
    let isEnd: Bool
    let tables: VocabularyTables
    /// Set when `unfinished` was returned; a copy of an earlier scanner's makes this one go on there.
    var progress = Progress()

    /// Returned instead of the end of a piece: it depends on what follows the bytes. Where nothing follows them, they
    /// are not UTF-8.
    static let unfinished = -1

    init(_ bytes: UnsafePointer<UInt8>, count: Int, isEnd: Bool, tables: VocabularyTables) {
        self.bytes = bytes
        self.count = count
        self.isEnd = isEnd
        self.tables = tables
    }

    /// A character's class and the offset after it.
    struct Character {
        var characterClass: CharacterClass
        var end: Int
    }

    /// The character at an offset; class `none` at the end and where the bytes are no UTF-8.
    @inline(__always)
    func character(at offset: Int) -> Character {
        guard offset < count else { return Character(characterClass: .none, end: offset) }
        let first = bytes[offset]
        if first < 0x80 {
            return Character(
                characterClass: CharacterClass(number: tables.classes[Int(first)]), end: offset &+ 1)
        }
        return wideCharacter(at: offset)
    }

    /// A character outside ASCII: Table 3-7 of the Unicode Standard, https://www.unicode.org/versions/Unicode16.0.0/.
    @inline(__always)
    private func wideCharacter(at offset: Int) -> Character {
        let first = UInt32(bytes[offset])
        let none = Character(characterClass: .none, end: offset)
        if first < 0xE0 {
            guard offset &+ 1 < count, first >= 0xC2, let second = trail(at: offset &+ 1) else { return none }
            return character((first & 0x1F) << 6 | second, end: offset &+ 2)
        }
        if first < 0xF0 {
            guard offset &+ 2 < count, let second = trail(at: offset &+ 1), let third = trail(at: offset &+ 2)
            else { return none }
            let code = (first & 0x0F) << 12 | second << 6 | third
            guard code >= 0x800, code &- 0xD800 >= 0x800 else { return none }
            return character(code, end: offset &+ 3)
        }
        guard offset &+ 3 < count, first < 0xF5, let second = trail(at: offset &+ 1),
            let third = trail(at: offset &+ 2), let fourth = trail(at: offset &+ 3)
        else { return none }
        let code = (first & 0x07) << 18 | second << 12 | third << 6 | fourth
        guard code >= 0x1_0000, code <= 0x10_FFFF else { return none }
        return character(code, end: offset &+ 4)
    }

    @inline(__always)
    private func character(_ code: UInt32, end: Int) -> Character {
        Character(characterClass: tables.characterClass(of: code), end: end)
    }

    /// The six bits of a byte that continues a character.
    @inline(__always)
    private func trail(at offset: Int) -> UInt32? {
        let byte = bytes[offset]
        return byte & 0xC0 == 0x80 ? UInt32(byte & 0x3F) : nil
    }

    /// True when a character of class `none` at this offset is the end of the text.
    @inline(__always)
    func isFinished(at offset: Int) -> Bool { isEnd && offset == count }

    /// Remembers where to go on.
    mutating func stop(_ phase: Progress.Phase, at position: Int, mark: Int = -1, last: Int = 0) -> Int {
        progress = Progress(phase: phase, position: position, mark: mark, last: last)
        return Self.unfinished
    }

    /// Where `\p{N}{1,3}` ends, after its first character.
    mutating func numberEnd(_ first: Int) -> Int {
        var end = first
        for _ in 0..<2 {
            let next = character(at: end)
            if next.characterClass == .none && !isFinished(at: end) { return stop(.start, at: 0) }
            guard next.characterClass == .number else { break }
            end = next.end
        }
        return end
    }

    /// Where `[^\s\p{L}\p{N}]+` ends, or goes on to the line ends that belong to it.
    mutating func symbolsEnd(_ start: Int, slashes: Bool) -> Int {
        var end = start
        while true {
            let next = character(at: end)
            guard next.characterClass.isSymbol else {
                if next.characterClass == .newline { return lineEndsEnd(next.end, slashes: slashes) }
                if next.characterClass == .none && !isFinished(at: end) { return stop(.symbols, at: end) }
                return end
            }
            end = next.end
        }
    }

    /// Where `[\r\n]*`, or `[\r\n/]*`, ends.
    mutating func lineEndsEnd(_ start: Int, slashes: Bool) -> Int {
        var end = start
        while end < count {
            let byte = bytes[end]
            guard byte == 0x0A || byte == 0x0D || slashes && byte == 0x2F else { return end }
            end &+= 1
        }
        return isEnd ? end : stop(.lineEnds, at: end)
    }

    /// A run of white space, from any place in it.
    ///
    /// `whole` is the first alternative of cl100k_base: white space before the end of the text is one piece.
    mutating func spaceEnd(from start: Int, position: Int, mark: Int, last: Int, whole: Bool) -> Int {
        var end = position
        var mark = mark
        var last = last
        while true {
            let next = character(at: end)
            guard next.characterClass.isSpace else {
                if next.characterClass == .none {
                    guard isFinished(at: end) else { return stop(.space, at: end, mark: mark, last: last) }
                    return mark >= 0 && !whole ? mark : end
                }
                break
            }
            last = end
            end = next.end
            if next.characterClass == .newline { mark = end }
        }
        // `\s*[\r\n]+` takes all up to the last line end. Without one, `\s+(?!\S)` leaves the last character to what
        // follows, and only a single one is a piece before something that cannot take it.
        if mark >= 0 { return mark }
        return last == start ? end : last
    }

    /// The length in bytes of `(?i:'s|'t|'re|'ve|'m|'ll|'d)` at an offset, 0 for none, nil when more text may tell.
    func contraction(at offset: Int) -> Int? {
        guard offset < count else { return isEnd ? 0 : nil }
        guard bytes[offset] == 0x27 else { return 0 }
        guard offset &+ 1 < count else { return isEnd ? 0 : nil }
        let first = bytes[offset &+ 1]
        switch first | 0x20 {
        case 0x73, 0x74, 0x6D, 0x64: return first >= 0x40 ? 2 : 0
        case 0x72, 0x76, 0x6C:
            guard first >= 0x40 else { return 0 }
            guard offset &+ 2 < count else { return isEnd ? 0 : nil }
            let wanted: UInt8 = first | 0x20 == 0x6C ? 0x6C : 0x65
            let second = bytes[offset &+ 2]
            return second >= 0x40 && second | 0x20 == wanted ? 3 : 0
        default:
            // U+017F, the long s, is an s to whoever ignores case.
            guard first == 0xC5, offset &+ 2 < count, bytes[offset &+ 2] == 0xBF else { return 0 }
            return 3
        }
    }
}
