import Relay
import Testing
import Wire

@testable import Worker

/// What web servers sent with the shipped configuration, recorded on 2026-11-21 by Tests/EndToEnd/fastcgi_dump.py.
///
/// The request was `POST /relay/v1/models/a%2Fb%3Ac?q=%2F&r=1` with five bytes of body. Names, addresses and directories
/// are replaced; what nobody reads (ports, `SERVER_SOFTWARE`) is left out.
@Suite struct ServerVariablesTests {
    struct Recording: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let variables: [(String, String)]
        var scheme = "http"
    }

    static let common = [
        ("GATEWAY_INTERFACE", "CGI/1.1"), ("SERVER_PROTOCOL", "HTTP/1.1"), ("REQUEST_METHOD", "POST"),
        ("QUERY_STRING", "q=%2F&r=1"), ("REQUEST_URI", "/relay/v1/models/a%2Fb%3Ac?q=%2F&r=1"),
        ("REMOTE_ADDR", "192.0.2.1"), ("CONTENT_TYPE", "application/json"), ("CONTENT_LENGTH", "5"),
        ("HTTP_AUTHORIZATION", "Bearer key"), ("HTTP_X_API_KEY", "other"), ("HTTP_HOST", "relay.example.org"),
    ]

    static let recordings = [
        Recording(
            testDescription: "Apache 2.4, mod_proxy_fcgi",
            variables: [
                ("UNIQUE_ID", "awFQx0GH9gWi5432gTwVpQAAAIE"), ("proxy-sendcl", "1"), ("no-gzip", "1"),
                ("CONTEXT_PREFIX", ""), ("SERVER_ADMIN", "[no address given]"),
                ("SCRIPT_FILENAME", "/v1/models/a%252Fb:c"), ("REQUEST_SCHEME", "https"),
                ("HTTPS", "on"), ("SSL_TLS_SNI", "relay.example.org"), ("SCRIPT_NAME", "/relay/"),
            ], scheme: "https"),
        Recording(
            testDescription: "Apache 2.4, mod_proxy_fcgi, without ProxyFCGISetEnvIf but for SCRIPT_NAME",
            variables: [
                ("SCRIPT_FILENAME", "proxy:fcgi://fastrelay/v1/models/a%252Fb:c"), ("REQUEST_SCHEME", "http"),
                ("SCRIPT_NAME", "/relay"),
            ]),
        Recording(
            testDescription: "Apache 2.4, mod_fcgid",
            variables: [
                ("no_gzip", "1"), ("CONTEXT_PREFIX", "/relay/"), ("REQUEST_SCHEME", "http"),
                ("SCRIPT_FILENAME", "/usr/local/lib/fastrelay/relay.fcgi"), ("SCRIPT_NAME", "/relay"),
                ("PATH_INFO", "/v1/models/a%2Fb:c"),
                ("PATH_TRANSLATED", "/var/www/html/v1/models/a%2Fb:c"), ("HTTP_CONNECTION", "close"),
            ]),
        Recording(
            testDescription: "lighttpd 1.4.69",
            variables: [
                ("REDIRECT_URI", "/relay/v1/models/a/b%3Ac?q=%2F&r=1"), ("REDIRECT_STATUS", "200"),
                ("SCRIPT_NAME", "/relay"), ("PATH_INFO", "/v1/models/a/b:c"),
                ("PATH_TRANSLATED", "/var/www/html/v1/models/a/b:c"),
                ("SCRIPT_FILENAME", "/var/www/html/relay"),
                ("REQUEST_SCHEME", "http"),
            ]),
        Recording(
            testDescription: "Caddy 2.6.2",
            variables: [
                ("HTTP_X_FORWARDED_FOR", "192.0.2.1"), ("DOCUMENT_URI", ""), ("REQUEST_SCHEME", "http"),
                ("SCRIPT_NAME", "/relay"), ("PATH_INFO", "/v1/models/a/b:c"), ("AUTH_TYPE", ""),
                ("REMOTE_IDENT", ""), ("HTTP_USER_AGENT", ""), ("REMOTE_USER", ""),
                ("HTTP_PROXY", "http://192.0.2.1/"),
                ("HTTP_CONTENT_TYPE", "application/json"), ("HTTP_CONTENT_LENGTH", "5"),
                ("SCRIPT_FILENAME", "/nonexistent"), ("HTTP_X_FORWARDED_PROTO", "http"),
            ]),
    ]

    @Test(arguments: recordings)
    func `each server's variables become the same request`(_ recording: Recording) {
        for variables in [Self.common + recording.variables, (recording.variables + Self.common).reversed()] {
            var taken = CGIVariables()
            for (name, value) in variables { taken.set(name.utf8.span, value.utf8.span) }
            let request = taken.request(body: Array("{\"a\":".utf8), problem: nil)
            #expect(request.method == "POST")
            #expect(request.path == "/v1/models/a/b:c")
            #expect(request.rawPath == "/v1/models/a%2Fb%3Ac")
            #expect(request.query == "q=%2F&r=1")
            #expect(request.remoteAddress == "192.0.2.1")
            #expect(request.scheme == recording.scheme)
            #expect(request.contentType == "application/json")
            #expect(request.contentLength == 5)
            #expect(request.bodyProblem == nil)
            #expect(request.headers["authorization"] == "Bearer key")
            #expect(request.headers["x-api-key"] == "other")
            #expect(request.headers["proxy"] == nil)
        }
    }
}
