/// SHA-256 and its keyed form, HMAC: https://doi.org/10.6028/NIST.FIPS.180-4, https://www.rfc-editor.org/rfc/rfc2104
///
/// Written out, for callers' keys and uploaded files are all that is hashed, and a cryptographic library would be one
/// more that every process loads and every installation has to have in the right version.
///
/// A message that comes in pieces is hashed as it comes; what is kept of it is less than a block.
public struct SHA256: Sendable {
    private var state = initial
    /// What came since the last whole block.
    private var rest = [64 of UInt8](repeating: 0)
    private var restCount = 0
    /// Bytes of the message so far.
    private var count: UInt64 = 0

    /// A hash of nothing yet.
    public init() {}

    /// Takes the next bytes of the message.
    public mutating func update(_ bytes: Span<UInt8>) {
        count &+= UInt64(bytes.count)
        var offset = 0
        if restCount > 0 {
            offset = min(bytes.count, 64 - restCount)
            for index in 0..<offset { rest[restCount + index] = bytes[index] }
            restCount += offset
            guard restCount == 64 else { return }
            Self.mix(rest.span, 0, &state)
            restCount = 0
        }
        while bytes.count - offset >= 64 {
            Self.mix(bytes, offset, &state)
            offset += 64
        }
        for index in offset..<bytes.count {
            rest[restCount] = bytes[index]
            restCount += 1
        }
    }

    /// The 32 bytes for all that was taken.
    public consuming func finish() -> [UInt8] {
        pad()
        var hash: [UInt8] = []
        hash.reserveCapacity(32)
        for index in 0..<8 {
            for shift: UInt32 in [24, 16, 8, 0] {
                hash.append(UInt8(truncatingIfNeeded: state[index] >> shift))
            }
        }
        return hash
    }

    /// Section 5.1.1: a bit, zeros up to eight bytes before the end of a block, the length in bits.
    private mutating func pad() {
        let bits = count &* 8
        rest[restCount] = 0x80
        for index in restCount + 1..<64 { rest[index] = 0 }
        if restCount >= 56 {
            Self.mix(rest.span, 0, &state)
            rest = [64 of UInt8](repeating: 0)
        }
        for index in 0..<8 { rest[56 + index] = UInt8(truncatingIfNeeded: bits >> UInt64(56 - 8 * index)) }
        Self.mix(rest.span, 0, &state)
    }

    /// The 32 bytes for a message.
    public static func hash(_ message: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(message.span)
        return hash.finish()
    }

    /// The 32 bytes for a message under a key, without which nobody can make or test them.
    public static func code(for message: [UInt8], key: [UInt8]) -> [UInt8] {
        var block = key.count > 64 ? hash(key) : key
        block += [UInt8](repeating: 0, count: 64 - block.count)
        let inner = hash(block.map { $0 ^ 0x36 } + message)
        return hash(block.map { $0 ^ 0x5C } + inner)
    }

    /// Section 6.2.2: one block of 64 bytes.
    private static func mix(_ bytes: Span<UInt8>, _ start: Int, _ state: inout [8 of UInt32]) {
        var schedule = [64 of UInt32](repeating: 0)
        let block = bytes.extracting(start..<start + 64).bytes
        for index in 0..<16 {
            // Within the 64 bytes by the line above.
            let word = unsafe block.unsafeLoadUnaligned(fromUncheckedByteOffset: 4 &* index, as: UInt32.self)
            schedule[index] = UInt32(bigEndian: word)
        }
        for index in 16..<64 {
            let early = schedule[index &- 15]
            let late = schedule[index &- 2]
            let small0 = rotated(early, 7) ^ rotated(early, 18) ^ early &>> 3
            let small1 = rotated(late, 17) ^ rotated(late, 19) ^ late &>> 10
            schedule[index] = schedule[index &- 16] &+ small0 &+ schedule[index &- 7] &+ small1
        }
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        var (e, f, g, h) = (state[4], state[5], state[6], state[7])
        for index in 0..<64 {
            let big1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
            let choice = (e & f) ^ (~e & g)
            let first = h &+ big1 &+ choice &+ constants[index] &+ schedule[index]
            let big0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
            let second = big0 &+ ((a & b) ^ (a & c) ^ (b & c))
            (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ second)
        }
        state[0] &+= a
        state[1] &+= b
        state[2] &+= c
        state[3] &+= d
        state[4] &+= e
        state[5] &+= f
        state[6] &+= g
        state[7] &+= h
    }

    @inline(__always)
    private static func rotated(_ word: UInt32, _ bits: UInt32) -> UInt32 {
        word &>> bits | word &<< (32 &- bits)
    }

    /// Section 5.3.3: the fractions of the square roots of the first 8 primes.
    private static let initial: [8 of UInt32] = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab,
        0x5be0_cd19,
    ]

    /// Section 4.2.2: the fractions of the cube roots of the first 64 primes.
    private static let constants: [64 of UInt32] = [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4,
        0xab1c_5ed5,
        0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7,
        0xc19b_f174,
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc,
        0x76f9_88da,
        0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351,
        0x1429_2967,
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e,
        0x9272_2c85,
        0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585,
        0x106a_a070,
        0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f,
        0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7,
        0xc671_78f2,
    ]
}
