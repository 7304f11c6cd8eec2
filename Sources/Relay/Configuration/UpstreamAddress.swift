/// The base URL of a vendor: checked once, then only joined with paths.
///
/// It is `https`, because callers' keys travel on it. Plain `http` is accepted where they do not leave the premises: for
/// `localhost`, loopback, private and unique local addresses, and names without a dot or under `.local`, `.internal`
/// and `.test`.
public struct UpstreamAddress: Sendable, Equatable {
    /// The URL without a slash at its end.
    public let text: String
    /// The host's name or address in lower case, without port and without brackets.
    public let host: String

    /// Why a text is not a base URL, as the end of a sentence.
    public struct ParseError: Error, Sendable, Equatable {
        /// What should have been written.
        public var message: String
    }

    /// Reads and checks an absolute URL with neither user, query nor fragment.
    ///
    /// - Throws: `ParseError` with what is wrong.
    public init(parsing text: String) throws(ParseError) {
        let isSecure = text.hasPrefix("https://")
        guard isSecure || text.hasPrefix("http://") else {
            throw ParseError(message: "a base URL begins with https://")
        }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw ParseError(message: "a base URL has neither spaces nor characters beyond ASCII")
        }
        guard !text.contains("?"), !text.contains("#") else {
            throw ParseError(message: "a base URL has neither query nor fragment")
        }
        let rest = text.dropFirst(isSecure ? 8 : 7)
        let authority = rest.prefix { $0 != "/" }
        guard !authority.contains("@") else {
            throw ParseError(message: "a base URL names no user")
        }
        guard let host = Self.host(of: authority) else {
            throw ParseError(message: "a base URL has a host, and a port from 1 to 65535 or none")
        }
        guard isSecure || Self.isNearby(host) else {
            throw ParseError(
                message: "a base URL outside of private networks is https, for callers' keys travel on it")
        }
        var end = text[...]
        while end.hasSuffix("/") { end.removeLast() }
        self.text = String(end)
        self.host = host
    }

    /// Where 1min.ai's interface is: https://docs.1min.ai/docs/api/intro
    public static let oneMin = UpstreamAddress(literal: "https://api.1min.ai", host: "api.1min.ai")
    /// Where 1min.ai keeps generated files.
    public static let oneMinAssets = UpstreamAddress(literal: "https://asset.1min.ai", host: "asset.1min.ai")

    private init(literal text: String, host: String) {
        self.text = text
        self.host = host
    }

    private static func host(of authority: Substring) -> String? {
        var host = authority
        var port: Substring?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<end]
            let rest = authority[authority.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            port = rest.isEmpty ? nil : rest.dropFirst()
            guard host.contains(":"), host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else {
                return nil
            }
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            port = authority[authority.index(after: colon)...]
        }
        if let port {
            guard let number = Int(port), (1...65535).contains(number) else { return nil }
        }
        return host.isEmpty ? nil : host.lowercased()
    }

    private static func isNearby(_ host: String) -> Bool {
        if host.contains(":") {
            // Loopback, unique local (RFC 4193) and link-local (RFC 4291 section 2.5.6).
            return host == "::1" || ["fc", "fd", "fe8", "fe9", "fea", "feb"].contains { host.hasPrefix($0) }
        }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        let numbers = labels.compactMap { UInt8($0) }
        if labels.count == 4, numbers.count == 4 {
            // https://www.rfc-editor.org/rfc/rfc1918#section-3
            return numbers[0] == 127 || numbers[0] == 10 || (numbers[0] == 192 && numbers[1] == 168)
                || (numbers[0] == 172 && (16...31).contains(numbers[1]))
        }
        return labels.count == 1
            ? host.first?.isNumber == false
            : ["localhost", "local", "internal", "test"].contains(labels.last)
    }
}
