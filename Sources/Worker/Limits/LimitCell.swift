internal import Relay

/// One record in shared memory, with its key and a checksum. Only to be touched by who has its bucket's lock.
///
/// A process that is killed while it changes a cell leaves one whose checksum is wrong, and that counts as empty, as does
/// whatever else somebody may write there.
struct LimitCell {
    private let base: UnsafeMutableRawPointer

    /// The cell that begins there.
    init(_ base: UnsafeMutableRawPointer) {
        self.base = base
    }

    private var words: UnsafeMutablePointer<UInt64> { base.assumingMemoryBound(to: UInt64.self) }

    /// The record, in place.
    var record: UnsafeMutablePointer<LimitRecord> {
        (base + LimitTableLayout.recordOffset).assumingMemoryBound(to: LimitRecord.self)
    }

    /// Whether it says that it has the key. Whether that is true is to be seen by `isWhole`.
    @inline(__always)
    func claims(_ key: LimitKey) -> Bool {
        words[3] == key.low && words[2] == key.high && words[1] == key.tag
    }

    /// Whether it is as somebody left it who had finished.
    var isWhole: Bool { words[0] == checksum }

    /// Makes it an empty record.
    func clear(for key: LimitKey) {
        words[1] = key.tag
        words[2] = key.high
        words[3] = key.low
        record.initialize(to: LimitRecord())
    }

    /// Ends a change.
    func seal() {
        words[0] = checksum
    }

    /// Of each of four columns of numbers the sum, and the sum of all sums on the way, so that it matters where a number
    /// stands, as Fletcher's checksum has it: https://doi.org/10.1109/TCOM.1982.1095369. About 20 ns for a record.
    ///
    /// It finds what was left half done, and garbage. It is no protection from anybody who may write to the file.
    private var checksum: UInt64 {
        var sums = SIMD4<UInt32>(repeating: 1)
        var sumsOfSums = SIMD4<UInt32>()
        func add(_ offset: Int) {
            sums &+= base.load(fromByteOffset: offset, as: SIMD4<UInt32>.self)
            sumsOfSums &+= sums
        }
        // The first line, without the checksum and the tag, and all others.
        for offset in stride(from: 16, to: 64, by: 16) { add(offset) }
        var offset = 64
        while offset < LimitTableLayout.cellBytes {
            for column in 0..<4 { add(offset &+ 16 &* column) }
            offset &+= 64
        }
        let factor: UInt64 = 0x9E37_79B1_85EB_CA87
        var sum = words[1]
        for column in 0..<4 {
            sum = (sum ^ UInt64(sums[column]) << 32 ^ UInt64(sumsOfSums[column])) &* factor
            // High bits would otherwise only ever move up.
            sum ^= sum >> 29
        }
        // What is all zero is not whole.
        return sum == 0 ? 1 : sum
    }
}
