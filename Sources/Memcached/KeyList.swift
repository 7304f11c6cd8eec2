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
        for key in keys {
            let start = bytes.count
            var isPlain = true
            for byte in key.utf8 {
                // The visible characters of ASCII.
                isPlain = isPlain && 0x21...0x7E ~= byte
                bytes.append(CChar(truncatingIfNeeded: byte))
            }
            let length = bytes.count - start
            guard isPlain, (1...Self.maximumKeyBytes).contains(length) else {
                throw MemcachedError(reason: "a key that cannot be sent")
            }
            starts.append(start)
            lengths.append(length)
        }
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
        unsafe key.count == lengths[index]
            && bytes[starts[index]..<starts[index] + lengths[index]].elementsEqual(key)
    }
}
