/// An address of IPv4 or IPv6. It holds no reference, and reading it allocates nothing.
struct IPAddress: Sendable, Hashable {
    /// Whether it has 4 bytes; else it has 16.
    let isIPv4: Bool
    /// The first 8 bytes of 16; 0 for IPv4.
    let high: UInt64
    /// The other 8; for IPv4 its 4 bytes are the last ones.
    let low: UInt64

    private init(ipv4: UInt32) {
        (isIPv4, high, low) = (true, 0, UInt64(ipv4))
    }

    private init(high: UInt64, low: UInt64) {
        (isIPv4, self.high, self.low) = (false, high, low)
    }

    /// Reads an address of 4 bytes in decimal with dots, or of 16 as RFC 4291, section 2.2, has it; nil for anything else.
    init?(_ text: Span<UInt8>) {
        for index in text.indices where text[index] == UInt8(ascii: ":") {
            guard let (high, low) = Self.ipv6(text) else { return nil }
            self.init(high: high, low: low)
            return
        }
        guard let number = Self.ipv4(text) else { return nil }
        self.init(ipv4: number)
    }

    /// How many bytes it has.
    var byteCount: Int { isIPv4 ? 4 : 16 }

    /// One of its bytes, the first one having index 0.
    subscript(index: Int) -> UInt8 {
        let position = isIPv4 ? index + 12 : index
        return UInt8(truncatingIfNeeded: (position < 8 ? high : low) >> UInt64(8 * (7 - (position & 7))))
    }

    /// All its bytes.
    var bytes: [UInt8] { (0..<byteCount).map { self[$0] } }

    /// The IPv4 address where it is one inside of IPv6 (`::ffff:0:0/96`), itself otherwise:
    /// https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.2
    var unmapped: IPAddress {
        guard !isIPv4, high == 0, low >> 32 == 0xFFFF else { return self }
        return IPAddress(ipv4: UInt32(truncatingIfNeeded: low))
    }

    /// The same for what a translator makes of IPv4 (`64:ff9b::/96`): https://www.rfc-editor.org/rfc/rfc6052#section-2.1
    var untranslated: IPAddress {
        guard !isIPv4, high == 0x0064_FF9B_0000_0000, low >> 32 == 0 else { return self }
        return IPAddress(ipv4: UInt32(truncatingIfNeeded: low))
    }
}

extension IPAddress {
    /// Four numbers, none with zeros in front: those are octal to some and decimal to others.
    private static func ipv4(_ text: Span<UInt8>) -> UInt32? {
        var address: UInt32 = 0
        var (number, digits, dots) = (UInt32(0), 0, 0)
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "."):
                guard digits > 0, dots < 3 else { return nil }
                address = address << 8 | number
                dots += 1
                (number, digits) = (0, 0)
            case let byte where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte):
                guard digits == 0 || number > 0 else { return nil }
                number = number * 10 + UInt32(byte - UInt8(ascii: "0"))
                digits += 1
                guard number < 256 else { return nil }
            default: return nil
            }
        }
        guard digits > 0, dots == 3 else { return nil }
        return address << 8 | number
    }

    /// Groups of up to four hexadecimal digits between colons, the last two perhaps as an IPv4 address, and one gap.
    private static func ipv6(_ text: Span<UInt8>) -> (high: UInt64, low: UInt64)? {
        let colon = UInt8(ascii: ":")
        var groups = [8 of UInt16](repeating: 0)
        var (count, index) = (0, 0)
        var gap: Int?
        if text.count >= 2, text[0] == colon, text[1] == colon { (gap, index) = (0, 2) }
        while index < text.count {
            guard count < 8 else { return nil }
            let start = index
            var group: UInt16 = 0
            while index < text.count, index - start < 4, let digit = hexadecimal(text[index]) {
                group = group << 4 | digit
                index += 1
            }
            if index > start, index < text.count, text[index] == UInt8(ascii: ".") {
                guard count <= 6, let ipv4 = ipv4(text.extracting(start...)) else { return nil }
                groups[count] = UInt16(truncatingIfNeeded: ipv4 >> 16)
                groups[count + 1] = UInt16(truncatingIfNeeded: ipv4)
                count += 2
                break
            }
            guard index > start else { return nil }
            groups[count] = group
            count += 1
            if index == text.count { break }
            guard text[index] == colon, index + 1 < text.count else { return nil }
            index += 1
            if text[index] == colon {
                guard gap == nil else { return nil }
                gap = count
                index += 1
            }
        }
        // A gap stands for one group of zeros or more.
        guard gap == nil ? count == 8 : count < 8 else { return nil }
        var (high, low) = (UInt64(0), UInt64(0))
        for position in 0..<8 {
            let head = gap ?? 8
            let source = position < head ? position : position - (8 - count)
            let group = position < head || source >= head ? groups[source] : 0
            high = high << 16 | low >> 48
            low = low << 16 | UInt64(group)
        }
        return (high, low)
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
