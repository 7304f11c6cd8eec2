import Testing

@testable import Relay

@Suite struct WebAddressTests {
    @Test(arguments: [
        "https://example.org/a.png", "HTTPS://example.org", "https://example.org:8443/a?b=c#d",
        "https://[2001:db8::1]/", "https://127.0.0.1/",
    ])
    func addresses(_ text: String) {
        #expect(WebAddress(text)?.text == text)
    }

    @Test(arguments: [
        "", "http://example.org/", "ftp://example.org/", "file:///etc/passwd", "https://", "https:///a",
        "https://user:secret@example.org/", "https://example.org\\@127.0.0.1/", "https://example.org/a b",
        "https://example.org/\r\nx: y", "//example.org/", "data:image/png;base64,AAAA",
    ])
    func othersAreNone(_ text: String) {
        #expect(WebAddress(text) == nil)
    }

    @Test func lettersOfOtherLanguagesAreEscaped() {
        #expect(WebAddress("https://example.org/ä.png")?.text == "https://example.org/%C3%A4.png")
    }

    @Test(arguments: [
        ("https://other.example/x", "https://other.example/x"),
        ("//other.example/x", "https://other.example/x"),
        ("/x", "https://example.org/x"),
        ("x.png", "https://example.org/a/x.png"),
        ("?c=d", "https://example.org/a/b?c=d"),
        ("../x", "https://example.org/a/../x"),
    ])
    func redirects(_ location: String, _ expected: String) {
        #expect(WebAddress("https://example.org/a/b?q=1")?.following(location)?.text == expected)
    }

    @Test(arguments: ["http://example.org/", "ftp://example.org/", "javascript:alert(1)"])
    func redirectsElsewhereAreNotFollowed(_ location: String) {
        #expect(WebAddress("https://example.org/")?.following(location) == nil)
    }
}
