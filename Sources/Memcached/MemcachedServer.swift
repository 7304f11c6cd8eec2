/// One memcached server: where it is.
public enum MemcachedServer: Sendable, Hashable, CustomStringConvertible {
    /// A name or an address, without brackets, and a port.
    case tcp(host: String, port: Int)
    /// The path of a Unix socket.
    case unix(path: String)

    /// The port of a server that names none.
    public static let defaultPort = 11211
    /// How long a path may be, in bytes: what fits in `sun_path` with its end.
    public static let maximumPathBytes = 107
    /// How long a name may be, in bytes (RFC 1035, section 2.3.4).
    public static let maximumHostBytes = 253

    /// Reads `HOST`, `HOST:PORT`, `[IPV6]`, `[IPV6]:PORT` or `unix:PATH`; nil is none of these.
    public init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = text.dropFirst("unix:".count)
            guard path.hasPrefix("/"), path.utf8.count <= Self.maximumPathBytes, !path.utf8.contains(0) else {
                return nil
            }
            self = .unix(path: String(path))
            return
        }
        let host: Substring
        let rest: Substring
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            rest = text[text.index(after: end)...]
            guard host.contains(":"), host.utf8.allSatisfy(Self.isOfAddress) else { return nil }
        } else {
            host = text.prefix { $0 != ":" }
            rest = text[host.endIndex...]
            guard host.utf8.allSatisfy(Self.isOfName) else { return nil }
        }
        guard !host.isEmpty, host.utf8.count <= Self.maximumHostBytes else { return nil }
        guard let port = Self.port(rest) else { return nil }
        self = .tcp(host: String(host), port: port)
    }

    /// As it is written in the configuration, with the port.
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// Reads what stands behind the host: nothing, or a colon and 1 to 65535.
    private static func port(_ text: Substring) -> Int? {
        if text.isEmpty { return defaultPort }
        let digits = text.dropFirst()
        guard text.first == ":", (1...5).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
            let port = Int(digits), (1...65_535).contains(port)
        else { return nil }
        return port
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Also of a scope, as in `fe80::1%eth0`.
    private static func isOfAddress(_ byte: UInt8) -> Bool {
        isOfName(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "%")
    }
}
