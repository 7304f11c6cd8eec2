import Curl
import Wire

/// Turns what was seen into findings, without looking at anything else.
struct Diagnosis {
    let seen: Observations
    let server: WebServer

    /// What there is to say, in the order of `Finding.Check`.
    static func findings(for seen: Observations) -> [Finding] {
        let diagnosis = Diagnosis(seen: seen, server: WebServer(seen.sight.headers))
        let all = diagnosis.connection() + diagnosis.identity() + diagnosis.rest()
        // Stable: several findings of one check keep their order.
        return Finding.Check.allCases.flatMap { check in all.filter { $0.check == check } }
    }

    private func rest() -> [Finding] {
        guard seen.isFastrelay else { return [] }
        return request() + health() + key() + crossOrigin() + errors() + bodies() + streams() + silences()
    }

    // MARK: Reaching it

    /// The address, TLS and clear text.
    private func connection() -> [Finding] {
        let first = seen.first
        let address = first.connection.remoteAddress
        if let trouble = first.trouble, seen.unverified == nil {
            return [unreachable(trouble, address)]
        }
        var findings = [
            Finding(.ok, .reach, "\(seen.url.origin) answers\(address.isEmpty ? "" : " at \(address)").")
        ]
        if seen.url.isSecure {
            findings += security()
        } else if wantsTLS == nil {
            findings += clearText(address)
        }
        if let clear = seen.clear { findings += counterpart(clear) }
        return findings
    }

    private func unreachable(_ trouble: Reply.Trouble, _ address: String) -> Finding {
        let place = address.isEmpty ? seen.url.host : "\(seen.url.host) (\(address))"
        // https://curl.se/libcurl/c/libcurl-errors.html
        switch (trouble.code, trouble.curlCode) {
        case (_, 6):
            return Finding(
                .problem, .reach, "The name \(seen.url.host) has no address.",
                do: "Look for a typing error, or add the name to the DNS.")
        case (.unreachable, _):
            return Finding(
                .problem, .reach, "Nobody listens at \(place): \(trouble.message).",
                do: "Start the web server, let it listen on this port, and open the port in the firewall.")
        case (.connectTimedOut, _):
            return Finding(
                .problem, .reach, "No connection to \(place) in time.",
                do: "A firewall drops the packets, or the address is wrong.")
        case (.tls, _):
            return Finding(
                .problem, .tls, "\(place) does not agree on TLS: \(trouble.message).",
                do:
                    "Let the web server listen with TLS 1.2 and 1.3 on this port; if it speaks http there, the URL is wrong."
            )
        case (.firstByteTimedOut, _), (.totalTimedOut, _), (.idleTimedOut, _):
            return Finding(
                .problem, .reach, "\(place) takes the connection but does not answer.",
                do: "Look whether the relay runs, and into the web server's error log.")
        default:
            return Finding(
                .problem, .reach, "\(place) breaks off: \(trouble.message).",
                do: "Look into the web server's error log; if it speaks https on this port, the URL is wrong."
            )
        }
    }

    /// TLS and the certificate.
    private func security() -> [Finding] {
        let connection = seen.sight.connection
        var findings: [Finding] = []
        if let version = connection.tlsVersion {
            let isGood = version == "TLSv1.2" || version == "TLSv1.3"
            let isOld = seen.oldTLS.map { $0.trouble == nil } == true
            findings.append(
                isGood && isOld
                    ? Self.oldTLS
                    : isGood
                        ? Finding(.ok, .tls, "The connection uses \(version).")
                        : Finding(
                            .problem, .tls, "The connection uses \(version), which is broken.",
                            do: "Allow TLS 1.2 and 1.3 only (nginx: `ssl_protocols TLSv1.2 TLSv1.3;`)."))
        }
        let expiry = connection.certificate.first { $0.name == "Expire date" }
            .flatMap { CertificateDate.seconds($0.value) }
        if seen.unverified != nil {
            findings.append(invalid(expiry))
        } else if let expiry {
            let days = (expiry - seen.now) / 86_400
            findings.append(
                days >= Self.renewalDays
                    ? Finding(.ok, .certificate, "The certificate is valid for \(days) more days.")
                    : Finding(
                        .warning, .certificate,
                        "The certificate expires in \(days) day\(days == 1 ? "" : "s").",
                        do: "Look why it is not renewed by itself (certbot renew, systemd timers)."))
        } else {
            findings.append(Finding(.ok, .certificate, "The certificate is valid."))
        }
        return findings
    }

    private static let oldTLS = Finding(
        .warning, .tls, "The server still speaks TLS 1.0 or 1.1 with those who want it, which are broken.",
        do:
            "Allow TLS 1.2 and 1.3 only (nginx: `ssl_protocols TLSv1.2 TLSv1.3;`, Apache: `SSLProtocol -all +TLSv1.2 "
            + "+TLSv1.3`).")

    /// Certificates of 90 days are renewed 30 days before their end; one with less was forgotten.
    private static let renewalDays = 14

    private func invalid(_ expiry: Int?) -> Finding {
        // X509_V_ERR_…: https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/
        let (what, advice): (String, String) =
            switch seen.first.connection.verifyResult {
            case 9: ("is not valid yet", "Look at the clocks of both machines.")
            case 10: ("has expired", "Renew it, and look why that did not happen by itself.")
            case 18, 19:
                (
                    "is signed by nobody but itself",
                    "Get one of a public authority (certbot), or give its file with --ca and to every client."
                )
            case 20, 21:
                (
                    "is not signed by an authority that this machine knows",
                    "Let the web server send the whole chain (fullchain.pem), or give the authority's file with --ca."
                )
            case 23: ("was revoked", "Get a new one.")
            // libcurl looks at the name first, and leaves its own beginning value of 1 there.
            case 0, 1, 62, 64: ("is for another name than \(seen.url.host)", "Get one that names this host.")
            default: ("is not valid", "Look at it with openssl s_client.")
            }
        let isOver = expiry.map { $0 < seen.now } == true && seen.first.connection.verifyResult != 10
        return Finding(
            .problem, .certificate,
            "The certificate \(what)\(isOver ? ", and has expired" : ""): clients refuse the connection.",
            do: advice)
    }

    private func clearText(_ address: String) -> [Finding] {
        switch NetworkAddress(address) {
        case .loopback:
            [Finding(.ok, .tls, "There is no TLS, and none is needed: the address is this machine's own.")]
        case .local:
            [
                Finding(
                    .warning, .tls, "Keys and prompts travel in clear, within a private network.",
                    do: "Use https unless everybody in that network may read them.")
            ]
        case .global, .unknown:
            [
                Finding(
                    .problem, .tls, "Keys and prompts travel in clear over a public network.",
                    do: "Use https: get a certificate (certbot), and refuse http.")
            ]
        }
    }

    /// What the same address says in clear.
    private func counterpart(_ clear: Reply) -> [Finding] {
        if clear.trouble == nil, clear.status == 200, clear.json["relay"] != nil {
            return [
                Finding(
                    .warning, .clear, "The relay also answers over http, where keys travel in clear.",
                    do: "Refuse http (403) instead of serving it; nginx/fastrelay-server.conf shows how.")
            ]
        }
        if (300..<400).contains(clear.status) {
            return [
                Finding(
                    .note, .clear,
                    "Over http the server redirects: a client with http in its base URL sends its key in clear first, "
                        + "and nobody notices. Refusing (403) is safer.")
            ]
        }
        return [Finding(.ok, .clear, "Over http the relay does not answer.")]
    }
}
