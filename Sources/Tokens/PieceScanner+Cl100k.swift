extension PieceScanner {
    /// The end of the piece that starts at an offset before `count`, in the pattern of cl100k_base, or `unfinished`:
    ///
    ///     '(?i:[sdmt]|ll|ve|re)
    ///     [^\r\n\p{L}\p{N}]?+\p{L}++
    ///     \p{N}{1,3}+
    ///      ?[^\s\p{L}\p{N}]++[\r\n]*+
    ///     \s++$
    ///     \s*[\r\n]
    ///     \s+(?!\S)
    ///     \s
    @inline(__always)
    mutating func cl100kEnd(from start: Int) -> Int {
        if progress.phase != .start { return resumeCl100k(from: start) }
        let first = character(at: start)
        if first.characterClass.isLetter { return lettersEnd(first.end) }
        if first.characterClass == .number { return numberEnd(first.end) }
        if first.characterClass == .newline {
            return spaceEnd(from: start, position: first.end, mark: first.end, last: start, whole: true)
        }
        if first.characterClass == .none { return stop(.start, at: 0) }
        if bytes[start] == 0x27 {
            guard let length = contraction(at: start) else { return stop(.start, at: 0) }
            if length > 0 { return start &+ length }
        }
        let second = character(at: first.end)
        if second.characterClass.isLetter { return lettersEnd(second.end) }
        if second.characterClass == .none && !isFinished(at: first.end) { return stop(.start, at: 0) }
        if first.characterClass.isSymbol { return symbolsEnd(first.end, slashes: false) }
        if second.characterClass.isSymbol && bytes[start] == 0x20 {
            return symbolsEnd(second.end, slashes: false)
        }
        return spaceEnd(from: start, position: first.end, mark: -1, last: start, whole: true)
    }

    @inline(__always)
    private mutating func lettersEnd(_ start: Int) -> Int {
        var end = start
        while true {
            let next = character(at: end)
            guard next.characterClass.isLetter else {
                if next.characterClass == .none && !isFinished(at: end) { return stop(.lower, at: end) }
                return end
            }
            end = next.end
        }
    }

    @inline(never)
    private mutating func resumeCl100k(from start: Int) -> Int {
        let here = progress
        progress = Progress()
        switch here.phase {
        case .start, .contraction, .upper: return cl100kEnd(from: start)
        case .lower: return lettersEnd(here.position)
        case .symbols: return symbolsEnd(here.position, slashes: false)
        case .lineEnds: return lineEndsEnd(here.position, slashes: false)
        case .space:
            return spaceEnd(
                from: start, position: here.position, mark: here.mark, last: here.last, whole: true)
        }
    }
}
