import Wire

/// What stands in front of the relay, as far as its answers give it away, and what has to be said to it.
struct WebServer: Equatable {
    /// A web server that we know how to set up.
    enum Kind: String, CaseIterable {
        case nginx, apache = "Apache", lighttpd, caddy = "Caddy", liteSpeed = "LiteSpeed"
    }

    /// What has to be changed.
    enum Need {
        /// Events have to leave as they come.
        case streaming
        /// Streams must not be compressed.
        case noCompression
        /// Long silences have to be borne.
        case patience
        /// Long bodies have to be let through.
        case bodies
        /// `Authorization` has to reach the relay.
        case authorization
        /// The client's address has to be taken from the proxy in front.
        case address
    }

    /// Which one it says it is; nil where it says nothing that we know.
    let kind: Kind?
    /// A content delivery network before it, by name; nil where none shows.
    let network: String?

    /// Looks at the fields of an answer.
    init(_ headers: HeaderFields) {
        let server = headers["server"]?.lowercased() ?? ""
        let openResty = ["openresty", "angie", "freenginx"].contains { server.contains($0) }
        kind =
            openResty ? .nginx : Kind.allCases.first { server.contains($0.rawValue.lowercased()) }
        network = Self.networks.first { headers[$0.header] != nil }?.name
    }

    /// Fields that only these add.
    private static let networks: [(header: String, name: String)] = [
        ("cf-ray", "Cloudflare"), ("x-amz-cf-id", "CloudFront"), ("x-fastly-request-id", "Fastly"),
        ("x-served-by", "Fastly"), ("x-azure-ref", "Azure Front Door"), ("x-akamai-request-id", "Akamai"),
        ("cdn-requestid", "bunny.net"), ("x-vercel-id", "Vercel"),
    ]

    /// What to do: for the server that it is, or for each where that is not known.
    func advice(_ need: Need) -> String {
        let kinds = kind.map { [$0] } ?? Kind.allCases.filter { $0 != .liteSpeed }
        var sentences = kinds.map { "\($0.rawValue): \(Self.advice($0, need))" }
        if let network, let words = Self.networkAdvice(need) { sentences.append("\(network): \(words)") }
        return sentences.joined(separator: " ")
    }

    private static func advice(_ kind: Kind, _ need: Need) -> String {
        switch (kind, need) {
        case (.nginx, .streaming):
            "`fastcgi_buffering off;` (`scgi_buffering`, and `proxy_buffering` on every nginx before it), and no "
                + "`fastcgi_ignore_headers X-Accel-Buffering`."
        case (.nginx, .noCompression): "`gzip off;` in the relay's location."
        case (.nginx, .patience):
            "`fastcgi_read_timeout 65m;` (`scgi_read_timeout`, and `proxy_read_timeout` on every nginx before it)."
        case (.nginx, .bodies): "`client_max_body_size 64m;` in the server block or the relay's location."
        case (.nginx, .authorization):
            "no `fastcgi_pass_request_headers off`, no empty `HTTP_AUTHORIZATION`, and no "
                + "`proxy_set_header Authorization \"\"` on an nginx before it."
        case (.nginx, .address):
            "`set_real_ip_from` with the proxy's address, `real_ip_header X-Forwarded-For;` and `real_ip_recursive on;`."
        case (.apache, .streaming):
            "mod_proxy_fcgi: `flushpackets=on` at ProxyPass or in `<Proxy>` (ProxySet); mod_fcgid: "
                + "`FcgidOutputBufferSize 0`; mod_proxy_scgi passes streams on by itself, so look at filters and at what stands "
                + "before Apache."
        case (.apache, .noCompression):
            "`SetEnv no-gzip 1` and `SetEnv no-brotli 1` for the relay's path (mod_deflate)."
        case (.apache, .patience):
            "mod_proxy_fcgi and mod_proxy_scgi: `timeout=3900` at ProxyPass, or `ProxyTimeout 3900`; mod_fcgid: "
                + "`FcgidIOTimeout 3900` and `FcgidBusyTimeout 3900`."
        case (.apache, .bodies):
            "mod_proxy_fcgi and mod_proxy_scgi: the number in the `<If … Content-Length …>` block of "
                + "apache/fastrelay-location.conf (`LimitRequestBody` has no effect there); mod_fcgid: "
                + "`FcgidMaxRequestLen 67108864` (its default is 128 KiB); mod_cgi: `LimitRequestBody 67108864`."
        case (.apache, .authorization):
            "`CGIPassAuth On` for the relay's path, or `SetEnvIf Authorization \"(.+)\" HTTP_AUTHORIZATION=$1`."
        case (.apache, .address):
            "mod_remoteip: `RemoteIPHeader X-Forwarded-For` and `RemoteIPInternalProxy` with the proxy's address."
        case (.lighttpd, .streaming): "`server.stream-response-body = 2`."
        case (.lighttpd, .noCompression): "no `text/event-stream` in `deflate.mimetypes`."
        case (.lighttpd, .patience):
            "`server.max-write-idle = 3900`, and no lower `read-timeout` in `fastcgi.server`."
        case (.lighttpd, .bodies): "`server.max-request-size = 65536` (in KiB)."
        case (.lighttpd, .authorization): "nothing removes it by default; look at mod_setenv and mod_auth."
        case (.lighttpd, .address): "mod_extforward: `extforward.forwarder` with the proxy's address."
        case (.caddy, .streaming): "`flush_interval -1` in the reverse_proxy block."
        case (.caddy, .noCompression): "no `encode` for the relay's path."
        case (.caddy, .patience): "no `read_timeout` below `65m` in the transport block."
        case (.caddy, .bodies): "`request_body { max_size 64MB }`, or none."
        case (.caddy, .authorization): "no `header_up -Authorization`."
        case (.caddy, .address):
            "`trusted_proxies static` with the proxy's address, in the global servers block."
        case (.liteSpeed, .streaming), (.liteSpeed, .noCompression):
            "`SetEnv no-gzip 1`, and Response Buffering of the external application off."
        case (.liteSpeed, .patience): "Initial Request Timeout and Connection Timeout of the server, 3900 s."
        case (.liteSpeed, .bodies): "Max Request Body Size of the server, 64M."
        case (.liteSpeed, .authorization):
            "`CGIPassAuth On`, or `SetEnvIf Authorization \"(.+)\" HTTP_AUTHORIZATION=$1`."
        case (.liteSpeed, .address): "Use Client IP in Header, with the proxy as a trusted address."
        }
    }

    /// What the network before the server wants; nil where it leaves the matter alone.
    private static func networkAdvice(_ need: Need) -> String? {
        switch need {
        case .streaming, .noCompression:
            "switch compression, optimisation and buffering off for the relay's path."
        case .patience:
            "its own time-out cannot always be raised; stream, or go around it for the relay's name."
        case .bodies: "its plan may have a lower limit of its own."
        case .address: "let the server believe its published address ranges, and no others."
        case .authorization: nil
        }
    }
}
