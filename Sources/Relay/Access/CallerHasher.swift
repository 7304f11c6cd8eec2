/// Turns callers' keys into short names by which log lines can be told apart, but not traced back.
///
/// It is SipHash-2-4 under a key that each process draws for itself: lines of one process can be grouped by caller;
/// without the process's memory nobody can test whether a line belongs to a key he has; and names do not carry over to
/// another process. The standard library's `Hasher` is not used since it promises neither an algorithm nor strength.
struct CallerHasher: Sendable {
    private let key: (UInt64, UInt64)

    /// Draws the key of this process.
    init(random: any RandomSource) {
        key = (random.nextUInt64(), random.nextUInt64())
    }

    /// A hasher with a known key, for tests.
    init(key: (UInt64, UInt64)) {
        self.key = key
    }

    /// The name of a caller: 16 hexadecimal digits.
    func name(of credential: String) -> String {
        Identifier.hexadecimal(hash(credential.utf8.span))
    }

    /// SipHash-2-4 of some bytes: https://www.aumasson.jp/siphash/siphash.pdf, section 2.
    func hash(_ bytes: Span<UInt8>) -> UInt64 {
        var state = State(key)
        let words = bytes.bytes
        var offset = 0
        while bytes.count - offset >= 8 {
            // Within the bytes by the line above.
            let word = unsafe words.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
            state.take(UInt64(littleEndian: word))
            offset += 8
        }
        var last = UInt64(truncatingIfNeeded: bytes.count) << 56
        for index in offset..<bytes.count { last |= UInt64(bytes[index]) << UInt64(8 * (index - offset)) }
        state.take(last)
        return state.finish()
    }

    private struct State {
        var v0, v1, v2, v3: UInt64

        init(_ key: (UInt64, UInt64)) {
            v0 = key.0 ^ 0x736f_6d65_7073_6575
            v1 = key.1 ^ 0x646f_7261_6e64_6f6d
            v2 = key.0 ^ 0x6c79_6765_6e65_7261
            v3 = key.1 ^ 0x7465_6462_7974_6573
        }

        mutating func take(_ word: UInt64) {
            v3 ^= word
            mix()
            mix()
            v0 ^= word
        }

        mutating func finish() -> UInt64 {
            v2 ^= 0xFF
            for _ in 0..<4 { mix() }
            return v0 ^ v1 ^ v2 ^ v3
        }

        private mutating func mix() {
            v0 &+= v1
            v1 = Self.rotated(v1, 13) ^ v0
            v0 = Self.rotated(v0, 32)
            v2 &+= v3
            v3 = Self.rotated(v3, 16) ^ v2
            v0 &+= v3
            v3 = Self.rotated(v3, 21) ^ v0
            v2 &+= v1
            v1 = Self.rotated(v1, 17) ^ v2
            v2 = Self.rotated(v2, 32)
        }

        private static func rotated(_ word: UInt64, _ bits: UInt64) -> UInt64 {
            word << bits | word >> (64 - bits)
        }
    }
}
