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
    /// Names in lower case, values without white space around them.
    private(set) var headers: [(name: String, value: String)] = []
    private var bytes = 0

    /// The most that all lines may have, in bytes; vendors send one or two thousand.
    static let maximumBytes = 64 * 1024

    /// Takes one line, with its line end.
    mutating func take(_ line: UnsafeRawBufferPointer) -> Step {
        bytes += line.count
        guard bytes <= Self.maximumBytes else { return .tooLarge }
        if unsafe line.starts(with: "HTTP/".utf8) {
            let words = unsafe String(decoding: line, as: UTF8.self).split(separator: " ", maxSplits: 2)
            status = words.count > 1 ? Int(words[1].prefix(3)) ?? 0 : 0
            headers.removeAll(keepingCapacity: true)
        } else if unsafe line.count <= 2 && line.allSatisfy({ $0 == 13 || $0 == 10 }) {
            return status >= 200 ? .complete : .incomplete
        } else if let colon = unsafe line.firstIndex(of: UInt8(ascii: ":")) {
            let value = unsafe line[(colon + 1)...].drop { $0 == 32 || $0 == 9 }
            let end = unsafe value.lastIndex { $0 > 32 }.map { $0 + 1 } ?? value.startIndex
            unsafe headers.append(
                (
                    String(decoding: line[..<colon], as: UTF8.self).lowercased(),
                    String(decoding: value[..<end], as: UTF8.self)
                ))
        }
        return .incomplete
    }
}
