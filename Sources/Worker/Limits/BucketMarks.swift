/// The marks of a bucket's cells: one line of the processor's cache says which cells a key can be in. Only to be touched by who
/// has the bucket's lock.
///
/// What is wrong in them costs records: those that are not found any more make room some day.
struct BucketMarks {
    /// The mark of a cell that was never used.
    static let unused: UInt16 = 0

    private let words: UnsafeMutablePointer<UInt64>

    /// Four are in a word, the first one in its lowest bits.
    private static let marksPerWord = 4
    private static let wordCount = LimitTableLayout.cellsPerBucket / marksPerWord
    private static let each: UInt64 = 0x0001_0001_0001_0001

    /// The marks that begin there.
    init(_ base: UnsafeMutableRawPointer) {
        words = base.assumingMemoryBound(to: UInt64.self)
    }

    /// The first cell with a mark that is the one looked for.
    @inline(__always)
    func first(_ mark: UInt16, where isMeant: (Int) -> Bool) -> Int? {
        let wanted = UInt64(mark) &* Self.each
        for word in 0..<Self.wordCount {
            let difference = words[word] ^ wanted
            // The highest bit of each mark that is zero now; above such a one perhaps of others, too.
            var candidates = (difference &- Self.each) & ~difference & (Self.each << 15)
            while candidates != 0 {
                let lane = candidates.trailingZeroBitCount / 16
                let number = word * Self.marksPerWord + lane
                if UInt16(truncatingIfNeeded: difference >> UInt64(16 * lane)) == 0, isMeant(number) {
                    return number
                }
                candidates &= candidates &- 1
            }
        }
        return nil
    }

    /// Gives a cell its mark.
    func set(_ number: Int, _ mark: UInt16) {
        let shift = UInt64(number % Self.marksPerWord * 16)
        let word = words + number / Self.marksPerWord
        word.pointee = word.pointee & ~(0xFFFF << shift) | UInt64(mark) << shift
    }
}
