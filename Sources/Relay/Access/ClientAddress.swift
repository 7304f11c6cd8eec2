import Wire

/// Where a request comes from, as the web server says it (`REMOTE_ADDR`).
struct ClientAddress: Sendable, Equatable {
    /// Who is counted together.
    enum Subject: Sendable, Equatable {
        /// One address of IPv4, also where it came in an IPv6 form.
        case ipv4(UInt32)
        /// The first 64 bits of IPv6: what follows is the client's own to choose
        /// (https://www.rfc-editor.org/rfc/rfc4291#section-2.5.1).
        case ipv6(UInt64)
        /// What is no address, such as `unix:` or nothing: everybody with the same first `maximumTextBytes` of it.
        case text(String)
    }

    /// Who is counted together with it.
    let subject: Subject
    /// The address; nil where it is none.
    private let address: IPAddress?

    /// How much of what is no address tells one from another, in bytes.
    static let maximumTextBytes = 64

    /// Reads what the web server says, whatever that is. Brackets, a port and a scope (`fe80::1%eth0`) are left out.
    init(_ remoteAddress: String) {
        let text = remoteAddress.utf8.span
        address = IPAddress(text.extracting(Self.bare(text)))?.unmapped
        guard let address else {
            subject = .text(remoteAddress)
            return
        }
        let counted = address.untranslated
        subject =
            counted.isIPv4 ? .ipv4(UInt32(truncatingIfNeeded: counted.low)) : .ipv6(counted.high)
    }

    /// Whether it lies in one of some networks. What is no address lies in none.
    func isContained(in networks: [NetworkBlock]) -> Bool {
        guard let address else { return false }
        return networks.contains { $0.contains(address) }
    }

    /// Where the address is in `[ADDRESS]`, `[ADDRESS]:PORT`, `IPV4:PORT` and `ADDRESS%SCOPE`.
    private static func bare(_ text: Span<UInt8>) -> Range<Int> {
        // No address is that long.
        guard text.count <= maximumTextBytes else { return text.indices }
        var (start, end) = (0, text.count)
        if text.count > 0, text[0] == UInt8(ascii: "[") {
            start = 1
            end = text.firstIndex(of: UInt8(ascii: "]"), from: 1) ?? text.count
        } else if let colon = text.firstIndex(of: UInt8(ascii: ":")),
            text.firstIndex(of: UInt8(ascii: ".")).map({ $0 < colon }) == true
        {
            // A dot before the first colon is one of IPv4; inside of IPv6 it comes after.
            end = colon
        }
        if let percent = text.firstIndex(of: UInt8(ascii: "%"), from: start), percent < end { end = percent }
        return start..<end
    }
}
