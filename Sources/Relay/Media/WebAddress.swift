/// An `https` address without credentials, and what a redirect makes of it.
///
/// https://www.rfc-editor.org/rfc/rfc3986
struct WebAddress: Sendable, Equatable {
    /// The address as it is called.
    let text: String
    private let authorityEnd: String.Index

    /// Reads an address; nil for other schemes, credentials in it, no host, or characters that an address cannot have.
    ///
    /// Letters of other languages are written as browsers send them.
    init?(_ address: String) {
        guard address.utf8.prefix(8).map({ $0 | 0x20 }) == Array("https://".utf8),
            address.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") })
        else { return nil }
        let text = Self.escaped(address)
        let start = text.utf8.index(text.startIndex, offsetBy: 8)
        let end = text[start...].firstIndex { "/?#".contains($0) } ?? text.endIndex
        guard start < end, !text[start..<end].contains("@") else { return nil }
        self.text = text
        authorityEnd = end
    }

    /// Where a `Location` leads; nil where that is no such address.
    func following(_ location: String) -> WebAddress? {
        if location.hasPrefix("//") { return WebAddress("https:" + location) }
        if location.hasPrefix("/") { return WebAddress(text[..<authorityEnd] + location) }
        if location.hasPrefix("?") { return WebAddress(path + location) }
        if Self.hasScheme(location) { return WebAddress(location) }
        let path = path
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "/"
        let base = folder.count > authority.count ? String(folder) : authority + "/"
        return WebAddress(base + location)
    }

    private var authority: String { String(text[..<authorityEnd]) }

    /// The address without query and fragment.
    private var path: String {
        let end = text[authorityEnd...].firstIndex { "?#".contains($0) } ?? text.endIndex
        return String(text[..<end])
    }

    private static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 >= 0x80 }) else { return text }
        return text.utf8.reduce(into: "") { escaped, byte in
            if byte < 0x80 {
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                escaped += "%" + String(byte, radix: 16, uppercase: true)
            }
        }
    }

    private static func hasScheme(_ text: String) -> Bool {
        guard let colon = text.firstIndex(of: ":") else { return false }
        let slash = text.firstIndex { "/?#".contains($0) } ?? text.endIndex
        return colon < slash
    }
}
