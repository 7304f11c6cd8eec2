import Testing

@testable import Relay

@Suite struct ClientAddressTests {
    @Test(
        arguments: [
            ("192.0.2.7", 0xC000_0207), ("0.0.0.0", 0), ("255.255.255.255", 0xFFFF_FFFF),
            ("::ffff:192.0.2.7", 0xC000_0207), ("::FFFF:c000:0207", 0xC000_0207),
            ("[::ffff:192.0.2.7]", 0xC000_0207),
            ("64:ff9b::192.0.2.7", 0xC000_0207), ("192.0.2.7:4711", 0xC000_0207),
            ("192.0.2.7%eth0", 0xC000_0207),
        ] as [(String, UInt32)])
    func `all of an IPv4 address counts`(text: String, expected: UInt32) {
        #expect(ClientAddress(text).subject == .ipv4(expected))
    }

    @Test(
        arguments: [
            ("2001:db8:1:2:3:4:5:6", 0x2001_0db8_0001_0002), ("2001:db8:1:2::", 0x2001_0db8_0001_0002),
            ("2001:DB8:1:2:ffff::1", 0x2001_0db8_0001_0002), ("[2001:db8:1:2::7]", 0x2001_0db8_0001_0002),
            ("[2001:db8:1:2::7]:4711", 0x2001_0db8_0001_0002),
            ("2001:db8:1:2::192.0.2.7", 0x2001_0db8_0001_0002),
            ("fe80::1%eth0", 0xfe80_0000_0000_0000), ("[fe80::1%eth0.7]", 0xfe80_0000_0000_0000),
            ("fe80::192.0.2.7%a:b", 0xfe80_0000_0000_0000), ("::1", 0), ("::", 0), ("::192.0.2.7", 0),
            ("2001:db8:1:3::", 0x2001_0db8_0001_0003),
        ] as [(String, UInt64)])
    func `the first half of an IPv6 address counts`(text: String, expected: UInt64) {
        #expect(ClientAddress(text).subject == .ipv6(expected))
    }

    @Test(arguments: [
        "", "unix:", "unix", "localhost", "[", "[]", "%", "[%", "::1]", "1.2.3", "1.2.3.4.5", "1.2.3.256",
        "01.2.3.4",
        " 1.2.3.4", "1.2.3.4 ", "1.2.3.4, 5.6.7.8", "12345::", "1:2:3", "ж", "@/run/client.sock",
        "::1" + String(repeating: " ", count: 100),
    ])
    func `anything else counts for itself`(text: String) {
        #expect(ClientAddress(text).subject == .text(text))
        #expect(!ClientAddress(text).isContained(in: ["0.0.0.0/0", "::/0"].compactMap(NetworkBlock.init)))
    }

    @Test(arguments: [
        ("192.0.2.7", "192.0.2.0/24", true), ("192.0.3.7", "192.0.2.0/24", false),
        ("192.0.2.7", "::/0", false),
        ("::ffff:192.0.2.7", "192.0.2.7", true), ("2001:db8::7", "2001:db8::7", true),
        ("2001:db8::8", "2001:db8::7", false), ("2001:db8:7fff::", "2001:db8::/33", true),
        ("2001:db8:8000::", "2001:db8::/33", false), ("fe80::1%eth0", "fe80::/10", true),
        ("192.0.2.7", "0.0.0.0/0", true), ("::1", "0.0.0.0/0", false), ("127.0.0.1", "127.0.0.0/8", true),
        ("192.0.2.5", "192.0.2.4/31", true), ("192.0.2.6", "192.0.2.4/31", false),
    ])
    func `networks contain it or not`(text: String, network: String, isInside: Bool) throws {
        let network = try #require(NetworkBlock(network))
        let other = try #require(NetworkBlock("203.0.113.0/24"))
        #expect(ClientAddress(text).isContained(in: [network]) == isInside)
        #expect(ClientAddress(text).isContained(in: [other, network]) == isInside)
        #expect(!ClientAddress(text).isContained(in: []))
    }
}
