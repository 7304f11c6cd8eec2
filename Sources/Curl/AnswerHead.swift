/// The head of an answer, as it comes line by line.
struct AnswerHead {
    /// What a line was.
    enum Step {
        /// More lines follow.
        case incomplete
        /// The head is complete; lines after it are trailers.
        case complete
        /// The lines together are over the limit.
        case tooLarge
    }

    /// The status of the last head: an interim one, such as 100, is followed by another.
    private(set) var status = 0
    /// The lines of its fields, as they came.
    private(set) var lines: [UInt8] = []
    private var bytes = 0

    /// The most that all lines may have, in bytes; vendors send one or two thousand.
    static let maximumBytes = 64 * 1024

    /// Takes one line, with its line end.
    mutating func take(_ line: Span<UInt8>) -> Step {
        bytes += line.count
        guard bytes <= Self.maximumBytes else { return .tooLarge }
        var end = line.count
        while end > 0, line[end - 1] <= 32 { end -= 1 }
        guard end > 0 else { return status >= 200 ? .complete : .incomplete }
        if Self.beginsAnswer(line) {
            status = Self.status(line)
            lines.removeAll(keepingCapacity: true)
            lines.reserveCapacity(Self.usualBytes)
        } else {
            unsafe line.withUnsafeBufferPointer { unsafe lines.append(contentsOf: $0) }
        }
        return .incomplete
    }

    /// Room for so many bytes is made at once.
    private static let usualBytes = 960

    private static func beginsAnswer(_ line: Span<UInt8>) -> Bool {
        line.count > 5 && line[0] == UInt8(ascii: "H") && line[1] == UInt8(ascii: "T")
            && line[2] == UInt8(ascii: "T") && line[3] == UInt8(ascii: "P") && line[4] == UInt8(ascii: "/")
    }

    /// The three digits after the version; 0 where there are none.
    private static func status(_ line: Span<UInt8>) -> Int {
        var index = 0
        while index < line.count, line[index] != 32 { index += 1 }
        while index < line.count, line[index] == 32 { index += 1 }
        guard index + 3 <= line.count else { return 0 }
        var status = 0
        for digit in index..<index + 3 {
            guard (0x30...0x39).contains(line[digit]) else { return 0 }
            status = 10 * status + Int(line[digit] - 0x30)
        }
        return status
    }
}
