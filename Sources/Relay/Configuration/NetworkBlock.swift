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
        guard let address = Self.address(parts[0]) else { return nil }
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
    /// An address of 4 bytes in decimal with dots, or of 16 as RFC 4291, section 2.2, has it; nil for anything else.
    private static func address(_ text: Substring) -> [UInt8]? {
        text.utf8.contains(UInt8(ascii: ":")) ? ipv6(text) : ipv4(text)
    }

    /// Four numbers, none with zeros in front: those are octal to some and decimal to others.
    private static func ipv4(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard let number = number(part, maximumDigits: 3), number < 256 else { return nil }
            bytes.append(UInt8(number))
        }
        return bytes
    }

    private static func ipv6(_ text: Substring) -> [UInt8]? {
        guard let gap = text.firstRange(of: "::") else {
            return groups(text).flatMap { $0.count == 16 ? $0 : nil }
        }
        // A second gap leaves an empty group, which is none.
        guard let head = groups(text[..<gap.lowerBound]), !text[..<gap.lowerBound].contains("."),
            let tail = groups(text[gap.upperBound...]), head.count + tail.count <= 14
        else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    /// Groups of up to four hexadecimal digits between colons, the last two perhaps as an IPv4 address.
    private static func groups(_ text: Substring) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        var bytes: [UInt8] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, part.contains(".") {
                guard let ipv4 = ipv4(part) else { return nil }
                bytes += ipv4
            } else {
                let isHexadecimal = part.utf8.allSatisfy { Character(UnicodeScalar($0)).isHexDigit }
                guard isHexadecimal, (1...4).contains(part.utf8.count), let group = UInt16(part, radix: 16)
                else { return nil }
                bytes += [UInt8(group >> 8), UInt8(group & 0xFF)]
            }
        }
        return bytes
    }

    /// Decimal digits without a sign, and without a zero in front of others.
    private static func number(_ text: Substring, maximumDigits: Int) -> Int? {
        guard (1...maximumDigits).contains(text.utf8.count),
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            text.utf8.count == 1 || text.utf8.first != UInt8(ascii: "0")
        else { return nil }
        return Int(text)
    }
}
