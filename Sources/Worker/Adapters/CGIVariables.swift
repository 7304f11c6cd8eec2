internal import Relay
internal import Wire

/// The CGI variables of a request (RFC 3875, section 4.1) on their way to a `ClientRequest`.
struct CGIVariables {
    private var method = ""
    private var scriptName = ""
    private var pathInfo = ""
    private var requestURI = ""
    private var query = ""
    private var contentType = ""
    private var contentLength = ""
    private var remoteAddress = ""
    private var scheme = "http"
    private var httpVersion = ""
    private var headers = HeaderFields()
    private var redirectedAuthorization = ""

    /// Takes one variable. Bytes of the value that are not UTF-8 are repaired, those of a header when it is looked at.
    mutating func set(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        if name.begins(with: "HTTP_") {
            if Self.isHeader(name) { headers.add(variable: name.extracting(Self.prefixCount...), value) }
        } else if name.equals("REQUEST_METHOD") {
            method = value.text
        } else if name.equals("SCRIPT_NAME") {
            scriptName = value.text
        } else if name.equals("PATH_INFO") {
            pathInfo = value.text
            // Caddy takes a mount point off that ends with a slash. (RFC 3875, section 4.1.5: it begins with one.)
            if let first = pathInfo.utf8.first, first != UInt8(ascii: "/") { pathInfo = "/" + pathInfo }
        } else if name.equals("REQUEST_URI") {
            requestURI = value.text
        } else if name.equals("QUERY_STRING") {
            query = value.text
        } else if name.equals("CONTENT_TYPE") {
            contentType = value.text
        } else if name.equals("CONTENT_LENGTH") {
            contentLength = value.text
        } else if name.equals("REMOTE_ADDR") {
            remoteAddress = value.text
        } else if name.equals("SERVER_PROTOCOL") {
            httpVersion = value.text
        } else if name.equals("REQUEST_SCHEME") {
            scheme = value.text
        } else if name.equals("HTTPS") {
            if value.equals("on") || value.equals("1") { scheme = "https" }
        } else if name.equals("REDIRECT_HTTP_AUTHORIZATION")
            || name.equals("REDIRECT_REDIRECT_HTTP_AUTHORIZATION")
        {
            redirectedAuthorization = value.text
        }
    }

    /// Whether a variable that begins with `HTTP_` is a header to know.
    ///
    /// nginx and Caddy send `CONTENT_TYPE` and `CONTENT_LENGTH` both ways. `HTTP_PROXY` is a header `Proxy` that nobody
    /// sends in good faith: programs take it for the address of a proxy (CVE-2016-5385).
    private static func isHeader(_ name: Span<UInt8>) -> Bool {
        !name.equals("HTTP_CONTENT_TYPE") && !name.equals("HTTP_CONTENT_LENGTH") && !name.equals("HTTP_PROXY")
    }

    /// That of `HTTP_`.
    private static let prefixCount = 5

    /// The request, with its path below the place where the relay is mounted.
    func request(
        body: [UInt8], longBody: (any ByteSource)? = nil, problem: ClientRequest.BodyProblem?
    ) -> ClientRequest {
        let rawPath = Self.withoutMount(pathOfURI, mount: scriptName)
        // Caddy announces -1 for a body of unknown length.
        let announced = Int(contentLength).flatMap { $0 >= 0 ? $0 : nil }
        var headers = headers
        // Apache keeps the header from CGI programs; a rewrite rule that passes it on under its own name arrives like this
        // when a second rule applies. Only the server's configuration can make such a variable.
        if headers["authorization"] ?? "" == "", !redirectedAuthorization.isEmpty {
            headers.set("authorization", redirectedAuthorization)
        }
        var problem = problem
        if problem == nil, let announced, announced > longBody?.count ?? body.count { problem = .truncated }
        return ClientRequest(
            method: method, path: path(rawPath), rawPath: rawPath, query: query, headers: headers,
            contentType: contentType.isEmpty ? nil : contentType, contentLength: announced,
            remoteAddress: remoteAddress, scheme: scheme,
            mount: rawPath == scriptName ? "" : String(Self.withoutSlashes(scriptName)),
            httpVersion: httpVersion, body: body, longBody: longBody,
            bodyProblem: problem)
    }

    /// What was sent before a question mark.
    private var pathOfURI: String {
        guard let mark = requestURI.utf8.span.firstIndex(of: UInt8(ascii: "?")) else { return requestURI }
        let utf8 = requestURI.utf8
        return String(requestURI[..<utf8.index(utf8.startIndex, offsetBy: mark)])
    }

    /// The decoded path below the mount: what the server says it is, unless it left escapes in it.
    ///
    /// Apache's `AllowEncodedSlashes NoDecode` decodes all of `PATH_INFO` but `%2F`. That is told from a path in which
    /// `%2F` was meant (sent as `%252F`) by decoding what was sent, once.
    private func path(_ rawPath: String) -> String {
        guard !pathInfo.isEmpty else { return PercentCoding.decode(rawPath) }
        guard pathInfo.utf8.span.firstIndex(of: UInt8(ascii: "%")) != nil else { return pathInfo }
        let decoded = PercentCoding.decode(pathInfo)
        return PercentCoding.decode(rawPath).hasSuffix(decoded) ? decoded : pathInfo
    }

    /// Takes the mount point off a path.
    ///
    /// A `SCRIPT_NAME` that is the whole path says nothing about a mount point: that is what a server sends that has
    /// no `PATH_INFO` (nginx's own `fastcgi_params`).
    private static func withoutMount(_ path: String, mount: String) -> String {
        guard !mount.isEmpty else { return path }
        let mount = withoutSlashes(mount)
        guard !mount.isEmpty, path != mount, path.hasPrefix(mount) else { return path }
        let rest = path.dropFirst(mount.count)
        return rest.first == "/" ? String(rest) : path
    }

    /// A mount point as RFC 3875 has it: an Apache's `<Location>` ends with a slash, and is told as it stands there.
    private static func withoutSlashes(_ mount: String) -> Substring {
        var mount = mount[...]
        while mount.utf8.last == UInt8(ascii: "/") { mount.removeLast() }
        return mount
    }
}

extension Span<UInt8> {
    /// The bytes as text, repaired where they are not UTF-8.
    fileprivate var text: String {
        withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    /// Whether these are the bytes of `text`.
    fileprivate func equals(_ text: StaticString) -> Bool {
        count == text.utf8CodeUnitCount && begins(with: text)
    }

    /// Whether the first bytes are those of `text`.
    fileprivate func begins(with text: StaticString) -> Bool {
        guard count >= text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { text in
            for index in text.indices where text[index] != self[index] { return false }
            return true
        }
    }
}
