/// Whether pages in browsers can call the relay, and understand its errors.
///
/// https://fetch.spec.whatwg.org/#http-cors-protocol
extension Diagnosis {
    /// The preflight and the answer after it.
    func crossOrigin() -> [Finding] {
        guard let preflight = seen.preflight, let answer = seen.refused else { return [] }
        let answered = allowance(answer)
        if case .absent = answered, case .absent = allowance(preflight) { return [without(answer)] }
        return [self.preflight(preflight), self.answer(answered)]
    }

    private enum Allowance: Equatable {
        case absent
        case several
        /// For another page than the one that asked.
        case other(String)
        case own
        case everybody
    }

    private func allowance(_ reply: Reply) -> Allowance {
        let values = reply.values("access-control-allow-origin")
        guard let value = values.first else { return .absent }
        if values.count > 1 || value.contains(",") { return .several }
        if value == "*" { return .everybody }
        return value == seen.origin ? .own : .other(Text.shown(value))
    }

    private func without(_ answer: Reply) -> Finding {
        guard !seen.isOriginGiven else {
            return Finding(
                .problem, .cors, "Pages of \(Text.shown(seen.origin)) may not call the relay.",
                do:
                    "nginx: name it in `map $http_origin $fastrelay_cors_origin` (nginx/fastrelay.conf). Apache: let "
                    + "`Define FASTRELAY_ORIGINS` match it (apache/fastrelay-location.conf); on shared hosting it is in "
                    + ".htaccess. Others: answer with Access-Control-Allow-Origin, errors and preflights as well."
            )
        }
        let isChosen = answer.values("vary").contains { $0.lowercased().contains("origin") }
        if isChosen {
            return Finding(
                .note, .cors,
                "Pages of \(seen.origin) may not call the relay; others may. Ask for one of them with --origin."
            )
        }
        return Finding(
            .warning, .cors, "No page in a browser can call the relay: CORS is not set up.",
            do:
                "Send Access-Control-Allow-Origin, also with errors, and answer preflights (nginx/fastrelay-location.conf "
                + "does both). Nothing has to be done if only programs call.")
    }

    private func preflight(_ reply: Reply) -> Finding {
        let advice =
            "Answer OPTIONS with 204 before anything asks for a key, and grant the methods and headers that are asked for."
        guard reply.trouble == nil, (200..<300).contains(reply.status) else {
            return Finding(
                .problem, .preflight, "The preflight of a chat is refused\(Text.outcome(reply)).", do: advice)
        }
        switch allowance(reply) {
        case .absent:
            return Finding(
                .problem, .preflight,
                "The preflight of a chat is answered without Access-Control-Allow-Origin.",
                do: advice)
        case .several: return Self.twice(.preflight)
        case .other(let origin):
            return Finding(
                .problem, .preflight, "The preflight of \(seen.origin) is answered for \(origin) only.",
                do: advice)
        case .own, .everybody: break
        }
        let granted = Self.words(reply.values("access-control-allow-headers"))
        // A star does not stand for Authorization.
        let missing = ["authorization", "content-type", "x-stainless-lang"].filter {
            !granted.contains($0) && ($0 == "authorization" || !granted.contains("*"))
        }
        guard missing.isEmpty else {
            return Finding(
                .problem, .preflight,
                "The preflight of a chat does not grant the header \(missing.joined(separator: ", ")).",
                do: advice)
        }
        return Finding(.ok, .preflight, "A preflight of a chat is granted.")
    }

    private func answer(_ allowance: Allowance) -> Finding {
        let credentials =
            seen.refused?.values("access-control-allow-credentials").contains { $0.lowercased() == "true" }
            == true
        switch allowance {
        case .absent:
            return Finding(
                .problem, .cors,
                "An error has no Access-Control-Allow-Origin: a page sees a network error instead of its reason.",
                do: "Send it with every status (nginx: `add_header … always`, Apache: `Header always set …`)."
            )
        case .several: return Self.twice(.cors)
        case .other(let origin):
            return Finding(
                .problem, .cors, "Answers to \(seen.origin) are for \(origin) only.",
                do: "Repeat the Origin that asks, if it may, and send `Vary: Origin`.")
        case .everybody where credentials:
            return Finding(
                .warning, .cors,
                "Answers allow every page (*) together with credentials, which browsers refuse.",
                do:
                    "Take Access-Control-Allow-Credentials out: the key travels in a header, and no cookie is needed."
            )
        case .own where credentials && seen.origin == Observations.defaultOrigin:
            return Finding(
                .warning, .cors,
                "Answers allow any page that asks, with credentials: any page can use what a visitor's cookies open here.",
                do: "Take Access-Control-Allow-Credentials out, or name the pages that may.")
        case .own:
            let varies = seen.refused?.values("vary").contains { $0.lowercased().contains("origin") } == true
            return varies
                ? Finding(.ok, .cors, "Pages of \(seen.origin) may call the relay.")
                : Finding(
                    .warning, .cors, "Answers repeat the Origin without saying `Vary: Origin`.",
                    do: "Add it, or a cache hands an answer to the wrong page.")
        case .everybody: return Finding(.ok, .cors, "Every page may call the relay.")
        }
    }

    private static func twice(_ check: Finding.Check) -> Finding {
        Finding(
            .problem, check, "Access-Control-Allow-Origin comes twice, and browsers refuse that.",
            do: "Send it in one place only: server, location, proxy or network.")
    }

    private static func words(_ values: [String]) -> Set<String> {
        Set(
            values.flatMap { $0.lowercased().split(separator: ",") }.map { word in
                String(word.filter { !$0.isWhitespace })
            })
    }

    /// Whether the relay's errors come as it made them.
    func errors() -> [Finding] {
        guard let reply = seen.refused else { return [] }
        if reply.status == 401, reply.errorCode == "missing_api_key" {
            return [Finding(.ok, .errors, "The relay's errors come as it made them.")]
        }
        if reply.trouble == nil, reply.status == 401 {
            return [
                Finding(
                    .warning, .errors,
                    "The web server puts a page of its own in the place of the relay's errors, so clients cannot tell why.",
                    do:
                        "nginx: `fastcgi_intercept_errors off;`, Apache: `ProxyErrorOverride Off`; look for ErrorDocument."
                )
            ]
        }
        return [
            Finding(
                .warning, .errors, "A request without a key is not answered with 401\(Text.outcome(reply)).",
                do: "See what stands before the relay and answers in its place.")
        ]
    }
}
