/// The end of a request's body where it is too long for memory.
public struct BodySource: Sendable {
    /// How many bytes there are.
    public let count: Int
    /// Reads exactly these bytes, from 0 to `count`; nil when that is not possible. Called on a thread that may block.
    public let read: @Sendable (Range<Int>) -> [UInt8]?

    /// Makes one.
    public init(count: Int, read: @escaping @Sendable (Range<Int>) -> [UInt8]?) {
        self.count = count
        self.read = read
    }
}

/// The body of a request on its way out: what was in memory first, then pieces of its source, each read while the one
/// before it is sent. So at most two are alive.
struct Upload {
    /// What is read from a source at once, in bytes.
    static let pieceBytes = 256 * 1024

    private let source: BodySource?
    private var piece: [UInt8]
    private var sent = 0
    /// Whether the piece is the first one.
    private var isAtFirst = true
    private var ahead: [UInt8]?
    private var isReading = false
    /// Up to where the source was read, or is being read.
    private var position = 0
    /// What libcurl has not taken yet, in bytes.
    private(set) var bytesLeft: Int

    /// Takes a body: bytes, and what follows them.
    init(_ bytes: [UInt8] = [], source: BodySource? = nil) {
        self.source = source
        piece = bytes
        bytesLeft = bytes.count + (source?.count ?? 0)
    }

    /// Whether a part of the body has to be read.
    var hasSource: Bool { source != nil }

    /// Whether libcurl has all of it.
    var isComplete: Bool { bytesLeft == 0 }

    /// Moves as much as there is, and fits, into `buffer`; says how much that was.
    mutating func take(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        var count = 0
        while count < buffer.count {
            if sent == piece.count {
                guard let next = ahead.take() else { break }
                piece = next
                sent = 0
                isAtFirst = false
            }
            let part = piece[sent...].prefix(buffer.count - count)
            unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[count...]).copyBytes(from: part)
            count += part.count
            sent += part.count
            if sent == piece.count {
                piece = []
                sent = 0
                isAtFirst = false
            }
        }
        bytesLeft -= count
        return count
    }

    /// Begins again with the first byte.
    ///
    /// - Returns: false when that has gone: what was taken whole is not kept.
    mutating func rewind() -> Bool {
        guard isAtFirst else { return false }
        bytesLeft += sent
        sent = 0
        return true
    }

    /// What to read now and from where, if anything: it is counted as being read from then on.
    mutating func nextPart() -> (source: BodySource, range: Range<Int>)? {
        guard let source, !isReading, ahead == nil, position < source.count else { return nil }
        let range = position..<min(source.count, position + Self.pieceBytes)
        position = range.upperBound
        isReading = true
        return (source, range)
    }

    /// Takes what was read.
    mutating func put(_ bytes: [UInt8]) {
        isReading = false
        ahead = bytes
    }
}
