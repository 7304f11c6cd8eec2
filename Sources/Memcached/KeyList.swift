/// Keys as libmemcached wants them: pointers and lengths.
struct KeyList {
    /// The longest key, in bytes (memcached's `protocol.txt`).
    static let maximumKeyBytes = 250

    private var bytes: [CChar] = []
    private var starts: [Int] = []
    private var lengths: [Int] = []

    /// How many there are.
    var count: Int { lengths.count }
    /// Whether there is none.
    var isEmpty: Bool { lengths.isEmpty }

    /// Lays keys out.
    ///
    /// - Throws: for one that is empty, too long, or has bytes that would end it on the wire.
    init(_ keys: [String]) throws(MemcachedError) {
        starts.reserveCapacity(keys.count)
        lengths.reserveCapacity(keys.count)
        bytes.reserveCapacity(keys.count * Self.usualKeyBytes)
        for key in keys {
            let text = key.utf8.span
            guard (1...Self.maximumKeyBytes).contains(text.count), Self.isPlain(text) else {
                throw MemcachedError(reason: "a key that cannot be sent")
            }
            starts.append(bytes.count)
            lengths.append(text.count)
            unsafe text.withUnsafeBufferPointer { buffer in
                unsafe buffer.withMemoryRebound(to: CChar.self) { unsafe bytes.append(contentsOf: $0) }
            }
        }
    }

    private static let usualKeyBytes = 64

    /// Whether all are visible characters of ASCII.
    private static func isPlain(_ text: Span<UInt8>) -> Bool {
        // Without a branch for each, so that several are looked at at a time.
        var furthest: UInt8 = 0
        for index in text.indices { furthest = max(furthest, text[index] &- 0x21) }
        return furthest <= 0x7E - 0x21
    }

    /// Lends the keys; only while `body` runs.
    func withPointers<Result>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<Int>) -> Result
    ) -> Result {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            let pointers: [UnsafePointer<CChar>?] = unsafe starts.map {
                unsafe buffer.baseAddress?.advanced(by: $0)
            }
            return unsafe pointers.withUnsafeBufferPointer { pointers in
                unsafe lengths.withUnsafeBufferPointer { lengths in
                    // There is at least one key.
                    guard let keys = pointers.baseAddress, let lengths = lengths.baseAddress
                    else {
                        preconditionFailure("no keys")
                    }
                    return unsafe body(keys, lengths)
                }
            }
        }
    }

    /// Whether a key is this one.
    func isKey(_ index: Int, _ key: UnsafeBufferPointer<CChar>) -> Bool {
        guard key.count == lengths[index] else { return false }
        let start = starts[index]
        for offset in 0..<lengths[index] {
            guard unsafe bytes[start + offset] == key[offset] else { return false }
        }
        return true
    }
}
