/// Names for requests and answers that nobody can guess and that never come twice.
enum Identifier {
    /// The longest request id that is taken over from a client.
    static let maximumRequestIDBytes = 128

    /// A prefix with 128 random bits behind it, as 32 hexadecimal digits.
    static func make(_ prefix: StaticString, _ random: any RandomSource) -> String {
        let words = (random.nextUInt64(), random.nextUInt64())
        let length = prefix.utf8CodeUnitCount + 32
        return String(unsafeUninitializedCapacity: length) { buffer in
            prefix.withUTF8Buffer { bytes in
                for index in bytes.indices { buffer[index] = bytes[index] }
            }
            write(words.0, to: buffer, at: length - 32)
            write(words.1, to: buffer, at: length - 16)
            return length
        }
    }

    /// The same for a prefix that is known only when it is asked for.
    static func make(_ prefix: String, _ random: any RandomSource) -> String {
        let nothing: StaticString = ""
        return prefix + make(nothing, random)
    }

    /// 64 bits as 16 hexadecimal digits.
    static func hexadecimal(_ word: UInt64) -> String {
        String(unsafeUninitializedCapacity: 16) { buffer in
            write(word, to: buffer, at: 0)
            return 16
        }
    }

    private static func write(_ word: UInt64, to buffer: UnsafeMutableBufferPointer<UInt8>, at start: Int) {
        for index in 0..<16 {
            let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * index) & 0xF)
            buffer[start + index] = digit < 10 ? 0x30 + digit : 0x57 + digit
        }
    }

    /// The client's own id when it is 1 to 128 letters, digits and `._:-`, else a new one.
    static func request(_ given: String?, _ random: any RandomSource) -> String {
        if let given, isPlain(given) { return given }
        return make("req_", random)
    }

    private static func isPlain(_ id: String) -> Bool {
        let bytes = id.utf8.span
        guard (1...maximumRequestIDBytes).contains(bytes.count) else { return false }
        for index in bytes.indices where !isPlain(bytes[index]) { return false }
        return true
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
