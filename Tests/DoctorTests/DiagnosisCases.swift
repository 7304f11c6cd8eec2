import Curl
import Wire

@testable import Doctor

extension DiagnosisTests {
    private static func allow(_ values: String..., vary: String = "") -> [(String, String)] {
        values.map { ("access-control-allow-origin", $0) } + (vary.isEmpty ? [] : [("vary", vary)])
            + [("access-control-allow-headers", "authorization, *")]
    }

    private static let noKey = #"{"error":{"message":"no","code":"missing_api_key"}}"#

    private static func cors(
        _ preflight: [(String, String)], _ answer: [(String, String)]
    ) -> @Sendable (inout Observations) -> Void {
        let preflight = Reply.json("", status: 204, headers: preflight)
        let answer = Reply.json(noKey, status: 401, headers: answer)
        return {
            $0.preflight = preflight
            $0.refused = answer
        }
    }

    static let pageCases = [
        Case("none", .cors, .warning, "CORS is not set up", cors([], [])),
        Case("others only", .cors, .note, "--origin", cors([], [("vary", "Accept, Origin")])),
        Case("others only, asked for", .cors, .problem, "$fastrelay_cors_origin") {
            cors([], [("vary", "Origin")])(&$0)
            $0.origin = "https://chat.example.org"
            $0.isOriginGiven = true
        },
        Case("none, asked for", .cors, .problem, "FASTRELAY_ORIGINS") {
            cors([], [])(&$0)
            $0.isOriginGiven = true
        },
        Case("preflight 401", .preflight, .problem, "refused (status 401)") {
            $0.preflight = .json("", status: 401, headers: allow("*"))
        },
        Case("preflight bare", .preflight, .problem, "without", cors([], allow("*"))),
        Case(
            "star for headers", .preflight, .problem, "header authorization",
            cors(
                [("access-control-allow-origin", "*"), ("access-control-allow-headers", "*")], allow("*"))),
        Case("star with name", .preflight, .ok, "granted", cors(allow("*"), allow("*"))),
        Case("error bare", .cors, .problem, "`add_header … always`", cors(allow("*"), [])),
        Case("twice", .cors, .problem, "twice", cors(allow("*"), allow("*", "*"))),
        Case("twice in one", .cors, .problem, "twice", cors(allow("*"), allow("*, *"))),
        Case("other page", .cors, .problem, "for https://x only", cors(allow("*"), allow("https://x"))),
        Case(
            "star and credentials", .cors, .warning, "browsers refuse",
            cors(allow("*"), allow("*") + [("access-control-allow-credentials", "true")])),
        Case(
            "any with credentials", .cors, .warning, "cookies",
            cors(
                allow("*"),
                allow(Observations.defaultOrigin, vary: "Origin")
                    + [("access-control-allow-credentials", "true")])),
        Case(
            "repeated without Vary", .cors, .warning, "Vary: Origin",
            cors(allow("*"), allow(Observations.defaultOrigin))),
        Case(
            "repeated", .cors, .ok, "may call",
            cors(allow("*"), allow(Observations.defaultOrigin, vary: "origin"))
        ),
        Case("error page", .errors, .warning, "page of its own") {
            $0.refused = .json("<html>", status: 401, headers: allow("*"))
        },
        Case("no refusal", .errors, .warning, "not answered with 401 (status 200)") {
            $0.refused = .json("{}", status: 200, headers: allow("*"))
        },
    ]

    static let flowCases = [
        Case("nginx's limit", .body, .problem, "(status 413); 1023 KiB pass") {
            $0.bodies = [(4 << 20, .json("", status: 413)), (1_047_552, .json(#"{"bytes":1047552}"#))]
        },
        Case(
            "Apache's limit", .body, .problem,
            "<If … Content-Length …>` block of apache/fastrelay-location.conf"
        ) {
            $0.first.headers.set("server", "Apache")
            $0.bodies = [(4 << 20, .json("", status: 413)), (1_047_552, .json(#"{"bytes":1047552}"#))]
        },
        Case("mod_fcgid's limit", .body, .problem, "mod_fcgid: `FcgidMaxRequestLen") {
            $0.first.headers.set("server", "Apache")
            $0.bodies = [(4 << 20, .json("", status: 500)), (102_400, .json(#"{"bytes":102400}"#))]
        },
        Case("no length passes", .body, .problem, "nor does a shorter one") {
            $0.bodies = [(4 << 20, .json("", status: 413)), (102_400, .failed(.cut))]
        },
        Case("the relay's limit", .body, .warning, "limits.bodyBytes") {
            $0.bodies = [
                (
                    4 << 20,
                    .json(#"{"error":{"message":"The request body is longer than 5 bytes."}}"#, status: 413)
                )
            ]
        },
        Case("a part", .body, .problem, "Of 4194304 bytes of a body, 8192 arrive") {
            $0.bodies = [(4 << 20, .json(#"{"bytes":8192}"#))]
        },
        Case("slow line", .body, .note, "too long to send") {
            $0.bodies = [(4 << 20, .failed(.totalTimedOut))]
        },
        Case("all at the end", .stream, .problem, "held back for up to 1.8 s") {
            $0.stream = .stream(arrivals: Array(repeating: 1900, count: 10))
        },
        Case("mod_proxy_scgi", .stream, .problem, "mod_proxy_scgi passes streams on by itself") {
            $0.first.headers.set("server", "Apache")
            $0.stream = .stream(arrivals: Array(repeating: 1900, count: 10))
        },
        Case("two lumps", .stream, .problem, "in lumps") {
            $0.stream = .stream(arrivals: [1000, 1000, 1000, 1000, 1000] + Array(repeating: 2000, count: 5))
        },
        Case("a hiccup", .stream, .warning, "up to 0.6 s") {
            $0.stream = .stream(arrivals: [50, 250, 450, 1250, 1250, 1250, 1250, 1450, 1650, 1850])
        },
        Case("a far server", .stream, .ok, "event by event") {
            $0.stream = .stream(arrivals: (0..<10).map { 900 + 200 * $0 + ($0 % 3) * 100 })
        },
        Case("cut short", .stream, .problem, "without all") {
            $0.stream = .stream(arrivals: [50, 250, 450])
        },
        Case("no stream", .stream, .problem, "(status 500)") { $0.stream = .json("", status: 500) },
        Case("busy", .stream, .warning, "could not be tried") { $0.stream = .json("", status: 503) },
        Case("rate limit", .body, .warning, "could not be tried (status 429)") {
            $0.bodies = [(4 << 20, .json("", status: 429))]
        },
        Case("gzip in lumps", .compression, .problem, "gzip off") {
            $0.compressed = .stream(arrivals: [1900, 1900], headers: [("content-encoding", "gzip")])
        },
        Case("gzip as it comes", .compression, .note, "without being held") {
            $0.compressed = .stream(arrivals: [50, 1850], headers: [("content-encoding", "br")])
        },
        Case("60 s", .wait, .problem, "after 60 s (status 504)") {
            $0.wait = .json("", status: 504)
            $0.wait?.duration = .seconds(60)
        },
        Case("60 s, cut", .silence, .problem, "fastcgi_read_timeout") { $0.silence = .failed(.cut) },
        Case("stream without end", .silence, .problem, "gives up") { $0.silence = .json(": waiting\n\n") },
        Case("probes busy", .wait, .warning, "could not be tried") {
            $0.wait = .json(#"{"error":{"message":"Too many","code":"overloaded"}}"#, status: 503)
        },
        Case("quick", .wait, .note, "--quick") {
            $0.isQuick = true
            $0.wait = nil
            $0.silence = nil
        },
    ]
}
