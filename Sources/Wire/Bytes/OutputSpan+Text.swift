/// Text that is written into room made before: each piece costs a look at how much room is left, and its bytes.
///
/// What does not fit ends the process, as it does with all of `OutputSpan`: who makes the room knows the most that there
/// can be.
extension OutputSpan<UInt8> {
    /// The digits of any `Int`, and its sign.
    public static var mostDigits: Int { 20 }

    /// Writes text that the source has as a literal.
    @inlinable
    @inline(__always)
    public mutating func append(literal text: StaticString) {
        text.withUTF8Buffer { unsafe append(copying: $0) }
    }

    /// Writes these bytes.
    @inlinable
    @inline(__always)
    public mutating func append(copying bytes: UnsafeBufferPointer<UInt8>) {
        unsafe withUnsafeMutableBufferPointer { room, count in
            precondition(bytes.count <= room.count &- count, "more bytes than there is room for")
            guard let source = bytes.baseAddress, let start = room.baseAddress else { return }
            unsafe (start + count).initialize(from: source, count: bytes.count)
            count &+= bytes.count
        }
    }

    /// Writes these bytes.
    @inlinable
    @inline(__always)
    public mutating func append(copying bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { unsafe append(copying: $0) }
    }

    /// Writes the digits of a whole number.
    public mutating func appendDigits(of value: Int) {
        if value < 0 { append(ASCII.minus) }
        appendDigits(of: value.magnitude)
    }

    /// Writes the digits of a whole number that is not negative.
    public mutating func appendDigits(of value: UInt) {
        let digits = Self.digitCount(value)
        unsafe withUnsafeMutableBufferPointer { room, count in
            precondition(digits <= room.count &- count, "more digits than there is room for")
            var rest = value
            let start = count
            var index = start &+ digits
            count = index
            // Two at a time: the division by 100 is what takes long.
            while rest >= 10 {
                index &-= 2
                let pair = UInt32(truncatingIfNeeded: rest % 100)
                rest /= 100
                // A tenth of anything below 100.
                let tens = (pair &* 103) >> 10
                unsafe room[index] = ASCII.zero &+ UInt8(truncatingIfNeeded: tens)
                unsafe room[index &+ 1] = ASCII.zero &+ UInt8(truncatingIfNeeded: pair &- tens &* 10)
            }
            if index > start { unsafe room[start] = ASCII.zero &+ UInt8(truncatingIfNeeded: rest) }
        }
    }

    /// How many digits a number has: the logarithm of two says it but for one, as 1233/4096 is a little more than that of two
    /// to the base of ten.
    @inline(__always)
    private static func digitCount(_ value: UInt) -> Int {
        let guess = (UInt.bitWidth &- (value | 1).leadingZeroBitCount) &* 1233 / 4096
        return value >= powersOfTen[guess] ? guess &+ 1 : max(guess, 1)
    }
}

private let powersOfTen: InlineArray<20, UInt> = [
    1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000,
    100_000_000_000, 1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000,
    10_000_000_000_000_000, 100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
]
