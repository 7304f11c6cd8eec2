import Curl
import Relay
import Testing
import Wire

@testable import Doctor

@Suite struct DoctorPartsTests {
    @Test(arguments: [
        ("https://relay.example.org/v1", "https://relay.example.org", "", true),
        ("https://Relay.example.org", "https://relay.example.org", "", false),
        ("http://127.0.0.1:8080/relay/v1/", "http://127.0.0.1:8080", "/relay", true),
        ("HTTPS://[2001:DB8::1]:8443/a/b//", "https://[2001:db8::1]:8443", "/a/b", false),
        ("https://a/xv1", "https://a", "/xv1", false), ("https://a:443/v1", "https://a", "", true),
        ("https://a/relay/v1/chat/completions", "https://a", "/relay", true),
        ("https://a/v1/models/", "https://a", "", true), ("https://a/v1/messages", "https://a", "", true),
        ("https://a//responses", "https://a", "", false),
        ("https://a/xmodels", "https://a", "/xmodels", false),
        ("http://a:80", "http://a", "", false), ("https://a:80", "https://a:80", "", false),
    ])
    func `a URL is taken apart`(text: String, origin: String, mount: String, hasVersion: Bool) throws {
        let url = try DeploymentURL(parsing: text)
        #expect(url.origin == origin)
        #expect(url.mount == mount)
        #expect(url.hasVersion == hasVersion)
        #expect(url.base == origin + mount + "/v1")
    }

    @Test(arguments: [
        "", "relay.example.org", "ftp://a", "https://", "https:///v1", "https://a:0", "https://a:65536",
        "https://a:b", "https://u:p@a", "https://a/?x", "https://a/#x", "https://a b", "https://ä",
        "https://[::1",
        "https://a\\b", "https://" + String(repeating: "a", count: 3000),
    ])
    func `another URL is refused without being repeated`(text: String) throws {
        let error = try #require(throws: DeploymentURL.ParseError.self) { try DeploymentURL(parsing: text) }
        #expect(text.isEmpty || !error.message.contains(text))
    }

    @Test func `only the usual port has a counterpart in clear`() throws {
        #expect(try DeploymentURL(parsing: "https://a/r/v1").clearURL("/x") == "http://a/r/x")
        #expect(try DeploymentURL(parsing: "https://a:8443").clearURL("/x") == nil)
        #expect(try DeploymentURL(parsing: "http://a").clearURL("/x") == nil)
    }

    @Test(arguments: [
        ("127.0.0.1", NetworkAddress.loopback), ("::1", .loopback), ("::ffff:127.9.9.9", .loopback),
        ("10.1.2.3", .local), ("172.16.0.1", .local), ("172.32.0.1", .global), ("192.168.0.1", .local),
        ("169.254.1.1", .local), ("100.64.0.1", .local), ("100.128.0.1", .global), ("fd00::1", .local),
        ("fe80::1", .local), ("2001:db8::1", .global), ("8.8.8.8", .global), ("unix:", .unknown),
        ("", .unknown),
        ("256.1.1.1", .unknown), ("localhost", .unknown),
    ])
    func `addresses are known by their network`(text: String, kind: NetworkAddress) {
        #expect(NetworkAddress(text) == kind)
    }

    @Test(arguments: [
        ("Jan  1 00:00:00 1970 GMT", 0), ("Nov 21 00:00:00 2026 GMT", 1_795_219_200),
        ("Feb 29 23:59:59 2096 GMT", 3981398399), ("Nov 21 00:00:00 2026 CET", nil), ("soon", nil),
        ("Nov 41 00:00:00 2026 GMT", nil), ("Nov 21 00:00 2026 GMT", nil),
    ])
    func `dates of certificates are read`(text: String, seconds: Int?) {
        #expect(CertificateDate.seconds(text) == seconds)
    }

    @Test(arguments: [
        ("nginx/1.22.1", WebServer.Kind.nginx), ("openresty", .nginx), ("Apache/2.4.62", .apache),
        ("lighttpd/1.4.69", .lighttpd), ("Caddy", .caddy), ("LiteSpeed", .liteSpeed), ("shop", nil),
        (nil, nil),
    ])
    func `servers are known by their name`(field: String?, kind: WebServer.Kind?) {
        var headers = HeaderFields()
        if let field { headers.add("server", field) }
        #expect(WebServer(headers).kind == kind)
    }

    @Test func `an unknown server gets the advice for all`() {
        let advice = WebServer(HeaderFields([("cf-ray", "x"), ("server", "cloudflare")])).advice(.streaming)
        for words in [
            "fastcgi_buffering off", "flushpackets=on", "FcgidOutputBufferSize 0",
            "server.stream-response-body", "flush_interval -1", "Cloudflare:",
        ] {
            #expect(advice.contains(words))
        }
    }

    @Test func `a report never shows the key, nor lines that are too long`() throws {
        var seen = try Observations.right()
        seen.key = .json(#"{"accepted":false,"message":"no such key: sk-canary, sk-canary"}"#)
        seen.first.headers.set("server", "nginx sk-canary")
        let report = Report(seen, key: Secret("sk-canary"))
        #expect(!report.text().contains("canary") && !report.json().contains("canary"))
        #expect(report.text().contains("•••"))
        #expect(report.text().split(separator: "\n").allSatisfy { $0.count <= 100 })
        #expect(report.worst == .problem)
        let value = try JSONValue(parsing: Array(report.json().utf8))
        #expect(value["worst"]?.stringValue == "problem")
        #expect(value["url"]?.stringValue == "https://relay.example.org/v1")
        let levels = value["findings"]?.arrayValue?.compactMap { $0["level"]?.stringValue } ?? []
        #expect(levels.count { $0 == "problem" } == 1 && levels.count == Finding.Check.allCases.count)
        #expect(report.text().hasSuffix("https://relay.example.org/v1: 1 problem, 19 ok\n"))
    }

    @Test func `a stranger's text is cut and cannot steer a terminal`() {
        #expect(Text.shown("a\u{1B}[2J\u{9B}b\u{202E}c\n") == "a[2Jbc")
        #expect(Text.shown(String(repeating: "x", count: 1000)).count == 161)
    }

    @Test func `an unmatched URL in clear keeps the key at home`() throws {
        var seen = try Observations.right("http://relay.example.org")
        #expect(!seen.isSafeForKey)
        seen.first.connection.remoteAddress = "10.0.0.1"
        #expect(seen.isSafeForKey)
        seen.first.connection.remoteAddress = ""
        #expect(!seen.isSafeForKey)
        seen = try Observations.right()
        #expect(seen.isSafeForKey)
        seen.unverified = seen.first
        #expect(!seen.isSafeForKey)
    }
}
