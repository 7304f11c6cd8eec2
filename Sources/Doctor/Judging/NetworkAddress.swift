/// What kind of network an address belongs to.
enum NetworkAddress: Equatable {
    /// This machine itself.
    case loopback
    /// A network that the internet does not reach.
    case local
    /// Everything else.
    case global
    /// No address at all, such as `unix:`.
    case unknown

    /// An address in lower case, and without what a socket for both IPv4 and IPv6 puts before an IPv4 address.
    static func plain(_ text: String) -> String {
        let text = text.lowercased()
        return text.hasPrefix("::ffff:") && text.contains(".") ? String(text.dropFirst(7)) : text
    }

    /// Looks at an address as a web server or libcurl writes it.
    ///
    /// Private (RFC 1918), link-local (RFC 3927, RFC 4291), shared (RFC 6598) and unique local addresses (RFC 4193).
    init(_ text: String) {
        let text = Self.plain(text)
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        let numbers = labels.compactMap { UInt8($0) }
        if labels.count == 4, numbers.count == 4 {
            self =
                switch (numbers[0], numbers[1]) {
                case (127, _): .loopback
                case (10, _), (192, 168), (172, 16...31), (169, 254), (100, 64...127): .local
                default: .global
                }
        } else if text.contains(":"), text.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) {
            if text == "::1" {
                self = .loopback
            } else {
                let isLocal = ["fc", "fd", "fe8", "fe9", "fea", "feb"].contains { text.hasPrefix($0) }
                self = isLocal ? .local : .global
            }
        } else {
            self = .unknown
        }
    }
}
