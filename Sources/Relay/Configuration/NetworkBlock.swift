/// A range of addresses, such as `10.0.0.0/8`, `192.168.1.7` or `fd00::/8`.
public struct NetworkBlock: Sendable, Equatable {
    /// The first address, 4 or 16 bytes, with zeros behind the prefix.
    public let address: [UInt8]
    /// How many bits all its addresses share.
    public let prefixLength: Int

    /// The first bytes of an IPv4 address inside of IPv6: https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.2
    private static let mappedPrefix = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]

    /// Reads the usual notation; nil for anything else. An address alone is a block of one.
    ///
    /// Bits behind the prefix are taken for zeros. A block inside of `::ffff:0:0/96` is one of IPv4.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parts[0].utf8.span)?.bytes else { return nil }
        var prefixLength = address.count * 8
        if parts.count == 2 {
            guard let number = Self.number(parts[1], maximumDigits: 3), number <= prefixLength else {
                return nil
            }
            prefixLength = number
        }
        self.init(address, prefixLength: prefixLength)
    }

    /// Makes a block around an address of 4 or 16 bytes.
    init(_ address: [UInt8], prefixLength: Int) {
        var address = address
        var prefixLength = prefixLength
        if prefixLength >= 96, let plain = Self.unmapped(address) {
            address = plain
            prefixLength -= 96
        }
        for index in address.indices {
            let bits = min(8, max(0, prefixLength - index * 8))
            address[index] &= ~UInt8(truncatingIfNeeded: 0xFF >> bits)
        }
        self.address = address
        self.prefixLength = prefixLength
    }

    /// Whether an address of 4 or 16 bytes belongs to it. An IPv4 address inside of IPv6 (`::ffff:0:0/96`) counts as IPv4.
    public func contains(_ address: [UInt8]) -> Bool {
        let candidate = Self.unmapped(address) ?? address
        return candidate.count == self.address.count
            && NetworkBlock(candidate, prefixLength: prefixLength).address == self.address
    }

    /// Whether an address belongs to it. This one allocates nothing.
    func contains(_ address: IPAddress) -> Bool {
        let candidate = address.unmapped
        guard candidate.byteCount == self.address.count else { return false }
        for (index, byte) in self.address.enumerated() {
            let bits = min(8, max(0, prefixLength - index * 8))
            let mask = ~UInt8(truncatingIfNeeded: 0xFF >> bits)
            guard candidate[index] & mask == byte else { return false }
        }
        return true
    }

    /// The IPv4 address inside of an IPv6 one; nil where there is none.
    private static func unmapped(_ address: [UInt8]) -> [UInt8]? {
        address.count == 16 && address.starts(with: mappedPrefix) ? Array(address[12...]) : nil
    }
}

extension NetworkBlock: CustomStringConvertible {
    /// The usual notation, IPv6 with neither zeros left out nor lines of them shortened.
    public var description: String {
        if address.count == 4 {
            return address.map { String($0) }.joined(separator: ".") + "/\(prefixLength)"
        }
        let groups = stride(from: 0, to: 16, by: 2).map { index in
            String(Int(address[index]) << 8 | Int(address[index + 1]), radix: 16)
        }
        return groups.joined(separator: ":") + "/\(prefixLength)"
    }
}

extension NetworkBlock {
    /// Decimal digits without a sign, and without a zero in front of others.
    private static func number(_ text: Substring, maximumDigits: Int) -> Int? {
        guard (1...maximumDigits).contains(text.utf8.count),
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            text.utf8.count == 1 || text.utf8.first != UInt8(ascii: "0")
        else { return nil }
        return Int(text)
    }
}
