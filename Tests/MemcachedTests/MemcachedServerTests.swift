import Testing

@testable import Memcached

/// How servers are written.
@Suite struct MemcachedServerTests {
    @Test(arguments: [
        ("cache", MemcachedServer.tcp(host: "cache", port: 11211)),
        ("cache-1.example.org:11212", .tcp(host: "cache-1.example.org", port: 11212)),
        ("10.0.0.1:65535", .tcp(host: "10.0.0.1", port: 65_535)),
        ("[::1]", .tcp(host: "::1", port: 11211)),
        ("[2001:db8::2]:1", .tcp(host: "2001:db8::2", port: 1)),
        ("[fe80::1%eth0]:11211", .tcp(host: "fe80::1%eth0", port: 11211)),
        ("unix:/run/memcached/socket", .unix(path: "/run/memcached/socket")),
        (
            "unix:/\(String(repeating: "a", count: 106))",
            .unix(path: "/" + String(repeating: "a", count: 106))
        ),
    ])
    func reads(_ text: String, _ server: MemcachedServer) {
        #expect(MemcachedServer(text) == server)
    }

    @Test(arguments: [
        "", ":11211", "cache:", "cache:0", "cache:65536", "cache:+1", "cache:011211", "cache:1:2", "cache: 1",
        "::1",
        "::1:11211", "[]", "[]:1", "[::1", "[::1]1", "[::1]:", "[cache]:1", "[::1]:x", "a b", "a/b",
        "/run/socket",
        "unix:", "unix:run/socket", "unix:/a\0b", "unix:/" + String(repeating: "a", count: 107),
        String(repeating: "a", count: 254), "tcp://cache:11211", "cäche",
    ])
    func refuses(_ text: String) {
        #expect(MemcachedServer(text) == nil)
    }

    @Test(arguments: ["cache:11211", "[::1]:7", "unix:/run/memcached/socket"])
    func writesWhatItReads(_ text: String) throws {
        #expect(try #require(MemcachedServer(text)).description == text)
    }

    @Test func namesThePortAlways() throws {
        #expect(try #require(MemcachedServer("cache")).description == "cache:11211")
    }
}
