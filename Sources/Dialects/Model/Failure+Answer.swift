extension Failure {
    /// How a kind of failure is told: status, OpenAI's type and code, and how loud it is logged.
    public struct Answer: Sendable, Equatable {
        /// The HTTP status while no byte of the answer was sent.
        public var status: Int
        /// The `type` of OpenAI's error object.
        public var openAIType: String
        /// The `code` of OpenAI's error object unless the failure has one of its own.
        public var openAICode: String?
        /// How loud it is logged.
        public var level: Level
    }

    /// How loud a failure is logged.
    public enum Level: String, Sendable, Hashable {
        /// The client's doing.
        case info
        /// The upstream's doing, or a limit reached.
        case warning
        /// Something the operator must look at.
        case error
    }

    /// The answer table: types and codes are those of the OpenAI API where it has one.
    ///
    /// Statuses 408, 409, 429 and 5xx make the openai SDKs repeat a request, so only what may pass by itself has one
    /// (https://platform.openai.com/docs/guides/error-codes).
    public var answer: Answer {
        switch kind {
        case .invalidRequest: Answer(400, "invalid_request_error", nil, .info)
        case .unsupported: Answer(400, "invalid_request_error", "unsupported_parameter", .info)
        case .missingCredential: Answer(401, "invalid_request_error", "missing_api_key", .info)
        case .invalidCredential: Answer(401, "invalid_request_error", "invalid_api_key", .info)
        case .permissionDenied: Answer(403, "permission_error", "permission_denied", .info)
        case .insufficientQuota: Answer(429, "insufficient_quota", "insufficient_quota", .warning)
        case .modelNotFound: Answer(404, "invalid_request_error", "model_not_found", .info)
        case .objectNotFound: Answer(404, "invalid_request_error", "not_found", .info)
        case .routeNotFound: Answer(404, "invalid_request_error", "unknown_url", .info)
        case .methodNotAllowed: Answer(405, "invalid_request_error", "method_not_allowed", .info)
        case .requestTooLarge: Answer(413, "invalid_request_error", "request_too_large", .info)
        case .requestTimedOut: Answer(408, "invalid_request_error", "request_timeout", .info)
        case .unsupportedMediaType: Answer(415, "invalid_request_error", "unsupported_media_type", .info)
        case .contentFiltered: Answer(400, "invalid_request_error", "content_policy_violation", .info)
        case .rateLimited: Answer(429, "rate_limit_error", "rate_limit_exceeded", .warning)
        case .upstreamRejected: Answer(400, "invalid_request_error", "upstream_rejected", .info)
        case .upstreamFailed: Answer(502, "upstream_error", "upstream_failed", .warning)
        case .answerUnusable: Answer(502, "upstream_error", "upstream_failed", .warning)
        case .upstreamUnreachable: Answer(502, "upstream_error", "upstream_unreachable", .warning)
        case .upstreamTimedOut: Answer(504, "upstream_error", "upstream_timeout", .warning)
        case .overloaded: Answer(503, "server_error", "overloaded", .warning)
        case .shuttingDown: Answer(503, "server_error", "shutting_down", .info)
        case .internalError: Answer(500, "server_error", "internal_error", .error)
        }
    }

    /// The `code` that the client sees: the failure's own, or else the table's.
    public var openAICode: String? { code ?? answer.openAICode }
}

extension Failure.Answer {
    /// One row of the table.
    fileprivate init(_ status: Int, _ type: String, _ code: String?, _ level: Failure.Level) {
        self.init(status: status, openAIType: type, openAICode: code, level: level)
    }
}
