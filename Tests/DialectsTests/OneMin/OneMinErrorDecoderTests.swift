import Dialects
import Testing
import Wire

struct OneMinErrorDecoderTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let status: Int
        let body: String
        let kind: Failure.Kind
        let message: String
        var code: String?
        var testDescription: String { name }

        init(
            _ name: String, _ status: Int, _ body: String, _ kind: Failure.Kind, _ message: String,
            code: String? = nil
        ) {
            self.name = name
            self.status = status
            self.body = body
            self.kind = kind
            self.message = message
            self.code = code
        }
    }

    static let cases = [
        // The documented shape.
        Case(
            "documented 400", 400,
            #"{"success":false,"error":{"code":"INVALID_REQUEST","message":"Bad prompt"}}"#,
            .upstreamRejected, "1min.ai: Bad prompt (INVALID_REQUEST)"),
        Case(
            "documented 401", 401,
            #"{"success":false,"error":{"code":"UNAUTHORIZED","message":"Invalid API key"}}"#,
            .invalidCredential, "1min.ai: Invalid API key (UNAUTHORIZED)"),
        Case(
            "documented 422", 422,
            #"{"success":false,"error":{"code":"PROMPT_OBJECT_VALIDATION_FAILED","message":"Validation failed","#
                + #""details":[{"field":"prompt","message":"is required"},{"field":"settings","message":"is odd"}]}}"#,
            .upstreamRejected,
            "1min.ai: Validation failed - prompt: is required; settings: is odd (PROMPT_OBJECT_VALIDATION_FAILED)"
        ),
        Case(
            "documented 429", 429,
            #"{"success":false,"error":{"code":"RATE_LIMITED","message":"Quota of calls"}}"#,
            .rateLimited, "1min.ai: Quota of calls (RATE_LIMITED)"),
        // The shape seen live.
        Case(
            "an unknown model", 400,
            #"{"errorCode":"UNSUPPORTED_MODEL","message":"Model gpt-9 is not supported"}"#,
            .modelNotFound, "1min.ai: Model gpt-9 is not supported (UNSUPPORTED_MODEL)"),
        Case(
            "a missing field", 400,
            #"{"errorCode":"MISSING_REQUIRED_FIELDS","message":"Missing","details":[{"field":"credit","message":"x"}]}"#,
            .upstreamRejected, "1min.ai: Missing - credit: x (MISSING_REQUIRED_FIELDS)"),
        Case(
            "the vendor refused", 400,
            #"{"errorCode":"EXTERNAL_API_RESPONSE_WITH_ERROR","message":"The provider is busy, try again","#
                + #""details":"{\"message\":\"Request failed with status code 400\",\"config\":{\"url\":\"/v1/x\"},"#
                + #"\"response\":{\"status\":400,\"data\":{\"message\":\"size must be 1664*928\","#
                + #"\"request_id\":\"6b645e3a-d64f-4341-a6d8-7a3690fbf042\"}}}","context":{}}"#,
            .upstreamRejected,
            "1min.ai: the model's provider says: size must be 1664*928 (EXTERNAL_API_RESPONSE_WITH_ERROR)"),
        Case(
            "the vendor's quota is not the caller's", 400,
            #"{"errorCode":"EXTERNAL_API_RESPONSE_WITH_ERROR","message":"busy","#
                + #""details":"{\"response\":{\"status\":429,\"data\":{\"error\":{\"message\":\"You exceeded your quota\"}}}}"}"#,
            .upstreamFailed,
            "1min.ai: the model's provider says: You exceeded your quota (EXTERNAL_API_RESPONSE_WITH_ERROR)"),
        Case(
            "the vendor's filter", 400,
            #"{"errorCode":"EXTERNAL_API_RESPONSE_WITH_ERROR","message":"busy","details":"{\"response\":{\"status\":400,"#
                + #"\"data\":{\"error\":{\"message\":\"Not allowed\",\"code\":\"content_policy_violation\"}}}}"}"#,
            .contentFiltered,
            "1min.ai: the model's provider says: Not allowed (EXTERNAL_API_RESPONSE_WITH_ERROR)"),
        Case(
            "too long for the model", 400,
            #"{"errorCode":"EXTERNAL_API_RESPONSE_WITH_ERROR","message":"busy","details":"{\"response\":{\"status\":400,"#
                + #"\"data\":{\"error\":{\"message\":\"This model's maximum context length is 8192 tokens\"}}}}"}"#,
            .upstreamRejected,
            "1min.ai: the model's provider says: This model's maximum context length is 8192 tokens "
                + "(EXTERNAL_API_RESPONSE_WITH_ERROR)", code: "context_length_exceeded"),
        Case(
            "the vendor said nothing", 400,
            #"{"errorCode":"EXTERNAL_API_RESPONSE_WITH_ERROR","message":"The provider is busy","details":"oops"}"#,
            .upstreamFailed, "1min.ai: The provider is busy (EXTERNAL_API_RESPONSE_WITH_ERROR)"),
        Case(
            "a body that fails validation", 400,
            #"{"errorCode":"REQUEST_BODY_VALIDATION_FAILED","message":["model is required","title is required"]}"#,
            .upstreamRejected,
            "1min.ai: model is required; title is required (REQUEST_BODY_VALIDATION_FAILED)"),
        // Older and other shapes.
        Case(
            "a bare message", 401, #"{"message":"Unauthorized"}"#, .invalidCredential, "1min.ai: Unauthorized"
        ),
        Case(
            "a framework's error", 400, #"{"statusCode":400,"message":["a","b"],"error":"Bad Request"}"#,
            .upstreamRejected, "1min.ai: a; b"),
        Case("an error that is text", 500, #"{"error":"Internal"}"#, .upstreamFailed, "1min.ai: Internal"),
        Case("plain text", 503, "upstream connect error", .upstreamFailed, "1min.ai: upstream connect error"),
        Case("nothing", 500, "", .upstreamFailed, "1min.ai: status 500 with an empty body"),
        Case("white space", 404, " \r\n", .upstreamFailed, "1min.ai: status 404 with an empty body"),
        Case("an empty object", 400, "{}", .upstreamRejected, "1min.ai: status 400 without an explanation"),
        Case("a number", 400, "7", .upstreamRejected, "1min.ai: status 400 without an explanation"),
        Case(
            "a gateway's page", 502,
            "\r\n<HTML><HEAD><TITLE>502 Bad Gateway</TITLE></HEAD><BODY>nginx</BODY></HTML>", .upstreamFailed,
            "1min.ai: a web page instead of an answer, with the title \"502 Bad Gateway\""),
        Case(
            "a firewall's page", 403, "<!doctype html><p>Sorry, you have been blocked", .upstreamFailed,
            "1min.ai: a web page instead of an answer"),
        Case(
            "a limiter's page", 429, "<html>slow</html>", .rateLimited,
            "1min.ai: a web page instead of an answer"),
        Case(
            "a page at 413", 413, "<html></html>", .requestTooLarge,
            "1min.ai: a web page instead of an answer"),
        // Credits.
        Case("402", 402, "{}", .insufficientQuota, "1min.ai: status 402 without an explanation"),
        Case(
            "a code of credits", 403, #"{"errorCode":"INSUFFICIENT_CREDITS","message":"Top up"}"#,
            .insufficientQuota, "1min.ai: Top up (INSUFFICIENT_CREDITS)"),
        Case(
            "words of credits", 400, #"{"message":"You do not have enough credits."}"#, .insufficientQuota,
            "1min.ai: You do not have enough credits."),
        Case(
            "words of balance", 429, #"{"message":"Insufficient balance"}"#, .insufficientQuota,
            "1min.ai: Insufficient balance"),
        Case(
            "other words", 400, #"{"message":"Accreditation of the load balancer"}"#, .upstreamRejected,
            "1min.ai: Accreditation of the load balancer"),
        Case(
            "credits of a broken server", 500, #"{"message":"credit service down"}"#, .upstreamFailed,
            "1min.ai: credit service down"),
        // Statuses.
        Case("403", 403, #"{"message":"No"}"#, .permissionDenied, "1min.ai: No"),
        Case("408", 408, "late", .upstreamFailed, "1min.ai: late"),
        Case("418", 418, "teapot", .upstreamRejected, "1min.ai: teapot"),
        Case("599", 599, "x", .upstreamFailed, "1min.ai: x"),
        Case(
            "a redirect", 302, "<html>moved</html>", .upstreamFailed,
            "1min.ai answered with a redirect (status 302), which is not followed: it would carry the key to another "
                + "address."),
        // What must not get through.
        Case(
            "keys, identifiers and addresses", 400,
            #"{"message":"key sk-abcdef123456 of jo@example.com, team 6b645e3a-d64f-4341-a6d8-7a3690fbf042 at 10.1.2.3"}"#,
            .upstreamRejected, "1min.ai: key [key] of [email], team [id] at [address]"),
        Case(
            "a code that is none", 400, #"{"errorCode":"<script>\r\n","message":"x"}"#, .upstreamRejected,
            "1min.ai: x"),
        Case(
            "a deep body", 400, #"{"message":"# + String(repeating: "[", count: 5000), .upstreamRejected,
            "1min.ai: status 400 without an explanation"),
    ]

    @Test(arguments: cases) func `an error becomes a failure`(_ test: Case) {
        let failure = OneMinErrorDecoder.failure(
            status: test.status, headers: HeaderFields(), body: Array(test.body.utf8))
        #expect(failure.kind == test.kind)
        #expect(failure.message == test.message)
        #expect(failure.code == test.code)
        #expect(failure.upstreamStatus == test.status)
    }

    @Test func `the time to wait is handed on`() {
        let failure = OneMinErrorDecoder.failure(
            status: 429, headers: HeaderFields([("Retry-After", "12")]), body: [])
        #expect(failure.retryAfterSeconds == 12)
        #expect(failure.kind == .rateLimited)
    }

    @Test func `a long body makes a short message`() {
        let body = Array((#"{"message":""# + String(repeating: "long ", count: 50_000) + "\"}").utf8)
        let failure = OneMinErrorDecoder.failure(status: 400, headers: HeaderFields(), body: body)
        #expect(failure.message.count < 620)
    }

    @Test func `bytes that are no text do not crash`() {
        let failure = OneMinErrorDecoder.failure(
            status: 500, headers: HeaderFields(), body: [0xFF, 0x00, 0xC3])
        #expect(failure.kind == .upstreamFailed)
    }
}
