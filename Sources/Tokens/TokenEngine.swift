/// Splits and merges text that lies in memory; behind `TokenCounter`, `TokenCutter` and `Vocabulary.encode`.
struct TokenEngine {
    let encoding: Vocabulary.Encoding
    let tables: VocabularyTables

    init(_ vocabulary: Vocabulary) {
        encoding = vocabulary.encoding
        tables = VocabularyTables(vocabulary)
    }

    /// What was made of a text.
    struct Count {
        /// Of the pieces that further text cannot change.
        var tokens = 0
        /// The bytes of those pieces.
        var bytes = 0
        /// Where the scanner stands in the bytes after them; offsets count from `bytes`.
        var progress = PieceScanner.Progress()
    }

    /// Counts all pieces that are finished.
    ///
    /// With `isEnd`, bytes are left only from the first that are not UTF-8, and the start of their piece, on.
    func count(
        _ bytes: UnsafePointer<UInt8>, count: Int, isEnd: Bool, progress: PieceScanner.Progress = .init()
    ) -> Count {
        var result = Count()
        switch encoding {
        case .o200kBase:
            forEachPiece(bytes, count: count, isEnd: isEnd, progress: progress, &result) { scanner, start in
                scanner.o200kEnd(from: start)
            }
        case .cl100kBase:
            forEachPiece(bytes, count: count, isEnd: isEnd, progress: progress, &result) { scanner, start in
                scanner.cl100kEnd(from: start)
            }
        }
        return result
    }

    @inline(__always)
    private func forEachPiece(
        _ bytes: UnsafePointer<UInt8>, count: Int, isEnd: Bool, progress: PieceScanner.Progress,
        _ result: inout Count, end: (inout PieceScanner, Int) -> Int
    ) {
        var scanner = PieceScanner(bytes, count: count, isEnd: isEnd, tables: tables)
        scanner.progress = progress
        var start = 0
        var tokens = 0
        PieceMemo.withMemo(textBytes: count) { memo in
            while start < count {
                let next = end(&scanner, start)
                if next < 0 { break }
                let length = next &- start
                if let memo, length > 2, length <= PieceMemo.longestPiece,
                    count &- start >= PieceMemo.longestPiece
                {
                    tokens &+= self.tokens(
                        bytes + start, count: length, available: count &- start, memo: memo)
                } else {
                    tokens &+= self.tokens(bytes + start, count: length, available: count &- start)
                }
                start = next
            }
        }
        result.tokens = tokens
        result.bytes = start
        result.progress = scanner.progress
        result.progress.position &-= start
        result.progress.last &-= start
        if result.progress.mark >= 0 { result.progress.mark &-= start }
    }

    /// The tokens of one piece, at least one byte.
    @inline(__always)
    func tokens(_ bytes: UnsafePointer<UInt8>, count: Int, available: Int) -> Int {
        if count <= 2 {
            return count == 1 || tables.rank(of: bytes[0], bytes[1]) != VocabularyTables.noRank ? 1 : 2
        }
        if count <= VocabularyTables.longestToken,
            tables.rank(of: bytes, count: count, available: available) != VocabularyTables.noRank
        {
            return 1
        }
        return mergedTokens(bytes, count: count, available: available)
    }

    /// The same for a piece of 3 to 24 bytes of which the memo may know.
    @inline(__always)
    private func tokens(
        _ bytes: UnsafePointer<UInt8>, count: Int, available: Int, memo: PieceMemo
    ) -> Int {
        var entry = PieceMemo.entry(bytes, count: count)
        let place = memo.place(entry.hash)
        if place.pointee.isSame(as: entry) { return Int(place.pointee.tokens) }
        let tokens = tokens(bytes, count: count, available: available)
        entry.tokens = UInt32(truncatingIfNeeded: tokens)
        place.pointee = entry
        return tokens
    }

    @inline(never)
    private func mergedTokens(_ bytes: UnsafePointer<UInt8>, count: Int, available: Int) -> Int {
        if count <= SmallMerge.capacity {
            var merge = SmallMerge()
            return merge.starts(bytes, count: count, available: available, tables: tables).nonzeroBitCount
        }
        var piece = LongPiece(isGrowing: false)
        return piece.tokens(bytes, count: count, available: available, tables: tables)
    }

    /// Calls back with the end of each token of a whole text that is UTF-8, until the answer is false.
    func forEachEnd(_ bytes: UnsafePointer<UInt8>, count: Int, _ body: (Int) -> Bool) {
        var scanner = PieceScanner(bytes, count: count, isEnd: true, tables: tables)
        var start = 0
        while start < count {
            let end = encoding == .o200kBase ? scanner.o200kEnd(from: start) : scanner.cl100kEnd(from: start)
            if end < 0 { return }
            var ends: [Int] = []
            if tokens(bytes + start, count: end - start, available: count - start) == 1 {
                ends.append(end)
            } else {
                var piece = LongPiece(isGrowing: false)
                piece.forEachEnd(
                    bytes + start, count: end - start, available: count - start, tables: tables
                ) { ends.append(start + $0) }
            }
            for end in ends where !body(end) { return }
            start = end
        }
    }
}
