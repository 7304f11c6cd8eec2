import Dialects
import Testing

struct AnthropicErrorEncoderTests {
    /// A kind of failure with Anthropic's status and type for it.
    static let kinds: [(Failure.Kind, Int, String)] = [
        (.invalidRequest, 400, "invalid_request_error"), (.unsupported, 400, "invalid_request_error"),
        (.contentFiltered, 400, "invalid_request_error"), (.upstreamRejected, 400, "invalid_request_error"),
        (.missingCredential, 401, "authentication_error"), (.invalidCredential, 401, "authentication_error"),
        (.insufficientQuota, 402, "billing_error"), (.permissionDenied, 403, "permission_error"),
        (.modelNotFound, 404, "not_found_error"), (.routeNotFound, 404, "not_found_error"),
        (.methodNotAllowed(["POST"]), 405, "invalid_request_error"), (.requestTimedOut, 408, "timeout_error"),
        (.requestTooLarge, 413, "request_too_large"), (.unsupportedMediaType, 415, "invalid_request_error"),
        (.rateLimited, 429, "rate_limit_error"), (.internalError, 500, "api_error"),
        (.upstreamFailed, 502, "api_error"), (.answerUnusable, 502, "api_error"),
        (.upstreamUnreachable, 502, "api_error"),
        (.upstreamTimedOut(.total), 504, "timeout_error"), (.overloaded, 529, "overloaded_error"),
        (.shuttingDown, 529, "overloaded_error"),
    ]

    @Test(arguments: kinds)
    func `each kind has Anthropic's status and type`(_ kind: Failure.Kind, _ status: Int, _ type: String) {
        let failure = Failure(kind, "Why \"so\"")
        #expect(AnthropicErrorEncoder.status(for: failure) == status)
        #expect(
            text(AnthropicErrorEncoder.body(for: failure, requestID: "req_1"))
                == #"{"type":"error","error":{"type":"\#(type)","message":"Why \"so\""},"request_id":"req_1"}"#
        )
    }

    @Test(arguments: [
        (nil, "Why.", "Why."), ("messages[2].content[0]", "Why.", "messages.2.content.0: Why."),
        ("max_tokens", "max_tokens: Field required", "max_tokens: Field required"),
        ("max_tokens", "`max_tokens` must be greater.", "`max_tokens` must be greater."),
    ]) func `the member to blame is part of the message`(
        _ parameter: String?, _ message: String, _ shown: String
    ) {
        let failure = Failure(.invalidRequest, message, parameter: parameter)
        #expect(
            text(AnthropicErrorEncoder.body(for: failure, requestID: "r")).contains(
                "\"message\":\"\(shown)\"}"))
    }
}
