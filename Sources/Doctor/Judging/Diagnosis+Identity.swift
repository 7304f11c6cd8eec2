import Curl
import Wire

/// Whether it is the relay that answers, and what it sees.
extension Diagnosis {
    /// Who answers.
    func identity() -> [Finding] {
        let reply = seen.sight
        guard reply.trouble == nil else { return [] }
        if seen.isFastrelay {
            let version = Text.shown(reply.json["version"]?.stringValue ?? "?")
            return [Finding(.ok, .relay, "Fastrelay \(version) answers.")]
        }
        return [wantsTLS ?? stranger(reply)]
    }

    /// What is said to a URL with `http` where only `https` is spoken; nil where that is not the matter.
    var wantsTLS: Finding? {
        let reply = seen.sight
        guard !seen.url.isSecure, reply.trouble == nil else { return nil }
        if reply.status == 403, reply.errorCode == "https_required" {
            return Finding(
                .problem, .relay, "The server takes nothing over http.",
                do: "Use \(seen.url.secureBase(atThisPort: false)) here and in every client.")
        }
        let text = String(decoding: reply.body.prefix(4096), as: UTF8.self).lowercased()
        guard reply.status == 400, Self.wordsOfTLSPorts.contains(where: { text.contains($0) }) else {
            return nil
        }
        return Finding(
            .problem, .relay, "This port speaks TLS, and the URL has http.",
            do: "Use \(seen.url.secureBase(atThisPort: true)) here and in every client.")
    }

    /// What nginx, Apache and Caddy say to plain http where they expect TLS, in lower case.
    private static let wordsOfTLSPorts = [
        "plain http request was sent to https port", "speaking plain http to an ssl-enabled server port",
        "client sent an http request to an https server",
    ]

    private func stranger(_ reply: Reply) -> Finding {
        let code = reply.errorCode ?? ""
        let isOurs = reply.headers["x-request-id"] != nil && reply.errorMessage != nil
        switch reply.status {
        case 300..<400:
            let target = Text.shown(reply.headers["location"] ?? "nowhere")
            return Finding(
                .problem, .relay,
                "The server redirects (\(reply.status)) to \(target). Clients do not follow with a POST, or lose the key.",
                do: "Give clients the address behind the redirect, or serve the relay here.")
        case 404 where code == "unknown_url" && isOurs:
            if !seen.url.mount.isEmpty, reply.errorMessage?.contains(seen.url.mount + "/v1/") == true {
                return Finding(
                    .problem, .mount,
                    "The relay gets the path with \(seen.url.mount) before it, which it does not know.",
                    do:
                        "Tell it the mount: nginx: `set $fastrelay_mount \(seen.url.mount);` in the server block; "
                        + "others: SCRIPT_NAME and PATH_INFO (RFC 3875).")
            }
            return Finding(
                .problem, .relay, "A Fastrelay answers that has no probes.",
                do: "Update it to \(Doctor.sufficientVersion) or newer.")
        case 502, 503, 504:
            return Finding(
                .problem, .relay,
                "The web server answers \(reply.status): it does not reach the relay\(Text.reason(reply)).",
                do:
                    "Look whether the relay runs, whether both name the same socket, and whether the web server's user "
                    + "may write to it (socketMode, socketGroup).")
        case 401, 403:
            return Finding(
                .problem, .relay, "The web server refuses access (\(reply.status))\(Text.reason(reply)).",
                do:
                    "Let the doctor's address through, or look at its access rules; health checks need no key."
            )
        default:
            let server = reply.headers["server"].map { ", by \(Text.shown($0))" } ?? ""
            return Finding(
                .problem, .relay,
                "This is not a Fastrelay: \(seen.url.url("/v1/health/request")) answers \(reply.status)\(server).",
                do:
                    "Check host, port and path of the URL, and whether the web server hands this path to the relay."
                    // Whoever has put a page of its own in the place of a server's 400 does not tell its reason.
                    + (reply.status == 400 && !seen.url.isSecure
                        ? " If this port speaks TLS, use https." : "")
            )
        }
    }

    /// What the relay sees of a request.
    func request() -> [Finding] {
        let reply = seen.sight
        return [mount(reply), http(reply), requestID(reply), authorization(reply), address(reply)]
    }

    private func mount(_ reply: Reply) -> Finding {
        let advice = seen.url.hasVersion ? "" : " Clients are given \(seen.url.base)."
        let told = reply.json["mount"]?.stringValue ?? ""
        let place = seen.url.mount.isEmpty ? "the root" : seen.url.mount
        // mod_fcgid names its script, and not the place where it is mounted.
        guard told == seen.url.mount || told.isEmpty || told.contains(".") else {
            return Finding(
                .note, .mount,
                "The relay answers below \(place), and is told it were \(Text.shown(told)).\(advice)")
        }
        return Finding(.ok, .mount, "The relay answers below \(place).\(advice)")
    }

    private func http(_ reply: Reply) -> Finding {
        let version = reply.connection.httpVersion ?? "an unknown version of HTTP"
        if seen.url.isSecure, version == "HTTP/1.1" || version == "HTTP/1.0" {
            return Finding(
                .note, .http,
                "The server speaks \(version) only. With HTTP/2 many streams share a connection; a browser opens at most "
                    + "six without it (nginx: `listen 443 ssl http2;`, Apache: `Protocols h2 http/1.1`).")
        }
        return Finding(.ok, .http, "The server speaks \(version).")
    }

    private func requestID(_ reply: Reply) -> Finding {
        guard let id = reply.headers["x-request-id"] else {
            return Finding(
                .warning, .requestID, "Answers have no x-request-id: the web server or a proxy removes it.",
                do: "Let it through, or a client's error cannot be found in the log.")
        }
        guard id == Doctor.requestID else {
            return Finding(
                .note, .requestID,
                "The client's own x-request-id does not come back: something on the way puts another in its place."
            )
        }
        return Finding(.ok, .requestID, "A client's x-request-id reaches the relay and comes back.")
    }

    private func authorization(_ reply: Reply) -> Finding {
        let hasBearer = reply.json["authorization"]?.boolValue == true
        let hasKey = reply.json["x_api_key"]?.boolValue == true
        guard hasBearer else {
            return Finding(
                .problem, .authorization,
                "The Authorization header does not reach the relay\(hasKey ? ", though x-api-key does" : "").",
                do: server.advice(.authorization))
        }
        return hasKey
            ? Finding(.ok, .authorization, "Authorization and x-api-key reach the relay.")
            : Finding(
                .warning, .authorization, "Authorization reaches the relay, but x-api-key does not.",
                do: "Let the web server pass it on: Anthropic's clients use it.")
    }

    private func address(_ reply: Reply) -> Finding {
        let told = reply.json["client_address"]?.stringValue ?? ""
        let kind = NetworkAddress(told)
        let shown = Text.shown(told)
        if kind == .unknown {
            return Finding(
                .warning, .address,
                told.isEmpty
                    ? "The relay is not told who calls."
                    : "The relay is told that \(shown) calls, which is no address.",
                do:
                    "Let the web server set REMOTE_ADDR; behind a Unix socket it has to take it from the proxy. "
                    + server.advice(.address))
        }
        if NetworkAddress.plain(told) == NetworkAddress.plain(reply.connection.localAddress) {
            return Finding(.ok, .address, "The relay sees this machine's own address, \(shown).")
        }
        let isPublic = NetworkAddress(reply.connection.remoteAddress) == .global
        if isPublic, kind == .global {
            // Behind a router that translates addresses, this machine does not know its own.
            return Finding(
                server.network == nil ? .ok : .note, .address,
                "The relay sees \(shown)."
                    + (server.network.map {
                        " Check that it is your own public address and not one of \($0)'s: "
                            + server.advice(.address)
                    } ?? " It should be your own public address."))
        }
        let sent = reply.json["forwarded_by"]?.arrayValue?.compactMap(\.stringValue) ?? []
        let names =
            sent.isEmpty ? "" : " A proxy tells the client's in \(Text.shown(sent.joined(separator: ", ")))."
        return Finding(
            .warning, .address,
            "The relay sees \(shown) instead of the client: to it, all clients are one.\(names)",
            do: "Tell the web server to believe the proxy before it. " + server.advice(.address))
    }

    /// The path that watchers ask.
    func health() -> [Finding] {
        guard let reply = seen.health else { return [] }
        if reply.trouble == nil, reply.status == 200, reply.json["status"]?.stringValue == "ok" {
            return [Finding(.ok, .health, "\(seen.url.mount)/health answers.")]
        }
        return [
            Finding(
                .note, .health,
                "\(seen.url.mount)/health does not reach the relay; watchers can ask \(seen.url.mount)/v1/health/request "
                    + "instead.")
        ]
    }

    /// Whether the vendor takes the caller's key.
    func key() -> [Finding] {
        guard seen.hasKey else {
            return [
                Finding(.note, .key, "No key was given, so none was tried (--key, or OPENAI_API_KEY).")
            ]
        }
        guard let reply = seen.key else {
            return [
                Finding(
                    .note, .key, "The key was not sent: the connection is not one that a key may travel on.")
            ]
        }
        let message = Text.shown(reply.json["message"]?.stringValue ?? "")
        switch (reply.status, reply.json["accepted"]?.boolValue) {
        case (200, true?): return [Finding(.ok, .key, "The vendor takes the key.")]
        case (200, false?):
            return [
                Finding(
                    .problem, .key, "The vendor does not take the key: \(message)",
                    do: "Copy it again from the vendor's page; see that nothing was lost at its ends.")
            ]
        case (200, nil):
            return [
                Finding(
                    .warning, .key, "Whether the vendor takes the key could not be seen: \(message)",
                    do:
                        "See whether the relay's machine reaches the vendor (baseURL, proxy, DNS), and try again."
                )
            ]
        case (401, _):
            return [
                Finding(
                    .problem, .key, "The relay says that no key came with the request.",
                    do: server.advice(.authorization))
            ]
        default:
            return [
                Finding(
                    .warning, .key, "The key could not be tried\(Text.outcome(reply)).",
                    do: "Try again; else look into the relay's log.")
            ]
        }
    }
}
