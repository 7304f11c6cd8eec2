import Dialects

/// How an answer tells its client what it may still do.
///
/// OpenAI's fields are what tools of all kinds look for, and Anthropic's stand beside them on its routes, as do those of
/// https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-11 everywhere.
enum LimitHeaders {
    /// The fields of an answer.
    ///
    /// Of several windows, such as a minute and a day, a caller and its address, vendors' fields have room for one: that
    /// in which the least is left, and of such the one that takes longest to be whole again.
    ///
    /// - Parameters:
    ///   - windows: how the limits stand; empty gives no fields.
    ///   - now: in seconds since 1970.
    static func fields(
        for windows: [LimitWindow], dialect: ClientDialect, now: Int
    ) -> [(String, String)] {
        guard !windows.isEmpty else { return [] }
        var requests: LimitWindow?
        var tokens: LimitWindow?
        var places: LimitWindow?
        for window in windows {
            switch window.measure {
            case .requestsPerMinute, .requestsPerDay: takeTighter(window, &requests)
            case .tokensPerMinute, .tokensPerDay: takeTighter(window, &tokens)
            case .concurrent: takeTighter(window, &places)
            }
        }
        var fields: [(String, String)] = []
        fields.reserveCapacity(dialect == .anthropic ? 14 : 8)
        // https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers
        if let requests {
            fields.append(("x-ratelimit-limit-requests", String(requests.limit)))
            fields.append(("x-ratelimit-remaining-requests", String(requests.remaining)))
            fields.append(("x-ratelimit-reset-requests", duration(requests.resetSeconds)))
        }
        if let tokens {
            fields.append(("x-ratelimit-limit-tokens", String(tokens.limit)))
            fields.append(("x-ratelimit-remaining-tokens", String(tokens.remaining)))
            fields.append(("x-ratelimit-reset-tokens", duration(tokens.resetSeconds)))
        }
        if dialect == .anthropic {
            // https://docs.anthropic.com/en/api/rate-limits#response-headers. Input and output are not told apart: they
            // have no limits of their own.
            if let requests {
                fields.append(("anthropic-ratelimit-requests-limit", String(requests.limit)))
                fields.append(("anthropic-ratelimit-requests-remaining", String(requests.remaining)))
                fields.append(("anthropic-ratelimit-requests-reset", moment(of: requests, now)))
            }
            if let tokens {
                fields.append(("anthropic-ratelimit-tokens-limit", String(tokens.limit)))
                fields.append(("anthropic-ratelimit-tokens-remaining", String(tokens.remaining)))
                fields.append(("anthropic-ratelimit-tokens-reset", moment(of: tokens, now)))
            }
        }
        fields.append(("ratelimit-policy", policies(windows)))
        fields.append(("ratelimit", state(requests, tokens, places)))
        return fields
    }

    private static func takeTighter(_ window: LimitWindow, _ best: inout LimitWindow?) {
        guard let known = best else {
            best = window
            return
        }
        if (window.remaining, known.resetSeconds) < (known.remaining, window.resetSeconds) { best = window }
    }

    /// When a window is whole again, as RFC 3339 has it.
    private static func moment(of window: LimitWindow, _ now: Int) -> String {
        CivilTime.iso8601(seconds: now + window.resetSeconds)
    }

    /// A time as OpenAI writes it, which is Go's way: `1s`, `6m0s`, `1h0m0s`.
    static func duration(_ seconds: Int) -> String {
        if seconds < 60 { return "\(seconds)s" }
        if seconds < 3600 { return "\(seconds / 60)m\(seconds % 60)s" }
        return "\(seconds / 3600)h\(seconds / 60 % 60)m\(seconds % 60)s"
    }

    /// All limits: `"caller-requests-minute";q=180;w=60, "caller-concurrent";q=64;qu="concurrent-requests"`.
    ///
    /// Without a unit (`qu`) it is requests; the draft has none for tokens.
    private static func policies(_ windows: [LimitWindow]) -> String {
        var text = ""
        text.reserveCapacity(windows.count * 56)
        for window in windows {
            if !text.isEmpty { text += ", " }
            text += name(of: window)
            text += ";q="
            text += String(window.limit)
            if window.measure.isOfTokens { text += ";qu=\"tokens\"" }
            if window.measure == .concurrent {
                text += ";qu=\"concurrent-requests\""
            } else {
                text += ";w="
                text += String(window.measure.seconds)
            }
        }
        return text
    }

    /// What is left: `"caller-requests-minute";r=179;t=60, "caller-concurrent";r=63`.
    private static func state(
        _ requests: LimitWindow?, _ tokens: LimitWindow?, _ places: LimitWindow?
    ) -> String {
        var text = ""
        text.reserveCapacity(128)
        if let requests { append(requests, to: &text) }
        if let tokens { append(tokens, to: &text) }
        if let places { append(places, to: &text) }
        return text
    }

    private static func append(_ window: LimitWindow, to text: inout String) {
        if !text.isEmpty { text += ", " }
        text += name(of: window)
        text += ";r="
        text += String(window.remaining)
        // Nobody knows when a place is free again.
        guard window.measure != .concurrent else { return }
        text += ";t="
        text += String(window.resetSeconds)
    }

    /// A limit's name in quotation marks: written out, since it is on every answer.
    private static func name(of window: LimitWindow) -> String {
        switch (window.scope, window.measure) {
        case (.caller, .requestsPerMinute): "\"caller-requests-minute\""
        case (.caller, .requestsPerDay): "\"caller-requests-day\""
        case (.caller, .tokensPerMinute): "\"caller-tokens-minute\""
        case (.caller, .tokensPerDay): "\"caller-tokens-day\""
        case (.caller, .concurrent): "\"caller-concurrent\""
        case (.address, .requestsPerMinute): "\"address-requests-minute\""
        case (.address, .requestsPerDay): "\"address-requests-day\""
        case (.address, .tokensPerMinute): "\"address-tokens-minute\""
        case (.address, .tokensPerDay): "\"address-tokens-day\""
        case (.address, .concurrent): "\"address-concurrent\""
        }
    }
}
