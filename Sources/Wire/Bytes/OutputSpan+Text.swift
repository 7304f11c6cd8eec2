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
        var digits = 1
        var bound: UInt = 10
        // Ten to the power of 20 is too much for 64 bits, and nothing is compared with it.
        while digits < Self.mostDigits, value >= bound {
            digits &+= 1
            bound = bound &* 10
        }
        unsafe withUnsafeMutableBufferPointer { room, count in
            precondition(digits <= room.count &- count, "more digits than there is room for")
            var rest = value
            var index = count &+ digits
            count = index
            repeat {
                index &-= 1
                unsafe room[index] = ASCII.zero &+ UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
        }
    }
}
