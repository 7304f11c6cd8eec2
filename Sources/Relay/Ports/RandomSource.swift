/// Where the relay gets unpredictable numbers from.
///
/// One conformer serves the whole process and may be called from any thread. The real one is the system's
/// generator for cryptographic use: the key of the caller hash and every request id come from here.
public protocol RandomSource: Sendable {
    /// The next 64 bits, each of them equally likely and independent of all before.
    func nextUInt64() -> UInt64
}

extension RandomSource {
    /// The next `count` bytes, taken from as many whole words as needed.
    public func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 7)
        while bytes.count < count {
            withUnsafeBytes(of: nextUInt64()) { bytes.append(contentsOf: $0) }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }
}
