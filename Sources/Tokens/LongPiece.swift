/// Counts the tokens of one piece of any length, and again when it has grown, without going back to its start.
///
/// Three facts about merging pairs by rank make it possible; `make-vocabulary.py` checks the premise, that merging the
/// bytes of each token gives that token.
///
/// 1. A row of tokens is the encoding of its bytes exactly when every two neighbours are the encoding of theirs: the
///    first merge across a border would happen between those two alone as well.
/// 2. So any stretch of the tokens of an encoding is the encoding of its own bytes.
/// 3. So two encodings that share a token can be joined at it: the first up to the token, the second from it on.
///
/// The piece is encoded in windows that overlap. A window starts with a token of the window before, the anchor, and is
/// joined to it there if it begins with that same token. If not, what the earlier window had to guess about the bytes
/// after it was wrong, and it is the turn of the anchor before. The last tokens of a window, the likeliest to be wrong,
/// never become anchors.
struct LongPiece {
    private struct Anchor {
        var start: Int
        var end: Int
        /// The tokens before it.
        var before: Int
    }

    private var anchors: [Anchor] = []
    /// Bytes of a window; more where tokens are long.
    private var windowBytes = SmallMerge.capacity
    /// Tokens at the end of a window that do not become anchors.
    private static let unsettledTokens = 2
    /// A window with fewer tokens than this does too little for its overlap.
    private static let fewTokens = 12
    /// Bytes of the largest window that is chosen for that reason alone.
    private let largestWindow: Int

    /// With `isGrowing`, the piece will be counted again and again: each time costs a window, so they stay small.
    init(isGrowing: Bool) {
        largestWindow = isGrowing ? SmallMerge.capacity : 4096
    }

    /// Forgets all that depends on bytes from this offset on.
    mutating func truncate(to count: Int) {
        while let last = anchors.last, last.end > count { anchors.removeLast() }
    }

    /// The tokens of the first `count` bytes of the piece, of which all that were counted before are still the same.
    ///
    /// `available` says how many bytes can be read from `bytes` on, at least `count`.
    mutating func tokens(
        _ bytes: UnsafePointer<UInt8>, count: Int, available: Int, tables: VocabularyTables
    ) -> Int {
        truncate(to: count)
        var failures = 0
        // No window that replaces a refuted one may end where that one could, or it would say the same again.
        var refutedEnd = 0
        while true {
            let anchor = anchors.last ?? Anchor(start: 0, end: 0, before: 0)
            let length = min(max(windowBytes, refutedEnd &- anchor.start), count &- anchor.start)
            let window = Window(
                bytes + anchor.start, count: length, available: available &- anchor.start, tables: tables)
            if anchor.end > 0 && window.firstEnd != anchor.end &- anchor.start {
                // Going back farther each time keeps the cost of a long way back in proportion to it.
                anchors.removeLast(min(anchors.count, 1 << min(failures, 20)))
                failures &+= 1
                refutedEnd = max(refutedEnd, anchor.start &+ length &+ SmallMerge.capacity)
                continue
            }
            if length == count &- anchor.start { return anchor.before &+ window.tokens }
            failures = 0
            let settled = window.tokens &- Self.unsettledTokens &- 1
            if settled < 1 {
                windowBytes = windowBytes &* 2
                continue
            }
            let token = window.token(settled)
            anchors.append(
                Anchor(
                    start: anchor.start &+ token.lowerBound, end: anchor.start &+ token.upperBound,
                    before: anchor.before &+ settled))
            if window.tokens < Self.fewTokens {
                windowBytes = max(min(windowBytes &* 2, largestWindow), windowBytes)
            } else if windowBytes > SmallMerge.capacity && window.tokens > 4 &* Self.fewTokens {
                windowBytes /= 2
            }
        }
    }

    /// The ends of all tokens of the piece, in order.
    mutating func forEachEnd(
        _ bytes: UnsafePointer<UInt8>, count: Int, available: Int, tables: VocabularyTables,
        _ body: (Int) -> Void
    ) {
        _ = tokens(bytes, count: count, available: available, tables: tables)
        var start = 0
        for end in anchors.map(\.start) + [count] where end > start {
            // Fact 2: between two anchors lie the tokens of just these bytes.
            let window = Window(
                bytes + start, count: end - start, available: available - start, tables: tables)
            window.forEachEnd { body(start + $0) }
            start = end
        }
    }
}

/// The tokens of some bytes, merged one way or the other.
private struct Window {
    private let count: Int
    /// Of a small window, where its tokens start.
    private var starts: UInt64 = 0
    /// Of a large window, where its tokens end.
    private var ends: [Int] = []

    @inline(__always)
    init(_ bytes: UnsafePointer<UInt8>, count: Int, available: Int, tables: VocabularyTables) {
        self.count = count
        if count == 1 {
            starts = 1
        } else if count <= SmallMerge.capacity {
            var merge = SmallMerge()
            starts = merge.starts(bytes, count: count, available: available, tables: tables)
        } else if let ends = RunMerge.ends(bytes, count: count, available: available, tables: tables) {
            self.ends = ends
        } else {
            LargeMerge(bytes, count: count, available: available, tables: tables).forEachEnd { ends.append($0) }
        }
    }

    var tokens: Int { starts == 0 ? ends.count : starts.nonzeroBitCount }

    var firstEnd: Int { starts == 0 ? ends[0] : SmallMerge.next(starts, 0, count) }

    /// The bytes of one of the tokens.
    func token(_ index: Int) -> Range<Int> {
        if starts == 0 { return (index == 0 ? 0 : ends[index - 1])..<ends[index] }
        var place = 0
        for _ in 0..<index { place = SmallMerge.next(starts, place, count) }
        return place..<SmallMerge.next(starts, place, count)
    }

    func forEachEnd(_ body: (Int) -> Void) {
        if starts == 0 { return ends.forEach(body) }
        var place = 0
        while place < count {
            place = SmallMerge.next(starts, place, count)
            body(place)
        }
    }
}
