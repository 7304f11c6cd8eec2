/// Finds the first place of some bytes, by the last byte of what stands where they could be:
/// https://doi.org/10.1002/spe.4380100608
struct PatternSearch {
    let pattern: [UInt8]
    /// How far the pattern may be moved when a byte stands under its last one; 255 also when it could be more.
    private let shifts: [UInt8]

    /// - Parameter pattern: not empty; quick whatever the bytes when its first byte comes in it once.
    init(_ pattern: [UInt8]) {
        self.pattern = pattern
        var shifts = [UInt8](repeating: UInt8(clamping: pattern.count), count: 256)
        for (index, byte) in pattern.dropLast().enumerated() {
            shifts[Int(byte)] = UInt8(clamping: pattern.count - 1 - index)
        }
        self.shifts = shifts
    }

    /// Where the pattern first stands at or after an offset.
    func first(in bytes: Span<UInt8>, from start: Int) -> Int? {
        let pattern = pattern.span
        let shifts = shifts.span
        let last = pattern.count - 1
        let first = pattern[0]
        var offset = start
        while offset &+ last < bytes.count {
            if bytes[offset] == first {
                var matched = 1
                while matched <= last, bytes[offset &+ matched] == pattern[matched] { matched &+= 1 }
                if matched > last { return offset }
            }
            offset &+= Int(shifts[Int(bytes[offset &+ last])])
        }
        return nil
    }
}
