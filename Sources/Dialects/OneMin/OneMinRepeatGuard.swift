/// Drops a last block that repeats the whole answer, as 1min.ai sends it for some models.
///
/// A block equal to all text before it is held back until the next event. If more text follows, it was part of the
/// answer ("ha", "ha", "ha!"); if the answer ends there, the record's own text tells which it was, and without a record
/// it is dropped. All other blocks pass at once. Nothing of the text is kept but its length and a hash.
struct OneMinRepeatGuard {
    private var count = 0
    private var hash = Self.hashStart
    private var held: String?

    /// How long the block is that is held back.
    var heldBytes: Int { held?.utf8.count ?? 0 }

    /// The blocks that may go out now that this one came: one held back earlier, and this one.
    mutating func feed(_ block: String) -> (earlier: String?, now: String?) {
        let earlier = held
        held = nil
        if let earlier { account(earlier) }
        if count > 0, block.utf8.count == count, Self.hash(block, from: Self.hashStart) == hash {
            held = block
            return (earlier, nil)
        }
        account(block)
        return (earlier, block)
    }

    /// The block held back, if it belongs to the answer.
    ///
    /// - Parameter whole: the answer's text by the record that ends it; nil where there is none.
    mutating func finish(whole: String?) -> String? {
        guard let block = held else { return nil }
        held = nil
        // With the block the answer is twice as long as without: the record is nearer to one of the two, also where
        // blanks at its ends were cut off.
        guard let whole, whole.utf8.count * 2 > count * 3 else { return nil }
        return block
    }

    private mutating func account(_ block: String) {
        count += block.utf8.count
        hash = Self.hash(block, from: hash)
    }

    /// FNV-1a in 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/
    private static func hash(_ text: String, from start: UInt64) -> UInt64 {
        text.utf8.reduce(start) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }

    private static let hashStart: UInt64 = 0xCBF2_9CE4_8422_2325
}
