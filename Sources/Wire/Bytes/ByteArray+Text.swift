extension [UInt8] {
    /// Appends text that the source has as a literal, without making a string of it.
    @inline(__always)
    public mutating func append(literal text: StaticString) {
        text.withUTF8Buffer { unsafe append(contentsOf: $0) }
    }

    /// Appends the digits of a whole number, without making a string of it.
    public mutating func appendDigits(of value: Int) {
        if value < 0 { append(ASCII.minus) }
        appendDigits(of: value.magnitude)
    }

    /// Appends the digits of a whole number that is not negative.
    public mutating func appendDigits(of value: UInt) {
        // 20 digits have 64 bits at most. From the last one on, and appended in one go.
        var digits = [20 of UInt8](repeating: 0)
        var rest = value
        var start = 20
        repeat {
            start &-= 1
            digits[start] = ASCII.zero &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        let span = digits.span.extracting(start..<20)
        unsafe span.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}
