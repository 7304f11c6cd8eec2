internal import CGI

/// Looks at the headers of a request: a netstring of names and values, each ended by a NUL.
///
///     70:CONTENT_LENGTH␀27␀SCGI␀1␀REQUEST_METHOD␀POST␀REQUEST_URI␀/deepthought␀,
///
/// As strict as the specification where a lenient reading would leave doubt about where a body ends: that is how one
/// request gets smuggled into another.
/// nginx 1.22, Apache 2.4 and lighttpd 1.4 all send `CONTENT_LENGTH` first, `0` where there is no body, and `SCGI` anywhere
/// behind it (nginx because its configuration says so).
struct HeaderScanner {
    /// What a look showed.
    enum Result: Equatable {
        /// The headers are not complete yet.
        case needsMore
        /// They are.
        case isComplete(Headers)
        /// Not what SCGI allows.
        case isMalformed
    }

    /// Complete headers.
    struct Headers: Equatable {
        /// Where the names and values lie, behind the length and its colon, up to the comma.
        var block: Range<Int>
        /// How many headers there are.
        var count: Int
        /// `CONTENT_LENGTH`.
        var bodyBytes: Int
        /// Where the body begins.
        var end: Int { block.upperBound + 1 }
    }

    /// The largest netstring: with its length, colon and comma it fits into what is looked at.
    static let maximumBytes = RequestScan.maximumBytes - maximumLengthDigits - 2
    private static let maximumLengthDigits = 6
    /// The shortest that has both headers that must be there: `CONTENT_LENGTH␀0␀SCGI␀1␀`.
    private static let minimumBytes = 24
    /// 10^18 − 1 fits into an integer, and no body is larger.
    private static let maximumContentLengthDigits = 18

    private static let contentLength: StaticString = "CONTENT_LENGTH\0"
    private static let version: StaticString = "SCGI\0"

    private enum Byte {
        static let nul: UInt8 = 0
        static let comma = UInt8(ascii: ",")
        static let colon = UInt8(ascii: ":")
    }

    /// Looks at a request from its first byte.
    static func scan(_ bytes: Span<UInt8>) -> Result {
        let (length, digits) = number(in: bytes, from: 0, maximumDigits: maximumLengthDigits)
        // Nothing but digits so far.
        guard digits < bytes.count else { return .needsMore }
        guard let length, bytes[digits] == Byte.colon, (minimumBytes...maximumBytes).contains(length) else {
            return .isMalformed
        }
        let block = (digits + 1)..<(digits + 1 + length)
        // Told early, so that other things that begin with a number do not keep anybody waiting.
        guard begins(bytes, at: block.lowerBound, with: contentLength) else { return .isMalformed }
        guard block.upperBound < bytes.count else { return .needsMore }
        guard bytes[block.upperBound] == Byte.comma else { return .isMalformed }
        return headers(of: bytes, in: block)
    }

    private static func headers(of bytes: Span<UInt8>, in block: Range<Int>) -> Result {
        let first = block.lowerBound + contentLength.utf8CodeUnitCount
        let (bodyBytes, digits) = number(in: bytes, from: first, maximumDigits: maximumContentLengthDigits)
        guard let bodyBytes, bytes[first + digits] == Byte.nul else { return .isMalformed }
        var count = 1
        var versions = 0
        var start = first + digits + 1
        while start < block.upperBound {
            guard let header = header(in: bytes, from: start, to: block.upperBound) else {
                return .isMalformed
            }
            // The specification allows no name twice. nginx before 1.23 sends a header line twice that its client sent
            // twice, and no harm is in that; but two of these would be two opinions.
            if begins(bytes, at: start, with: contentLength) { return .isMalformed }
            if begins(bytes, at: start, with: version) {
                guard header.end - header.separator == 2, bytes[header.separator + 1] == UInt8(ascii: "1")
                else {
                    return .isMalformed
                }
                versions += 1
            }
            count += 1
            start = header.end + 1
        }
        guard versions == 1 else { return .isMalformed }
        return .isComplete(Headers(block: block, count: count, bodyBytes: bodyBytes))
    }

    /// The header that begins at `start`: the NUL behind its name and that behind its value; nil when one is missing or
    /// the name is empty.
    static func header(
        in bytes: Span<UInt8>, from start: Int, to end: Int
    ) -> (separator: Int, end: Int)? {
        var separator = start
        while separator < end, bytes[separator] != Byte.nul { separator += 1 }
        guard separator > start, separator < end else { return nil }
        var last = separator + 1
        while last < end, bytes[last] != Byte.nul { last += 1 }
        guard last < end else { return nil }
        return (separator, last)
    }

    /// A number without a sign or leading zeros, and how many digits it has; no value when it has none or too many.
    private static func number(
        in bytes: Span<UInt8>, from start: Int, maximumDigits: Int
    ) -> (value: Int?, digits: Int) {
        var value = 0
        var index = start
        while index < bytes.count, case let digit = bytes[index] &- UInt8(ascii: "0"), digit < 10 {
            guard index - start < maximumDigits, index == start || value > 0 else {
                return (nil, index - start)
            }
            value = value * 10 + Int(digit)
            index += 1
        }
        return (index > start ? value : nil, index - start)
    }

    /// Whether the bytes at `start`, as far as they have come, are those of `text`.
    private static func begins(_ bytes: Span<UInt8>, at start: Int, with text: StaticString) -> Bool {
        text.withUTF8Buffer { text in
            for index in text.indices where start + index < bytes.count {
                if unsafe text[index] != bytes[start + index] { return false }
            }
            return true
        }
    }
}
