extension NetworkBlock {
    /// Whether an address of 4 or 16 bytes is one of the internet: not private, loopback, link-local, multicast, reserved
    /// or a cloud's metadata service, also not by way of an IPv6 form of such an IPv4 address.
    ///
    /// https://www.iana.org/assignments/iana-ipv4-special-registry and …/iana-ipv6-special-registry
    public static func isPublic(_ address: [UInt8]) -> Bool {
        switch address.count {
        case 4: !notPublic4.contains { $0.contains(address) }
        case 16: isPublic6(address)
        default: false
        }
    }

    private static func isPublic6(_ address: [UInt8]) -> Bool {
        if mapped.contains(address) || translated.contains(address) { return isPublic(Array(address[12...])) }
        // Only this eighth of all addresses is given out: https://www.iana.org/assignments/ipv6-address-space
        guard globalUnicast.contains(address) else { return false }
        if sixToFour.contains(address) { return isPublic(Array(address[2..<6])) }
        return !notPublic6.contains { $0.contains(address) }
    }

    /// What is not globally reachable of IPv4, and what it would be foolish to call.
    private static let notPublic4 = blocks(
        // “This network”, RFC 791; Linux takes 0.0.0.0 for the machine itself.
        "0.0.0.0/8",
        // Private use, RFC 1918.
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
        // Shared between a provider and its customers, RFC 6598; 100.100.100.200 is Alibaba Cloud's metadata service.
        "100.64.0.0/10",
        // Loopback, RFC 1122.
        "127.0.0.0/8",
        // Link-local, RFC 3927; 169.254.169.254 is the metadata service of most clouds.
        "169.254.0.0/16",
        // Protocol assignments, RFC 6890; 192.0.0.192 is Oracle Cloud's metadata service.
        "192.0.0.0/24",
        // Documentation, RFC 5737.
        "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24",
        // Relays of 6to4 once, RFC 7526.
        "192.88.99.0/24",
        // Benchmarks, RFC 2544.
        "198.18.0.0/15",
        // Multicast, RFC 5771; reserved and broadcast, RFC 1112.
        "224.0.0.0/4", "240.0.0.0/4",
        // Azure's platform, which tells a machine about itself though the address is a public one:
        // https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
        "168.63.129.16/32")

    /// What is not globally reachable within `globalUnicast`. Nothing outside of it is: loopback, unique local (among it
    /// fd00:ec2::254, Amazon's metadata service), link-local, multicast, discard, local translation, segment routing.
    private static let notPublic6 = blocks(
        // Protocol assignments, RFC 2928, with Teredo in it, which carries IPv4 addresses and is no place for a server.
        "2001::/23",
        // Documentation, RFC 3849 and RFC 9637.
        "2001:db8::/32", "3fff::/20")

    private static let globalUnicast = NetworkBlock(literal: "2000::/3")
    /// IPv4 inside of IPv6, RFC 4291; and translated, RFC 6052: a network without IPv4 reaches it so.
    private static let mapped = NetworkBlock(literal: "::ffff:0:0/96")
    private static let translated = NetworkBlock(literal: "64:ff9b::/96")
    /// RFC 3056; the IPv4 address stands behind the prefix.
    private static let sixToFour = NetworkBlock(literal: "2002::/16")

    private static func blocks(_ literals: StaticString...) -> [NetworkBlock] {
        literals.map { NetworkBlock(literal: $0) }
    }

    /// A block of the tables above; one that cannot be read would be a mistake in them, and stands for everything.
    private init(literal: StaticString) {
        self = NetworkBlock("\(literal)") ?? NetworkBlock([0, 0, 0, 0], prefixLength: 0)
    }
}
