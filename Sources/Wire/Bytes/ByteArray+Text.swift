extension [UInt8] {
    /// Appends text that the source has as a literal, without making a string of it.
    public mutating func append(literal text: StaticString) {
        text.withUTF8Buffer { unsafe append(copying: $0) }
    }

    /// Appends these bytes. `append(contentsOf:)` takes twice as long for a few of them.
    @inline(__always)
    mutating func append(copying bytes: UnsafeBufferPointer<UInt8>) {
        append(addingCapacity: bytes.count) { unsafe $0.append(copying: bytes) }
    }

    /// Appends the digits of a whole number, without making a string of it.
    public mutating func appendDigits(of value: Int) {
        append(addingCapacity: OutputSpan.mostDigits) { $0.appendDigits(of: value) }
    }

    /// Appends the digits of a whole number that is not negative.
    public mutating func appendDigits(of value: UInt) {
        append(addingCapacity: OutputSpan.mostDigits) { $0.appendDigits(of: value) }
    }
}
