/// Where the worker accepts the web server's connections.
public enum ListenAddress: Sendable, Equatable {
    /// A Unix socket at this absolute path.
    case unix(path: String)
    /// A TCP port, 0 to 65535, on a host name or address; port 0 lets the system choose.
    case tcp(host: String, port: Int)
    /// A listening socket that was inherited under this number.
    case descriptor(Int)

    /// `sockaddr_un.sun_path` has 108 bytes with its final zero: https://man7.org/linux/man-pages/man7/unix.7.html
    static let maximumPathBytes = 107

    /// Why a text is not an address, as the end of a sentence.
    public struct ParseError: Error, Sendable, Equatable {
        /// What should have been written.
        public var message: String
    }

    /// Reads `unix:PATH`, `tcp:HOST:PORT` (an IPv6 address in brackets) or `fd:N`.
    ///
    /// - Throws: `ParseError` when it is none of them.
    public init(parsing text: String) throws(ParseError) {
        if let path = text.removingPrefix("unix:") {
            guard path.utf8.first == UInt8(ascii: "/"), !path.utf8.contains(0) else {
                throw ParseError(message: "the path of a Unix socket begins with a slash")
            }
            guard path.utf8.count <= Self.maximumPathBytes else {
                throw ParseError(
                    message: "the path of a Unix socket has at most \(Self.maximumPathBytes) bytes")
            }
            self = .unix(path: path)
        } else if let rest = text.removingPrefix("tcp:") {
            guard let colon = rest.lastIndex(of: ":"), let port = Int(rest[rest.index(after: colon)...]),
                (0...65535).contains(port)
            else { throw ParseError(message: "a TCP address is tcp:HOST:PORT with a port from 0 to 65535") }
            var host = String(rest[..<colon])
            if host.hasPrefix("["), host.hasSuffix("]") {
                host = String(host.dropFirst().dropLast())
            } else if host.contains(":") {
                throw ParseError(message: "an IPv6 address stands in brackets, as in tcp:[::1]:9000")
            }
            guard !host.isEmpty else {
                throw ParseError(message: "a TCP address is tcp:HOST:PORT; use 127.0.0.1 or 0.0.0.0")
            }
            self = .tcp(host: host, port: port)
        } else if let number = text.removingPrefix("fd:").flatMap({ Int($0) }), (0...65535).contains(number) {
            self = .descriptor(number)
        } else {
            throw ParseError(message: "an address is unix:PATH, tcp:HOST:PORT or fd:N")
        }
    }
}

extension ListenAddress: CustomStringConvertible {
    /// The form that `init(parsing:)` reads.
    public var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .tcp(let host, let port): host.contains(":") ? "tcp:[\(host)]:\(port)" : "tcp:\(host):\(port)"
        case .descriptor(let number): "fd:\(number)"
        }
    }
}

extension String {
    /// What follows `prefix`, or `nil` when the string does not begin with it.
    func removingPrefix(_ prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
