import Wire

/// Writes failures in the shape of the Anthropic API.
///
/// https://docs.claude.com/en/api/errors
public enum AnthropicErrorEncoder {
    /// The HTTP status while no byte of the answer was sent.
    ///
    /// The anthropic SDKs repeat a request after 408, 409, 429 and 5xx (anthropic 2.12.0, `_base_client.py`).
    public static func status(for failure: Failure) -> Int {
        switch failure.kind {
        case .insufficientQuota: 402
        case .overloaded, .shuttingDown: 529
        default: failure.answer.status
        }
    }

    /// `{"type":"error","error":{"type":…,"message":…},"request_id":…}`, the body of an error response.
    public static func body(for failure: Failure, requestID: String) -> [UInt8] {
        var bytes: [UInt8] = []
        write(failure, requestID: requestID, into: &bytes)
        return bytes
    }

    /// Appends the same object as an event, which the anthropic SDKs raise as `APIStatusError`.
    public static func streamEvent(for failure: Failure, into bytes: inout [UInt8]) {
        bytes.append(literal: "event: error\ndata: ")
        write(failure, requestID: nil, into: &bytes)
        bytes.append(literal: "\n\n")
    }

    /// The code at which the anthropic SDKs try again without a thread (anthropic 2.12.0, `types/thread_unsupported_request_error_details.py`).
    fileprivate static let threadCode = "thread_unsupported_request"

    /// The failure with that code.
    static func threadUnsupported(_ failure: Failure) -> Failure {
        var failure = failure
        failure.code = threadCode
        return failure
    }

    private static func write(_ failure: Failure, requestID: String?, into bytes: inout [UInt8]) {
        JSONWriter.append(to: &bytes) { writer in
            writer.beginObject()
            writer.key("type")
            writer.string("error")
            writer.key("error")
            writer.beginObject()
            writer.key("type")
            writer.string(failure.anthropicType.description)
            writer.key("message")
            writer.string(failure.anthropicMessage)
            if failure.code == threadCode { writer.threadDetails() }
            writer.endObject()
            if let requestID {
                writer.key("request_id")
                writer.string(requestID)
            }
            writer.endObject()
        }
    }
}

extension JSONWriter {
    /// What of the request is not supported.
    fileprivate mutating func threadDetails() {
        key("details")
        beginObject()
        key("error_code")
        string(AnthropicErrorEncoder.threadCode)
        key("unsupported")
        beginArray()
        string("thread")
        endArray()
        endObject()
    }
}

extension Failure {
    /// The `type` of Anthropic's error object.
    var anthropicType: StaticString {
        switch kind {
        case .invalidRequest, .unsupported, .methodNotAllowed, .unsupportedMediaType, .contentFiltered,
            .upstreamRejected:
            "invalid_request_error"
        case .missingCredential, .invalidCredential: "authentication_error"
        case .permissionDenied: "permission_error"
        case .insufficientQuota: "billing_error"
        case .modelNotFound, .objectNotFound, .routeNotFound: "not_found_error"
        case .requestTooLarge: "request_too_large"
        case .requestTimedOut, .upstreamTimedOut: "timeout_error"
        case .rateLimited: "rate_limit_error"
        case .overloaded, .shuttingDown: "overloaded_error"
        case .upstreamFailed, .answerUnusable, .upstreamUnreachable, .internalError: "api_error"
        }
    }

    /// The message with the member to blame before it, since Anthropic's error object has no member for that.
    var anthropicMessage: String {
        guard let parameter else { return message }
        let path = Self.anthropicPath(parameter)
        return message.hasPrefix(path) || message.hasPrefix("`\(path)`") ? message : "\(path): \(message)"
    }

    /// A path in Anthropic's notation: `messages.2.content.0` for `messages.2.content[0]`.
    private static func anthropicPath(_ parameter: String) -> String {
        var path = ""
        for character in parameter {
            switch character {
            case "[": path.append(".")
            case "]": break
            default: path.append(character)
            }
        }
        return path
    }
}
