/// The bytes of a file, wherever they are.
public enum FileContent: Sendable {
    /// In memory.
    case bytes([UInt8])
    /// A part of what is too long for memory.
    case source(any ByteSource, Range<Int>)

    /// How many bytes there are.
    public var count: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .source(_, let range): range.count
        }
    }

    /// Reads a part; it may wait for a disk, see `ByteSource.read`.
    ///
    /// - Parameter range: counted from the beginning of the file; what is past its end is left out.
    public func read(_ range: Range<Int>) throws(ByteSourceError) -> [UInt8] {
        let range = range.clamped(to: 0..<count)
        switch self {
        case .bytes(let bytes): return Array(bytes[range])
        case .source(let source, let whole):
            return try source.read(whole.lowerBound + range.lowerBound..<whole.lowerBound + range.upperBound)
        }
    }
}

extension FileContent: Equatable {
    /// Whether both are the same bytes by where they are; equal bytes in two places are not looked for.
    public static func == (one: FileContent, other: FileContent) -> Bool {
        switch (one, other) {
        case (.bytes(let one), .bytes(let other)): one == other
        case (.source(let one, let range), .source(let other, let otherRange)):
            one === other && range == otherRange
        default: false
        }
    }
}
