/// Names for requests and answers that nobody can guess and that never come twice.
enum Identifier {
    /// The longest request id that is taken over from a client.
    static let maximumRequestIDBytes = 128

    /// A prefix with 128 random bits behind it, as 32 hexadecimal digits.
    static func make(_ prefix: StaticString, _ random: any RandomSource) -> String {
        let words = (random.nextUInt64(), random.nextUInt64())
        let length = prefix.utf8CodeUnitCount + 32
        return String(unsafeUninitializedCapacity: length) { buffer in
            var position = 0
            prefix.withUTF8Buffer { bytes in
                for byte in bytes {
                    buffer[position] = byte
                    position += 1
                }
            }
            for word in [words.0, words.1] {
                for shift in stride(from: UInt64(60), through: 0, by: -4) {
                    let digit = UInt8(truncatingIfNeeded: word >> shift & 0xF)
                    buffer[position] = digit < 10 ? 0x30 + digit : 0x57 + digit
                    position += 1
                }
            }
            return length
        }
    }

    /// The client's own id when it is 1 to 128 letters, digits and `._:-`, else a new one.
    static func request(_ given: String?, _ random: any RandomSource) -> String {
        if let given, (1...maximumRequestIDBytes).contains(given.utf8.count), given.utf8.allSatisfy(isPlain) {
            return given
        }
        return make("req_", random)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
