/// How memcached servers are written, of which there is no more here than whether it is right.
enum MemcachedAddress {
    /// The longest name that DNS has: https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4
    static let maximumHostBytes = 253

    /// Whether a text is `HOST`, `HOST:PORT`, `[IPV6]:PORT` or `unix:PATH`.
    static func isServer(_ text: String) -> Bool {
        if let path = text.removingPrefix("unix:") {
            return path.utf8.first == UInt8(ascii: "/") && !path.utf8.contains(0)
                && path.utf8.count <= ListenAddress.maximumPathBytes
        }
        if text.utf8.first == UInt8(ascii: "[") {
            guard let end = text.firstIndex(of: "]") else { return false }
            let rest = text[end...].dropFirst()
            return isIPv6(text[..<end].dropFirst()) && rest.first == ":" && isPort(rest.dropFirst())
        }
        guard let colon = text.firstIndex(of: ":") else { return isName(text[...]) }
        return isName(text[..<colon]) && isPort(text[colon...].dropFirst())
    }

    /// Whether a server is a Unix socket.
    static func isPath(_ server: String) -> Bool { server.hasPrefix("unix:") }

    /// Whether a text is a name or an address, IPv6 without brackets.
    static func isHost(_ text: String) -> Bool {
        isName(text[...]) || isIPv6(text[...])
    }

    /// A host and a port as `isServer` has them.
    static func server(host: String, port: Int) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    private static func isName(_ text: Substring) -> Bool {
        (1...maximumHostBytes).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
                    UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    private static func isIPv6(_ text: Substring) -> Bool {
        text.contains(":") && !text.contains("/") && NetworkBlock(String(text)) != nil
    }

    private static func isPort(_ text: Substring) -> Bool {
        guard (1...5).contains(text.utf8.count),
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = Int(text)
        else { return false }
        return (1...65535).contains(port)
    }
}

extension ConfigurationType where Value == String {
    /// `HOST`, `HOST:PORT`, `[IPV6]:PORT` or `unix:PATH`.
    static let memcachedServer = ConfigurationType("server") { (node, reader) throws(ConfigurationError) in
        let text = try reader.string(node)
        guard MemcachedAddress.isServer(text) else {
            throw reader.error(at: node, "a server is HOST, HOST:PORT, [IPV6]:PORT or unix:PATH")
        }
        return text
    } write: {
        .string($0)
    }

    /// A name or an address.
    static let memcachedHost = ConfigurationType("string") { (node, reader) throws(ConfigurationError) in
        let text = try reader.string(node)
        guard MemcachedAddress.isHost(text) else {
            throw reader.error(at: node, "expected a host's name or address")
        }
        return text
    } write: {
        .string($0)
    }

    /// 1 to 32 letters, digits, `-` and `_`: memcached's keys have no spaces, and at most 250 bytes.
    static let memcachedNamespace = ConfigurationType("string") { (node, reader) throws(ConfigurationError) in
        let text = try reader.string(node)
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isPlain, (1...32).contains(text.utf8.count) else {
            throw reader.error(at: node, "a namespace is 1 to 32 of a-z, A-Z, 0-9, \"-\" and \"_\"")
        }
        return text
    } write: {
        .string($0)
    }
}

extension Configuration.Memcached {
    /// How many servers there may be in all.
    static let maximumServers = 100

    /// All servers as `servers` has them, that of `host` last; empty means that there is none.
    public var allServers: [String] {
        servers + (host.map { [MemcachedAddress.server(host: $0, port: port)] } ?? [])
    }
}
