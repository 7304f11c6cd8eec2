extension Span<UInt8> {
    /// Where a byte first stands from `start` on; nil for nowhere.
    ///
    /// For text of a line's length. A search in a `String.UTF8View` takes several times as long.
    @inlinable
    public func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        for index in start..<count where self[index] == byte { return index }
        return nil
    }
}
