import Curl
import Testing
import Wire

@testable import Doctor

/// What one thing that is wrong leads to.
struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let check: Finding.Check
    let level: Finding.Level
    let words: String
    let url: String
    let spoil: @Sendable (inout Observations) -> Void

    init(
        _ name: String, _ check: Finding.Check, _ level: Finding.Level, _ words: String,
        url: String = "https://relay.example.org/v1",
        _ spoil: @escaping @Sendable (inout Observations) -> Void
    ) {
        testDescription = name
        self.check = check
        self.level = level
        self.words = words
        self.url = url
        self.spoil = spoil
    }
}

@Suite struct DiagnosisTests {
    @Test func `a deployment at which nothing is wrong has nothing but right`() throws {
        let findings = Diagnosis.findings(for: try .right())
        #expect(findings.filter { $0.level != .ok } == [])
        #expect(findings.map(\.check) == Finding.Check.allCases)
        #expect(findings.allSatisfy { $0.advice == nil })
    }

    @Test(
        arguments: connectionCases + identityCases + requestCases + pageCases + flowCases
    )
    func `what is wrong is said, and only that`(_ wrong: Case) throws {
        var seen = try Observations.right(wrong.url)
        wrong.spoil(&seen)
        let findings = Diagnosis.findings(for: seen)
        let found = try #require(findings.first { $0.check == wrong.check })
        #expect(found.level == wrong.level)
        let all = found.message + " " + (found.advice ?? "")
        #expect(all.contains(wrong.words), "\(all)")
        #expect((found.level > .note) == (found.advice != nil))
        if wrong.level > .ok {
            #expect(findings.allSatisfy { $0.check == wrong.check || $0.level <= .note }, "\(findings)")
        }
        let order = findings.map { Finding.Check.allCases.firstIndex(of: $0.check) ?? -1 }
        #expect(order == order.sorted())
    }

    static let connectionCases = [
        Case("no name", .reach, .problem, "no address") { $0.first = .failed(.unreachable, 6) },
        Case("refused", .reach, .problem, "Nobody listens") { $0.first = .failed(.unreachable, 7) },
        Case("dropped", .reach, .problem, "firewall") { $0.first = .failed(.connectTimedOut, 28) },
        Case("silent", .reach, .problem, "does not answer") { $0.first = .failed(.totalTimedOut) },
        Case("cut", .reach, .problem, "breaks off") { $0.first = .failed(.cut, 52) },
        Case("no TLS", .tls, .problem, "does not agree on TLS") { $0.first = .failed(.tls, 35) },
        Case("old TLS", .tls, .problem, "TLSv1.1") { $0.first.connection.tlsVersion = "TLSv1.1" },
        Case("old TLS as well", .tls, .warning, "SSLProtocol") { $0.oldTLS = .json("", status: 200) },
        Case("13 days", .certificate, .warning, "expires in 13 days") { $0.now += (41 - 13) * 86_400 },
        Case("14 days", .certificate, .ok, "14 more days") { $0.now += (41 - 14) * 86_400 },
        Case("expired", .certificate, .problem, "has expired") { $0.breakCertificate(10) },
        Case("own", .certificate, .problem, "nobody but itself") { $0.breakCertificate(18) },
        Case("unknown authority", .certificate, .problem, "fullchain.pem") { $0.breakCertificate(20) },
        Case("other name", .certificate, .problem, "another name than relay.example.org") {
            $0.breakCertificate(1)
        },
        Case("in clear", .tls, .problem, "public network", url: "http://relay.example.org") {
            $0.clear = nil
        },
        Case("in clear at home", .tls, .warning, "private network", url: "http://relay.example.org") {
            $0.clear = nil
            $0.first.connection.remoteAddress = "192.168.1.5"
            $0.first.tell("client_address", "192.168.1.20")
        },
        Case("in clear on itself", .tls, .ok, "none is needed", url: "http://localhost:8080") {
            $0.clear = nil
            $0.first.connection.remoteAddress = "::1"
            $0.first.connection.localAddress = "::1"
            $0.first.tell("client_address", "::1")
        },
        Case("also in clear", .clear, .warning, "403") { $0.clear = $0.first },
        Case("redirect to TLS", .clear, .note, "redirects") { $0.clear = .json("", status: 301) },
        Case("refused in clear", .clear, .ok, "does not answer") { $0.clear = .json("", status: 403) },
    ]

    static let identityCases = [
        Case("a shop", .relay, .problem, "answers 200, by shop") {
            $0.first = .json("<html>", headers: [("server", "shop")])
        },
        Case("other JSON", .relay, .problem, "not a Fastrelay") { $0.first = .json(#"{"relay":"slow"}"#) },
        Case("another relay", .relay, .problem, "not a Fastrelay") {
            $0.first = .json(#"{"error":{"message":"Invalid URL","code":"unknown_url"}}"#, status: 404)
        },
        Case("an old one", .relay, .problem, "has no probes") {
            $0.first = .json(
                #"{"error":{"message":"Unknown request URL: GET /v1/health/request.","code":"unknown_url"}}"#,
                status: 404, headers: [("x-request-id", "x")])
        },
        Case("mount not told", .mount, .problem, "fastrelay_mount /relay", url: "https://a/relay/v1") {
            $0.first = .json(
                #"{"error":{"message":"Unknown request URL: GET /relay/v1/health/request.","code":"unknown_url"}}"#,
                status: 404, headers: [("x-request-id", "x")])
        },
        Case("redirect", .relay, .problem, "https://b/?[31m.") {
            $0.first = .json("", status: 308, headers: [("location", "https://b/?\u{1B}[31m")])
        },
        Case("no worker", .relay, .problem, "does not reach the relay: gone") {
            $0.first = .json(#"{"error":{"message":"gone."}}"#, status: 502)
        },
        Case("https wanted", .relay, .problem, "https://a/relay/v1 here", url: "http://a:8080/relay") {
            $0.first = .json(
                #"{"error":{"message":"Use https.","code":"https_required"}}"#, status: 403)
        },
        Case("TLS, nginx", .relay, .problem, "https://a:8443/v1", url: "http://a:8443/v1") {
            $0.first = .json(
                "<center>The plain HTTP request was sent to HTTPS port</center>", status: 400)
        },
        Case("TLS, Apache", .relay, .problem, "speaks TLS", url: "http://a:8443") {
            $0.first = .json(
                "<p>Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />", status: 400)
        },
        Case("TLS, Caddy", .relay, .problem, "speaks TLS", url: "http://a:8443") {
            $0.first = .json("Client sent an HTTP request to an HTTPS server.\n", status: 400)
        },
        Case("TLS, reason replaced", .relay, .problem, "If this port speaks TLS", url: "http://localhost") {
            $0.first = .json(#"{"error":{"message":"no","code":"bad_request"}}"#, status: 400)
            $0.first.connection.remoteAddress = "127.0.0.1"
        },
        Case("password", .relay, .problem, "refuses access (401)") { $0.first = .json("", status: 401) },
    ]

    static let requestCases = [
        Case("no /v1 given", .mount, .ok, "https://a/relay/v1", url: "https://a/relay") {
            $0.first.tell("mount", "/relay")
        },
        Case("other mount", .mount, .note, "it were /x", url: "https://a/relay") {
            $0.first.tell("mount", "/x")
        },
        Case("HTTP/1.1", .http, .note, "HTTP/1.1 only") { $0.first.connection.httpVersion = "HTTP/1.1" },
        Case("no id", .requestID, .warning, "no x-request-id") {
            $0.first.headers = HeaderFields([("server", "nginx")])
        },
        Case("another id", .requestID, .note, "does not come back") {
            $0.first.headers.set("x-request-id", "other")
        },
        Case("no bearer, Apache", .authorization, .problem, "CGIPassAuth On") {
            $0.first.tell("authorization", false)
            $0.first.headers.set("server", "Apache/2.4.62 (Debian)")
        },
        Case("no bearer, nginx", .authorization, .problem, #"`proxy_set_header Authorization ""`"#) {
            $0.first.tell("authorization", false)
        },
        Case("no x-api-key", .authorization, .warning, "x-api-key") { $0.first.tell("x_api_key", false) },
        Case("proxy's address", .address, .warning, "set_real_ip_from") {
            $0.first.tell("client_address", "10.0.0.5")
        },
        Case("loopback", .address, .warning, "127.0.0.1 instead") {
            $0.first.tell("client_address", "127.0.0.1")
        },
        Case("header unused", .address, .warning, "in x-forwarded-for") {
            $0.first.tell("client_address", "172.17.0.1")
            $0.first.tell("forwarded_by", ["x-forwarded-for"])
        },
        Case("unix", .address, .warning, "no address") { $0.first.tell("client_address", "unix:") },
        Case("not told", .address, .warning, "not told who") { $0.first.tell("client_address", "") },
        Case("network", .address, .note, "not one of Cloudflare's") { $0.first.headers.set("cf-ray", "1") },
        Case("own address", .address, .ok, "own address, 192.168.1.20") {
            $0.first.tell("client_address", "192.168.1.20")
        },
        Case("no health", .health, .note, "/health does not reach") { $0.health = .json("", status: 404) },
        Case("no key", .key, .note, "No key was given") {
            $0.key = nil
            $0.hasKey = false
        },
        Case("unsafe", .key, .note, "not sent") { $0.key = nil },
        Case("bad key", .key, .problem, "does not take the key: bad") {
            $0.key = .json(#"{"accepted":false,"message":"bad"}"#)
        },
        Case("vendor away", .key, .warning, "could not be seen: away") {
            $0.key = .json(#"{"accepted":null,"message":"away"}"#)
        },
        Case("key lost", .key, .problem, "no key came") { $0.key = .json("", status: 401) },
        Case("key cut", .key, .warning, "could not be tried: it failed") { $0.key = .failed(.cut) },
    ]
}

extension Observations {
    /// Makes the certificate one that is refused, for a reason in OpenSSL's numbers.
    fileprivate mutating func breakCertificate(_ reason: Int) {
        unverified = first
        first = .failed(.tls, 60)
        first.connection.verifyResult = reason
        key = nil
    }
}

extension Reply {
    /// Changes a member of the JSON in it.
    fileprivate mutating func tell(_ name: String, _ value: JSONValue) {
        var object = json.objectValue ?? JSONObject()
        object[name] = value
        pieces = [Piece(time: .zero, bytes: JSONValue.object(object).serialized())]
    }
}
