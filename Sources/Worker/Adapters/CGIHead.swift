internal import Relay
internal import Wire

/// The head of an answer as CGI has it: `Status: 200 OK`, header lines, an empty line (RFC 3875, section 6.3).
enum CGIHead {
    /// Writes the head.
    ///
    /// - Parameter count: bytes of the body that will be appended to the array, to make room for them at once.
    static func bytes(for head: ResponseHead, roomFor count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(head.fields.bytes.count + 64 + count)
        bytes.append(literal: "Status: ")
        bytes.appendDigits(of: head.status)
        bytes.append(literal: " ")
        bytes.append(literal: reason(head.status))
        bytes.append(literal: "\r\n")
        bytes.append(contentsOf: head.fields.bytes)
        bytes.append(literal: "\r\n")
        return bytes
    }

    /// The usual words for the statuses that the relay answers with (RFC 9110, section 15).
    private static func reason(_ status: Int) -> StaticString {
        switch status {
        case 200: "OK"
        case 204: "No Content"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 402: "Payment Required"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: "Status"
        }
    }
}
