import Dialects
import Testing

struct FailureAnswerTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let kind: Failure.Kind
        let status: Int
        let type: String
        let code: String?
        var testDescription: String { "\(kind)" }

        init(_ kind: Failure.Kind, _ status: Int, _ type: String, _ code: String?) {
            self.kind = kind
            self.status = status
            self.type = type
            self.code = code
        }
    }

    static let cases = [
        Case(.invalidRequest, 400, "invalid_request_error", nil),
        Case(.unsupported, 400, "invalid_request_error", "unsupported_parameter"),
        Case(.missingCredential, 401, "invalid_request_error", "missing_api_key"),
        Case(.invalidCredential, 401, "invalid_request_error", "invalid_api_key"),
        Case(.permissionDenied, 403, "permission_error", "permission_denied"),
        Case(.insufficientQuota, 429, "insufficient_quota", "insufficient_quota"),
        Case(.modelNotFound, 404, "invalid_request_error", "model_not_found"),
        Case(.routeNotFound, 404, "invalid_request_error", "unknown_url"),
        Case(.methodNotAllowed(["GET"]), 405, "invalid_request_error", "method_not_allowed"),
        Case(.requestTooLarge, 413, "invalid_request_error", "request_too_large"),
        Case(.requestTimedOut, 408, "invalid_request_error", "request_timeout"),
        Case(.unsupportedMediaType, 415, "invalid_request_error", "unsupported_media_type"),
        Case(.contentFiltered, 400, "invalid_request_error", "content_policy_violation"),
        Case(.rateLimited, 429, "rate_limit_error", "rate_limit_exceeded"),
        Case(.upstreamRejected, 400, "invalid_request_error", "upstream_rejected"),
        Case(.upstreamFailed, 502, "upstream_error", "upstream_failed"),
        Case(.answerUnusable, 502, "upstream_error", "upstream_failed"),
        Case(.upstreamUnreachable, 502, "upstream_error", "upstream_unreachable"),
        Case(.upstreamTimedOut(.idle), 504, "upstream_error", "upstream_timeout"),
        Case(.overloaded, 503, "server_error", "overloaded"),
        Case(.shuttingDown, 503, "server_error", "shutting_down"),
        Case(.internalError, 500, "server_error", "internal_error"),
    ]

    @Test(arguments: cases) func `each kind has its status, type and code`(_ test: Case) {
        let failure = Failure(test.kind, "x")
        #expect(failure.answer.status == test.status)
        #expect(failure.answer.openAIType == test.type)
        #expect(failure.openAICode == test.code)
    }

    @Test func `a code of the failure's own counts more than the table's`() {
        #expect(Failure(.unsupported, "x", code: "special").openAICode == "special")
    }

    @Test func `a copy that is changed leaves the other as it is`() {
        let one = Failure(.rateLimited, "Slowly.", retryAfterSeconds: 3, upstreamStatus: 429)
        var other = one
        #expect(one == other)
        other.code = "slow_down"
        other.parameter = "model"
        other.upstreamStatus = nil
        #expect(one == Failure(.rateLimited, "Slowly.", retryAfterSeconds: 3, upstreamStatus: 429))
        #expect(
            other
                == Failure(
                    .rateLimited, "Slowly.", parameter: "model", code: "slow_down", retryAfterSeconds: 3))
    }
}
