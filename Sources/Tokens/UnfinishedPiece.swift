/// Counts the tokens of what follows the last finished piece, as if the text ended there, when it is long.
///
/// It can be one piece or two: what further text decides is where the first ends. Each is a `LongPiece`, so that asking
/// again after a few more bytes costs the same however many there are.
struct UnfinishedPiece {
    private var first = LongPiece(isGrowing: true)
    private var second = LongPiece(isGrowing: true)
    private var secondStart = 0
    /// All of it, where that is one piece at the end of the text and two before anything else.
    private var whole = LongPiece(isGrowing: true)
    private var isUsed = false

    /// Shorter ones are counted anew each time.
    static let shortestBytes = 256

    /// Forgets the piece: it has been counted.
    mutating func reset() {
        if isUsed { self = UnfinishedPiece() }
    }

    /// The tokens of `count` bytes, at the end of which the scanner stands.
    ///
    /// With `isReplaced`, the last three bytes are a U+FFFD that the scanner has not seen; the next call is without it.
    mutating func tokens(
        _ bytes: UnsafePointer<UInt8>, count: Int, progress: PieceScanner.Progress, isReplaced: Bool,
        engine: TokenEngine
    ) -> Int {
        isUsed = true
        let scanned = isReplaced ? count - UTF8Repair.replacement.count : count
        var firstEnd = scanned
        var secondEnd = scanned
        switch progress.phase {
        case .start:
            return engine.count(bytes, count: count, isEnd: true).tokens
        case .lower, .lineEnds:
            break
        case .contraction:
            firstEnd = progress.position
            secondEnd = firstEnd
        case .upper:
            if progress.mark >= 0 { firstEnd = progress.mark }
        case .symbols:
            firstEnd = count
            secondEnd = count
        case .space where isReplaced:
            if progress.mark >= 0 { firstEnd = progress.mark } else { firstEnd = progress.last }
            secondEnd = max(firstEnd, progress.last)
        case .space where engine.encoding == .cl100kBase:
            return whole.tokens(bytes, count: count, available: count, tables: engine.tables)
        case .space:
            if progress.mark >= 0 { firstEnd = progress.mark }
        }
        var tokens = piece(&first, bytes, count: firstEnd, available: count, engine)
        if secondEnd > firstEnd {
            if secondStart != firstEnd {
                second = LongPiece(isGrowing: true)
                secondStart = firstEnd
            }
            tokens += piece(
                &second, bytes + firstEnd, count: secondEnd - firstEnd, available: count - firstEnd, engine)
        }
        if count > secondEnd {
            tokens += engine.count(bytes + secondEnd, count: count - secondEnd, isEnd: true).tokens
        }
        return tokens
    }

    /// Only pieces longer than any token can go without a look into the vocabulary.
    private func piece(
        _ piece: inout LongPiece, _ bytes: UnsafePointer<UInt8>, count: Int, available: Int,
        _ engine: TokenEngine
    ) -> Int {
        count <= VocabularyTables.longestToken
            ? engine.tokens(bytes, count: count, available: available)
            : piece.tokens(bytes, count: count, available: available, tables: engine.tables)
    }
}
