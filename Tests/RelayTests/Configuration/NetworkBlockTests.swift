import Relay
import Testing

@Suite struct NetworkBlockTests {
    private static func bytes(_ text: String) throws -> [UInt8] {
        let block = try #require(NetworkBlock(text), "\(text)")
        return block.address
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.0.0.0/8"), ("192.168.1.7", "192.168.1.7/32"), ("10.1.2.3/8", "10.0.0.0/8"),
        ("0.0.0.0/0", "0.0.0.0/0"), ("172.31.255.255/12", "172.16.0.0/12"),
        ("255.255.255.255/31", "255.255.255.254/31"), ("::", "0:0:0:0:0:0:0:0/128"),
        ("::/0", "0:0:0:0:0:0:0:0/0"), ("::1", "0:0:0:0:0:0:0:1/128"),
        ("fd00::/8", "fd00:0:0:0:0:0:0:0/8"), ("FE80::1/10", "fe80:0:0:0:0:0:0:0/10"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8/128"), ("1::8/127", "1:0:0:0:0:0:0:8/127"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0/128"), ("64:ff9b::192.0.2.33", "64:ff9b:0:0:0:0:c000:221/128"),
        ("::ffff:10.1.2.3", "10.1.2.3/32"), ("::ffff:a00:0/104", "10.0.0.0/8"),
        ("::ffff:0:0/96", "0.0.0.0/0"), ("::ffff:0:0/95", "0:0:0:0:0:fffe:0:0/95"),
    ])
    func `the usual notation is read`(text: String, expected: String) throws {
        #expect(try #require(NetworkBlock(text)).description == expected)
    }

    @Test(arguments: [
        "", "/", "/8", "10", "10.0.0", "10.0.0.0.0", "10.0.0.256", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08",
        "10.0.0.0/-1", "10.0.0.0/+8", "010.0.0.1", "10.0.0.0 ", " 10.0.0.0", "10..0.0", "0x7f.0.0.1",
        "10.0.0.0/8/8", "localhost", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3",
        "1:2:3:4:5:6:7:8::", "::12345", "::g", "::1/129", "1.2.3.4::", "::1.2.3", "::1.2.3.4:5", "[::1]",
        "fe80::1%eth0", "1:2:3:4:5:6:7:1.2.3.4", "::+1", "١.0.0.0",
    ])
    func `anything else is not`(text: String) {
        #expect(NetworkBlock(text) == nil)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.255.255", true), ("10.0.0.0/8", "11.0.0.0", false),
        ("192.168.1.7", "192.168.1.7", true), ("192.168.1.7", "192.168.1.6", false),
        ("172.16.0.0/12", "172.31.0.1", true), ("172.16.0.0/12", "172.32.0.1", false),
        ("0.0.0.0/0", "203.0.113.5", true), ("fd00::/8", "fdff::1", true), ("fd00::/8", "fc00::1", false),
        ("::1", "::1", true), ("10.0.0.0/8", "::ffff:10.1.1.1", true), ("::/0", "10.0.0.1", false),
        ("0.0.0.0/0", "::1", false), ("2001:db8::/33", "2001:db8:7fff::", true),
        ("2001:db8::/33", "2001:db8:8000::", false),
    ])
    func `an address belongs to it or not`(block: String, address: String, isInside: Bool) throws {
        #expect(try #require(NetworkBlock(block)).contains(try Self.bytes(address)) == isInside)
    }

    @Test func `an IPv4 address in its IPv6 form counts as IPv4`() throws {
        let mapped = [UInt8](repeating: 0, count: 10) + [255, 255, 10, 0, 0, 1]
        #expect(try #require(NetworkBlock("10.0.0.0/8")).contains(mapped))
        #expect(try #require(NetworkBlock("::/0")).contains(mapped) == false)
        #expect(!NetworkBlock.isPublic(mapped))
        #expect(NetworkBlock.isPublic(mapped.dropLast(4) + [8, 8, 8, 8]))
    }

    /// First and last address of each block that IANA's registries call not globally reachable, and of multicast.
    @Test(arguments: [
        "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255",
        "127.0.0.0", "127.0.0.1", "127.255.255.255", "169.254.0.0", "169.254.255.255", "172.16.0.0",
        "172.31.255.255", "192.0.0.0", "192.0.0.255", "192.0.0.8", "192.0.0.170", "192.0.2.0",
        "192.0.2.255", "192.88.99.0", "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255",
        "198.51.100.0", "198.51.100.255", "203.0.113.0", "203.0.113.255", "224.0.0.0", "239.255.255.255",
        "240.0.0.0", "255.255.255.255",
        "::", "::1", "::127.0.0.1", "::8.8.8.8", "64:ff9b:1::", "64:ff9b:1:ffff::808:808", "100::",
        "100::ffff:ffff:ffff:ffff", "100:0:0:1::", "2001::", "2001:1ff:ffff::", "2001:2::1", "2001:10::1",
        "2001:db8::", "2001:db8:ffff::1", "3fff::", "3fff:fff::1", "5f00::", "fc00::", "fdff::1", "fe80::1",
        "febf::1", "fec0::1", "ff00::", "ff02::1", "1fff::", "4000::",
    ])
    func `what the registries keep from the internet is not public`(address: String) throws {
        #expect(!NetworkBlock.isPublic(try Self.bytes(address)))
    }

    @Test(arguments: [
        "169.254.169.254", "168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254",
        "::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "64:ff9b::a9fe:a9fe",
    ])
    func `metadata services of clouds are not public`(address: String) throws {
        #expect(!NetworkBlock.isPublic(try Self.bytes(address)))
    }

    /// `2002:`, then the address. Teredo has the client's with all bits turned over at its end:
    /// https://www.rfc-editor.org/rfc/rfc4380#section-4
    @Test(arguments: [
        "64:ff9b::10.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::192.168.1.1", "2002:a00:1::", "2002:7f00:1::1",
        "2002:c0a8:101::1", "2002:a9fe:a9fe::", "2001:0:4136:e378:8000:63bf:f5ff:fffe",
        "2001:0:a00:1:0:0:f7f7:f7f7",
    ])
    func `forms of private addresses are not public either`(address: String) throws {
        #expect(!NetworkBlock.isPublic(try Self.bytes(address)))
    }

    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.0", "168.63.129.15", "168.63.129.17", "169.253.255.255", "169.255.0.0", "172.15.255.255",
        "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.3.0", "192.31.196.1", "192.52.193.1",
        "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0", "192.175.48.1", "198.17.255.255",
        "198.20.0.0", "198.51.99.255", "203.0.112.255", "203.0.114.0", "223.255.255.255",
        "2000::1", "2001:200::1", "2001:4860:4860::8888", "2001:db7:ffff::1", "2001:db9::1",
        "2606:4700::1111",
        "2620:4f:8000::1", "2a00:1450::1", "3ffe::1", "3fff:1000::1", "64:ff9b::8.8.8.8", "2002:808:808::1",
    ])
    func `all else is public`(address: String) throws {
        #expect(NetworkBlock.isPublic(try Self.bytes(address)))
    }

    @Test(arguments: [0, 1, 3, 5, 15, 17])
    func `bytes that are no address are not public`(count: Int) {
        #expect(!NetworkBlock.isPublic([UInt8](repeating: 8, count: count)))
    }
}
