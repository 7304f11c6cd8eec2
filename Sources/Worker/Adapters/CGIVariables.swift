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
    private var headers = HeaderFields()

    /// Takes one variable.
    mutating func set(_ name: String, _ value: String) {
        if name.utf8.starts(with: "HTTP_".utf8) {
            // nginx sends CONTENT_TYPE and CONTENT_LENGTH both ways.
            if name != "HTTP_CONTENT_TYPE", name != "HTTP_CONTENT_LENGTH" {
                headers.add(Self.headerName(name), value)
            }
            return
        }
        switch name {
        case "REQUEST_METHOD": method = value
        case "SCRIPT_NAME": scriptName = value
        case "PATH_INFO": pathInfo = value
        case "REQUEST_URI": requestURI = value
        case "QUERY_STRING": query = value
        case "CONTENT_TYPE": contentType = value
        case "CONTENT_LENGTH": contentLength = value
        case "REMOTE_ADDR": remoteAddress = value
        case "REQUEST_SCHEME": scheme = value
        case "HTTPS": if value == "on" || value == "1" { scheme = "https" }
        default: break
        }
    }

    /// `HTTP_X_API_KEY` is `x-api-key`.
    private static func headerName(_ variable: String) -> String {
        let bytes = variable.utf8.dropFirst("HTTP_".utf8.count).map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "_"): UInt8(ascii: "-")
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
            default: byte
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The request, with its path below the place where the relay is mounted.
    func request(body: [UInt8], problem: ClientRequest.BodyProblem?) -> ClientRequest {
        let rawPath = Self.withoutMount(String(requestURI.prefix { $0 != "?" }), mount: scriptName)
        let path = pathInfo.isEmpty ? PercentCoding.decode(rawPath) : pathInfo
        let announced = Int(contentLength)
        var problem = problem
        if problem == nil, let announced, announced > body.count { problem = .truncated }
        return ClientRequest(
            method: method, path: path, rawPath: rawPath, query: query, headers: headers,
            contentType: contentType.isEmpty ? nil : contentType, contentLength: announced,
            remoteAddress: remoteAddress, scheme: scheme, body: body, bodyProblem: problem)
    }

    /// Takes the mount point off a path.
    ///
    /// A `SCRIPT_NAME` that is the whole path says nothing about a mount point: that is what a server sends that has
    /// no `PATH_INFO` (nginx's own `fastcgi_params`).
    private static func withoutMount(_ path: String, mount: String) -> String {
        var mount = mount[...]
        while mount.last == "/" { mount.removeLast() }
        guard !mount.isEmpty, path != mount, path.hasPrefix(mount) else { return path }
        let rest = path.dropFirst(mount.count)
        return rest.first == "/" ? String(rest) : path
    }
}
