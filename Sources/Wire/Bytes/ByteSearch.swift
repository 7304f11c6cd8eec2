/// Finds the next byte that ends a run, eight bytes at a time.
///
/// The word tricks are those of https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord: a match sets the top
/// bit of its byte. A borrow can also set the top bit of a *later* byte, so only the lowest match counts.
enum ByteSearch {
    private static let lowBits: UInt64 = 0x0101_0101_0101_0101
    private static let topBits: UInt64 = 0x8080_8080_8080_8080

    /// The end of a run of plain string bytes, and whether the run left ASCII.
    struct Run {
        /// Offset of the first quote, backslash or control byte, or the count of the bytes.
        var end: Int
        /// False when a byte of the run is 0x80 or above.
        var isASCII: Bool
    }

    /// The run of string bytes that starts at `start` and ends before a quote, a backslash or a control byte.
    @inline(__always)
    static func stringRun(in bytes: Span<UInt8>, from start: Int) -> Run {
        let raw = bytes.bytes
        let count = bytes.count
        var offset = start
        var seen: UInt64 = 0
        while offset &+ 8 <= count {
            let word = load(raw, offset)
            let found = stringEnds(in: word)
            if found != 0 {
                let length = found.trailingZeroBitCount >> 3
                seen |= word & ~(UInt64.max << UInt64(length << 3))
                return Run(end: offset &+ length, isASCII: seen & topBits == 0)
            }
            seen |= word
            offset &+= 8
        }
        while offset < count {
            let byte = bytes[offset]
            if byte == ASCII.quote || byte == ASCII.backslash || byte < ASCII.space { break }
            seen |= UInt64(byte)
            offset &+= 1
        }
        return Run(end: offset, isASCII: seen & topBits == 0)
    }

    /// Whether two texts have the same bytes.
    @inline(__always)
    static func areSame(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        let count = left.count
        guard right.count == count else { return false }
        var offset = 0
        while offset &+ 8 <= count {
            if load(left.bytes, offset) != load(right.bytes, offset) { return false }
            offset &+= 8
        }
        while offset < count {
            if left[offset] != right[offset] { return false }
            offset &+= 1
        }
        return true
    }

    /// Offset of the first CR or LF at or after `start`, or the count of the bytes.
    @inline(__always)
    static func lineEnd(in bytes: Span<UInt8>, from start: Int) -> Int {
        let raw = bytes.bytes
        let count = bytes.count
        var offset = start
        while offset &+ 8 <= count {
            let word = load(raw, offset)
            let found = zeroBytes(in: word ^ (lowBits &* 0x0A)) | zeroBytes(in: word ^ (lowBits &* 0x0D))
            if found != 0 { return offset &+ found.trailingZeroBitCount >> 3 }
            offset &+= 8
        }
        while offset < count {
            let byte = bytes[offset]
            if byte == ASCII.lineFeed || byte == ASCII.carriageReturn { break }
            offset &+= 1
        }
        return offset
    }

    /// Whether a control character is among the bytes: one below 0x20, or 0x7F.
    static func hasControl(in bytes: Span<UInt8>) -> Bool {
        let raw = bytes.bytes
        let count = bytes.count
        var offset = 0
        while offset &+ 8 <= count {
            let word = load(raw, offset)
            if controls(in: word) | zeroBytes(in: word ^ (lowBits &* 0x7F)) != 0 { return true }
            offset &+= 8
        }
        while offset < count {
            if bytes[offset] < ASCII.space || bytes[offset] == ASCII.delete { return true }
            offset &+= 1
        }
        return false
    }

    /// The eight bytes at `offset`, lowest byte first. The caller has checked that they are there.
    @inline(__always)
    private static func load(_ raw: RawSpan, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
    }

    /// Marks quotes, backslashes and bytes below 0x20.
    @inline(__always)
    private static func stringEnds(in word: UInt64) -> UInt64 {
        controls(in: word) | zeroBytes(in: word ^ (lowBits &* 0x22)) | zeroBytes(in: word ^ (lowBits &* 0x5C))
    }

    /// Marks bytes below 0x20.
    @inline(__always)
    private static func controls(in word: UInt64) -> UInt64 {
        (word &- (lowBits &* 0x20)) & ~word & topBits
    }

    /// Marks the bytes that are zero.
    @inline(__always)
    private static func zeroBytes(in word: UInt64) -> UInt64 {
        (word &- lowBits) & ~word & topBits
    }
}
