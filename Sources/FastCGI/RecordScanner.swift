internal import CGI

/// Looks at the bytes of a request that are still in the socket, to tell whether libfcgi can read it without waiting.
///
/// libfcgi only reads blocking. A loop may let it read what is there already, and nothing else; so the loop peeks
/// (`MSG_PEEK`) and asks this. Record types and layout: FastCGI specification, sections 3.3, 5 and 8
/// (https://fastcgi-archives.github.io/FastCGI_Specification.html).
struct RecordScanner {
    private static let headerLength = 8
    private static let version: UInt8 = 1
    private static let responderRole = 1

    private enum RecordType {
        static let beginRequest: UInt8 = 1
        static let parameters: UInt8 = 4
        static let standardInput: UInt8 = 5
    }

    /// Walks over the records from the beginning of a request.
    static func scan(_ bytes: Span<UInt8>) -> RequestScan {
        var offset = 0
        // The web server's number for the request; 0 is for management records.
        var identifier = 0
        var hasParameters = false
        var bodyBytes = 0
        while offset + headerLength <= bytes.count {
            guard bytes[offset] == version else { return .isMalformed }
            let type = bytes[offset + 1]
            let record = Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3])
            let length = Int(bytes[offset + 4]) << 8 | Int(bytes[offset + 5])
            let content = offset + headerLength
            let next = content + length + Int(bytes[offset + 6])
            switch type {
            case RecordType.beginRequest:
                guard identifier == 0, record != 0, length >= 8 else { return .isMalformed }
                guard content + 2 <= bytes.count else { return .needsMore }
                let role = Int(bytes[content]) << 8 | Int(bytes[content + 1])
                guard role == responderRole else { return .isMalformed }
                identifier = record
            case _ where record != identifier || identifier == 0:
                // libfcgi skips the records of other requests, and would wait for one of this.
                return .isMalformed
            case RecordType.parameters:
                guard !hasParameters else { return .isMalformed }
                if length == 0 {
                    // libfcgi forgets the padding of the record that ends the parameters (`SetReaderType`).
                    guard bytes[offset + 6] == 0 else { return .isMalformed }
                    hasParameters = true
                }
            case RecordType.standardInput:
                guard hasParameters else { return .isMalformed }
                if length == 0 {
                    return next <= bytes.count ? .isComplete(bodyBytes: bodyBytes) : .hasParameters
                }
                bodyBytes += length
            default:
                // An abort, a management record or one of an unknown type: libfcgi would answer or skip it and wait
                // for more. No web server sends them here.
                return .isMalformed
            }
            offset = next
        }
        guard offset <= bytes.count || hasParameters else { return .needsMore }
        return hasParameters ? .hasParameters : .needsMore
    }
}
