/// Where a deployment is: the base URL that its clients are given, with or without `/v1` at its end, or an address of
/// its API such as `…/v1/chat/completions`.
public struct DeploymentURL: Sendable, Equatable {
    /// Whether it is `https`.
    public let isSecure: Bool
    /// The name or address, in lower case, in brackets where it is IPv6.
    public let host: String
    /// The port; nil for the scheme's own.
    public let port: Int?
    /// Where the relay is mounted: `/relay`, or empty for the root.
    public let mount: String
    /// Whether `/v1` was there.
    public let hasVersion: Bool

    /// Why a text is no such URL, as a whole sentence without the text.
    public struct ParseError: Error, Sendable, Equatable {
        /// What should have been written.
        public let message: String
    }

    /// The longest URL that is taken, in bytes.
    private static let maximumBytes = 2048

    /// What is copied along with the base from a command or a program.
    private static let endpoints = ["/chat/completions", "/models", "/messages", "/responses"]

    /// Reads a URL.
    ///
    /// - Throws: `ParseError` with what is wrong; a URL with a user in it is refused, for it may hold a password.
    public init(parsing text: String) throws(ParseError) {
        let lowered = text.lowercased()
        isSecure = lowered.hasPrefix("https://")
        guard isSecure || lowered.hasPrefix("http://") else {
            throw ParseError(message: "the URL has to begin with https:// or http://")
        }
        guard text.utf8.count <= Self.maximumBytes, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw ParseError(message: "the URL has spaces or characters beyond ASCII, or is too long") }
        guard !text.contains("?"), !text.contains("#") else {
            throw ParseError(message: "the URL has to have neither query nor fragment")
        }
        let rest = text.dropFirst(isSecure ? 8 : 7)
        let authority = rest.prefix { $0 != "/" }
        guard !authority.contains("@") else {
            throw ParseError(
                message: "the URL must not name a user; a key is given with --key or OPENAI_API_KEY")
        }
        let (host, port) = try Self.split(authority)
        self.host = host
        // As browsers do with an origin.
        self.port = port == (isSecure ? 443 : 80) ? nil : port
        var path = rest.dropFirst(authority.count)
        while path.last == "/" { path.removeLast() }
        if let endpoint = Self.endpoints.first(where: { path.hasSuffix($0) }) {
            path.removeLast(endpoint.count)
            while path.last == "/" { path.removeLast() }
        }
        hasVersion = path.hasSuffix("/v1")
        if hasVersion { path.removeLast(3) }
        while path.last == "/" { path.removeLast() }
        mount = String(path)
    }

    private static func split(_ authority: Substring) throws(ParseError) -> (String, Int?) {
        let wrong = ParseError(message: "the URL needs a host, and a port from 1 to 65535 or none")
        var host = authority
        var port: Substring?
        let hostEnd = authority.firstIndex(of: "]") ?? authority.startIndex
        if let colon = authority[hostEnd...].firstIndex(of: ":") {
            host = authority[..<colon]
            port = authority[authority.index(after: colon)...]
        }
        let name = host.lowercased()
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x61...0x7A: true
            default: "-._[]:%".utf8.contains(byte)
            }
        }
        guard !name.isEmpty, isPlain, name.hasPrefix("[") == name.hasSuffix("]") else { throw wrong }
        guard let port else { return (name, nil) }
        guard let number = Int(port), (1...65535).contains(number) else { throw wrong }
        return (name, number)
    }

    /// Scheme, host and port, as a browser compares them.
    public var origin: String {
        "\(isSecure ? "https" : "http")://\(host)\(port.map { ":\($0)" } ?? "")"
    }

    /// The base URL that clients are to be given.
    public var base: String { "\(origin)\(mount)/v1" }

    /// The same at this port with TLS, or, where TLS has a port of its own, at the usual one.
    func secureBase(atThisPort: Bool) -> String {
        let place = atThisPort ? ":\(port ?? 80)" : ""
        return "https://\(host)\(place)\(mount)/v1"
    }

    /// The address of a path below the mount, such as `/v1/models`.
    func url(_ path: String) -> String { origin + mount + path }

    /// The same path in clear, for a deployment at the usual port; nil for another.
    func clearURL(_ path: String) -> String? {
        isSecure && port == nil ? "http://\(host)\(mount)\(path)" : nil
    }
}
