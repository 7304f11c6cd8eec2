import Relay
import Testing
import Wire

@testable import Worker

@Suite struct CGITests {
    private static func request(_ variables: [(String, String)], body: [UInt8] = []) -> ClientRequest {
        var taken = CGIVariables()
        for (name, value) in variables { taken.set(name.utf8.span, value.utf8.span) }
        return taken.request(body: body, problem: nil)
    }

    struct Mount: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let variables: [(String, String)]
        let path: String
        let rawPath: String
    }

    @Test(arguments: [
        Mount(
            testDescription: "our nginx configuration",
            variables: [("REQUEST_URI", "/v1/models?x=/y"), ("PATH_INFO", "/v1/models")],
            path: "/v1/models", rawPath: "/v1/models"),
        Mount(
            testDescription: "under a sub-path",
            variables: [
                ("SCRIPT_NAME", "/relay"), ("REQUEST_URI", "/relay/v1/models/a%2Fb"),
                ("PATH_INFO", "/v1/models/a/b"),
            ],
            path: "/v1/models/a/b", rawPath: "/v1/models/a%2Fb"),
        Mount(
            testDescription: "without PATH_INFO", variables: [("REQUEST_URI", "/v1/models/a%2fb%3A1%zz")],
            path: "/v1/models/a/b:1%zz", rawPath: "/v1/models/a%2fb%3A1%zz"),
        Mount(
            testDescription: "nginx's own fastcgi_params",
            variables: [
                ("SCRIPT_NAME", "/v1/models"), ("REQUEST_URI", "/v1/models?a"),
                ("DOCUMENT_URI", "/v1/models"),
            ],
            path: "/v1/models", rawPath: "/v1/models"),
        Mount(
            testDescription: "a script of mod_fcgid",
            variables: [
                ("SCRIPT_NAME", "/ai/relay.fcgi"), ("REQUEST_URI", "/ai/v1/models"),
                ("PATH_INFO", "/v1/models"),
            ],
            path: "/v1/models", rawPath: "/ai/v1/models"),
        Mount(
            testDescription: "a mount that only begins the same",
            variables: [("SCRIPT_NAME", "/rel"), ("REQUEST_URI", "/relay/v1")], path: "/relay/v1",
            rawPath: "/relay/v1"),
        Mount(
            testDescription: "a mount with a slash at its end",
            variables: [("SCRIPT_NAME", "/relay/"), ("REQUEST_URI", "/relay/v1")], path: "/v1", rawPath: "/v1"
        ),
        Mount(
            testDescription: "an escape that is meant",
            variables: [("REQUEST_URI", "/v1/models/a%252Fb"), ("PATH_INFO", "/v1/models/a%2Fb")],
            path: "/v1/models/a%2Fb", rawPath: "/v1/models/a%252Fb"),
        Mount(
            testDescription: "a path that the server normalized",
            variables: [
                ("SCRIPT_NAME", "/relay"), ("REQUEST_URI", "//relay/x/../v1//models"),
                ("PATH_INFO", "/v1/models"),
            ], path: "/v1/models", rawPath: "//relay/x/../v1//models"),
    ])
    func `the path is what lies below the mount`(_ mount: Mount) {
        let request = Self.request(mount.variables)
        #expect(request.path == mount.path)
        #expect(request.rawPath == mount.rawPath)
    }

    @Test func `variables become a request`() {
        let request = Self.request(
            [
                ("REQUEST_METHOD", "POST"), ("REQUEST_URI", "/v1/chat/completions"), ("QUERY_STRING", "a=b"),
                ("CONTENT_TYPE", "application/json"), ("HTTP_CONTENT_TYPE", "application/json"),
                ("CONTENT_LENGTH", "2"), ("HTTP_CONTENT_LENGTH", "2"), ("REMOTE_ADDR", "192.0.2.1"),
                ("HTTPS", "on"), ("SERVER_PROTOCOL", "HTTP/2.0"), ("SCRIPT_NAME", "/relay"),
                ("HTTP_AUTHORIZATION", "Bearer key"), ("HTTP_X_API_KEY", "other"),
                ("HTTP_X_FORWARDED_FOR", "1.2.3.4"),
            ], body: Array("{}".utf8))
        #expect(request.method == "POST")
        #expect(request.query == "a=b")
        #expect(request.contentType == "application/json")
        #expect(request.contentLength == 2)
        #expect(request.remoteAddress == "192.0.2.1")
        #expect(request.scheme == "https")
        #expect(request.httpVersion == "HTTP/2.0")
        #expect(request.mount == "/relay")
        #expect(request.headers["authorization"] == "Bearer key")
        #expect(request.headers["x-api-key"] == "other")
        #expect(request.headers["content-type"] == nil)
        #expect(request.bodyProblem == nil)
    }

    @Test(arguments: [("/", ""), ("/relay/", "/relay"), ("/relay//", "/relay"), ("/a/b", "/a/b")])
    func `slashes at the end of a mount do not matter`(told: String, mount: String) {
        #expect(Self.request([("SCRIPT_NAME", told), ("REQUEST_URI", mount + "/v1/models")]).mount == mount)
    }

    @Test func `a script name that is the whole path is no mount`() {
        #expect(Self.request([("SCRIPT_NAME", "/v1/models"), ("REQUEST_URI", "/v1/models?a")]).mount == "")
    }

    @Test func `what a server kept from programs is taken from where a rewrite rule put it`() {
        let redirected = ("REDIRECT_HTTP_AUTHORIZATION", "Bearer redirected")
        let twice = ("REDIRECT_REDIRECT_HTTP_AUTHORIZATION", "Bearer twice")
        func key(_ variables: (String, String)...) -> String? {
            Self.request(variables).headers["authorization"]
        }
        #expect(key(redirected) == "Bearer redirected")
        #expect(key(twice) == "Bearer twice")
        #expect(key(redirected, ("HTTP_AUTHORIZATION", "")) == "Bearer redirected")
        #expect(key(redirected, ("HTTP_AUTHORIZATION", "Bearer own")) == "Bearer own")
        #expect(key(("HTTP_AUTHORIZATION", "Bearer own"), redirected) == "Bearer own")
        // A client's header of that name arrives as HTTP_REDIRECT_HTTP_AUTHORIZATION.
        #expect(key(("HTTP_REDIRECT_HTTP_AUTHORIZATION", "Bearer foreign")) == nil)
        #expect(key(("REDIRECT_HTTP_X_API_KEY", "other")) == nil)
    }

    @Test func `a header called Proxy is not known`() {
        let request = Self.request([("HTTP_PROXY", "http://192.0.2.1/"), ("HTTP_PROXY_NAME", "kept")])
        #expect(request.headers["proxy"] == nil)
        #expect(request.headers["proxy-name"] == "kept")
    }

    @Test func `a body shorter than announced is truncated`() {
        #expect(Self.request([("CONTENT_LENGTH", "3")], body: [1, 2]).bodyProblem == .truncated)
        #expect(Self.request([("CONTENT_LENGTH", "2")], body: [1, 2]).bodyProblem == nil)
        #expect(Self.request([("CONTENT_LENGTH", "")], body: []).bodyProblem == nil)
        #expect(Self.request([("CONTENT_LENGTH", "x")], body: [1]).contentLength == nil)
        #expect(Self.request([("CONTENT_LENGTH", "-1")], body: [1]).contentLength == nil)
    }

    @Test func `a head has its status first, then its fields, then an empty line`() {
        var fields = HeaderLines()
        fields.add("content-type", "application/json")
        fields.add("retry-after", 7)
        let head = ResponseHead(status: 429, fields: fields)
        let text = String(decoding: CGIHead.bytes(for: head, roomFor: 10), as: UTF8.self)
        #expect(
            text
                == "Status: 429 Too Many Requests\r\ncontent-type: application/json\r\nretry-after: 7\r\n\r\n"
        )
    }
}
