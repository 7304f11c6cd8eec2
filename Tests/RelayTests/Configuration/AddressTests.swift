import Relay
import Testing

@Suite struct AddressTests {
    @Test(arguments: [
        "https://api.1min.ai", "https://h:8443/a/b", "http://localhost:8080", "http://127.0.0.1",
        "http://10.1.2.3",
        "http://192.168.0.1:1", "http://172.31.0.1", "http://[::1]:9000", "http://[fd00::1]",
        "http://fake-onemin:80",
        "http://gateway.internal",
    ])
    func `a base URL is accepted`(text: String) throws {
        #expect(try UpstreamAddress(parsing: text).text == text)
    }

    @Test(arguments: [
        "", "api.1min.ai", "ftp://h", "https://", "https:///x", "https://h:0", "https://h:99999",
        "https://h:x",
        "https://u@h", "https://h?q", "https://h#f", "https://h /", "https://h\n", "https://é",
        "http://8.8.8.8",
        "http://172.32.0.1", "http://example.com", "http://[2001:db8::1]", "https://[::1",
        "http://2130706433",
    ])
    func `a base URL is refused`(text: String) {
        #expect(throws: UpstreamAddress.ParseError.self) { try UpstreamAddress(parsing: text) }
    }

    @Test func `slashes at the end are dropped`() throws {
        let address = try UpstreamAddress(parsing: "https://API.example/v1//")
        #expect(address.text == "https://API.example/v1")
        #expect(address.host == "api.example")
    }

    @Test(arguments: ["unix:/run/a.sock", "tcp:127.0.0.1:9000", "tcp:[::1]:9000", "tcp:host:0", "fd:0"])
    func `a listen address prints as it was read`(text: String) throws {
        #expect(try ListenAddress(parsing: text).description == text)
    }

    @Test(arguments: [
        "", "unix:", "unix:rel", "tcp:9000", "tcp::9000", "tcp:h:65536", "tcp:h:-1", "tcp:::1:80", "fd:",
        "fd:-1",
        "fd:x", "/run/x.sock", "unix:/" + String(repeating: "a", count: 107),
    ])
    func `a listen address is refused`(text: String) {
        #expect(throws: ListenAddress.ParseError.self) { try ListenAddress(parsing: text) }
    }
}
