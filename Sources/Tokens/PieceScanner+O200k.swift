extension PieceScanner {
    /// The end of the piece that starts at an offset before `count`, in the pattern of o200k_base, or `unfinished`:
    ///
    ///     [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?
    ///     [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?
    ///     \p{N}{1,3}
    ///      ?[^\s\p{L}\p{N}]+[\r\n/]*
    ///     \s*[\r\n]+
    ///     \s+(?!\S)
    ///     \s+
    @inline(__always)
    mutating func o200kEnd(from start: Int) -> Int {
        if progress.phase != .start { return resumeO200k(from: start) }
        let first = character(at: start)
        if first.characterClass.isLetterOrMark {
            // A mark could also be the optional first character, but no match of that kind ends elsewhere.
            return wordEnd(start, mark: -1)
        }
        if first.characterClass == .number { return numberEnd(first.end) }
        if first.characterClass == .newline {
            return spaceEnd(from: start, position: first.end, mark: first.end, last: start, whole: false)
        }
        if first.characterClass == .none { return stop(.start, at: 0) }
        let second = character(at: first.end)
        if second.characterClass.isLetterOrMark { return wordEnd(first.end, mark: -1) }
        if second.characterClass == .none && !isFinished(at: first.end) { return stop(.start, at: 0) }
        if first.characterClass == .other { return symbolsEnd(first.end, slashes: true) }
        if second.characterClass == .other && bytes[start] == 0x20 {
            return symbolsEnd(second.end, slashes: true)
        }
        return spaceEnd(from: start, position: first.end, mark: -1, last: start, whole: false)
    }

    /// Letters and marks from the first set of the pattern on.
    @inline(__always)
    private mutating func wordEnd(_ start: Int, mark: Int) -> Int {
        var end = start
        var mark = mark
        while true {
            let next = character(at: end)
            if next.characterClass == .upper {
                end = next.end
            } else if next.characterClass.isLetterOrMark && next.characterClass != .lower {
                end = next.end
                mark = end
            } else if next.characterClass == .lower {
                return lowerEnd(next.end)
            } else if next.characterClass == .none && !isFinished(at: end) {
                return stop(.upper, at: end, mark: mark)
            } else {
                break
            }
        }
        // Nothing of the second set follows: the last character that is in both sets, if there is one, has to serve.
        if mark >= 0 && mark < end { return mark }
        return contractionEnd(end)
    }

    /// The second set of the pattern, to its end.
    @inline(__always)
    private mutating func lowerEnd(_ start: Int) -> Int {
        var end = start
        while true {
            let next = character(at: end)
            guard next.characterClass.isLowerLike else {
                if next.characterClass == .none && !isFinished(at: end) { return stop(.lower, at: end) }
                return contractionEnd(end)
            }
            end = next.end
        }
    }

    @inline(__always)
    private mutating func contractionEnd(_ end: Int) -> Int {
        if end < count && bytes[end] != 0x27 { return end }
        guard let length = contraction(at: end) else { return stop(.contraction, at: end) }
        return end &+ length
    }

    @inline(never)
    private mutating func resumeO200k(from start: Int) -> Int {
        let here = progress
        progress = Progress()
        switch here.phase {
        case .start: return o200kEnd(from: start)
        case .upper: return wordEnd(here.position, mark: here.mark)
        case .lower: return lowerEnd(here.position)
        case .contraction: return contractionEnd(here.position)
        case .symbols: return symbolsEnd(here.position, slashes: true)
        case .lineEnds: return lineEndsEnd(here.position, slashes: true)
        case .space:
            return spaceEnd(
                from: start, position: here.position, mark: here.mark, last: here.last, whole: false)
        }
    }
}
