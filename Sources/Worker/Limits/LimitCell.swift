internal import Relay

/// One record in shared memory, with its key and a checksum. Only to be touched by who has its bucket's lock.
///
/// A process that is killed while it changes a cell leaves one whose checksum is wrong, and that counts as empty, as does
/// whatever else somebody may write there.
struct LimitCell {
    private let base: UnsafeMutableRawPointer
    /// What is checked: the key and the record, without what rounds it up.
    private static let checkedBytes = LimitTableLayout.recordOffset - 8 + MemoryLayout<LimitRecord>.size

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

    /// Four sums side by side, each of which any change of one word changes; about 50 ns for a record.
    ///
    /// It finds what was left half done, and garbage. It is no protection from anybody who may write to the file.
    private var checksum: UInt64 {
        let factor: UInt64 = 0x9E37_79B1_85EB_CA87
        let count = Self.checkedBytes / 8
        let words = words + 1
        var (a, b, c, d): (UInt64, UInt64, UInt64, UInt64) = (1, 2, 3, 4)
        var index = 0
        while index &+ 4 <= count {
            a = (a ^ words[index]) &* factor
            b = (b ^ words[index &+ 1]) &* factor
            c = (c ^ words[index &+ 2]) &* factor
            d = (d ^ words[index &+ 3]) &* factor
            index &+= 4
        }
        while index < count {
            a = (a ^ words[index]) &* factor
            index &+= 1
        }
        var rest = count * 8
        while rest < Self.checkedBytes {
            b = (b ^ UInt64(base.load(fromByteOffset: 8 + rest, as: UInt8.self))) &* factor
            rest += 1
        }
        // High bits would otherwise only ever move up.
        var sum = a ^ (a >> 29)
        sum = (sum ^ b ^ (b >> 31)) &* factor
        sum = (sum ^ c ^ (c >> 30)) &* factor
        sum = (sum ^ d ^ (d >> 32)) &* factor
        sum ^= sum >> 32
        // What is all zero is not whole.
        return sum == 0 ? 1 : sum
    }
}
