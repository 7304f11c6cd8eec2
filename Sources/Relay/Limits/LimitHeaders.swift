import Dialects
import Wire

/// How an answer tells its client what it may still do.
///
/// OpenAI's fields are what tools of all kinds look for, and Anthropic's stand beside them on its routes, as do those of
/// https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-11 everywhere.
enum LimitHeaders {
    /// Adds the fields to those of an answer.
    ///
    /// Of several windows, such as a minute and a day, a caller and its address, vendors' fields have room for one: that
    /// in which the least is left, and of such the one that takes longest to be whole again.
    ///
    /// - Parameters:
    ///   - windows: how the limits stand; empty gives no fields.
    ///   - now: in seconds since 1970.
    static func add(
        _ windows: [LimitWindow], to fields: inout HeaderLines, dialect: ClientDialect, now: Int
    ) {
        guard !windows.isEmpty else { return }
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
        // https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers
        if let requests {
            fields.add(room: 2 * mostBytes) { room in
                room.append(literal: "x-ratelimit-limit-requests: ")
                room.appendDigits(of: requests.limit)
                room.append(literal: "\r\nx-ratelimit-remaining-requests: ")
                room.appendDigits(of: requests.remaining)
                room.append(literal: "\r\nx-ratelimit-reset-requests: ")
                append(duration: requests.resetSeconds, to: &room)
            }
        }
        if let tokens {
            fields.add(room: 2 * mostBytes) { room in
                room.append(literal: "x-ratelimit-limit-tokens: ")
                room.appendDigits(of: tokens.limit)
                room.append(literal: "\r\nx-ratelimit-remaining-tokens: ")
                room.appendDigits(of: tokens.remaining)
                room.append(literal: "\r\nx-ratelimit-reset-tokens: ")
                append(duration: tokens.resetSeconds, to: &room)
            }
        }
        if dialect == .anthropic {
            // https://docs.anthropic.com/en/api/rate-limits#response-headers. Input and output are not told apart: they
            // have no limits of their own.
            if let requests {
                fields.add("anthropic-ratelimit-requests-limit", requests.limit)
                fields.add("anthropic-ratelimit-requests-remaining", requests.remaining)
                fields.add("anthropic-ratelimit-requests-reset", moment(of: requests, now))
            }
            if let tokens {
                fields.add("anthropic-ratelimit-tokens-limit", tokens.limit)
                fields.add("anthropic-ratelimit-tokens-remaining", tokens.remaining)
                fields.add("anthropic-ratelimit-tokens-reset", moment(of: tokens, now))
            }
        }
        fields.add(room: (windows.count + 1) * mostBytes) { appendPolicies(windows, to: &$0) }
        let tightest: [3 of LimitWindow?] = [requests, tokens, places]
        fields.add(room: (tightest.count + 1) * mostBytes) { appendStates(tightest, to: &$0) }
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

    /// A time as OpenAI writes it, which is Go's way: `1s`, `6m0s`, `1h0m0s`; and the end of its line.
    private static func append(duration seconds: Int, to room: inout OutputSpan<UInt8>) {
        if seconds >= 3600 {
            room.appendDigits(of: seconds / 3600)
            room.append(literal: "h")
        }
        if seconds >= 60 {
            room.appendDigits(of: seconds / 60 % 60)
            room.append(literal: "m")
        }
        room.appendDigits(of: seconds % 60)
        room.append(literal: "s\r\n")
    }

    /// All limits: `"caller-requests-minute";q=180;w=60, "caller-concurrent";q=64;qu="concurrent-requests"`.
    ///
    /// Without a unit (`qu`) it is requests; the draft has none for tokens.
    private static func appendPolicies(_ windows: [LimitWindow], to room: inout OutputSpan<UInt8>) {
        room.append(literal: "ratelimit-policy: ")
        var isFirst = true
        for window in windows {
            appendName(of: window, &isFirst, to: &room)
            room.append(literal: ";q=")
            room.appendDigits(of: window.limit)
            if window.measure.isOfTokens { room.append(literal: ";qu=\"tokens\"") }
            if window.measure == .concurrent {
                room.append(literal: ";qu=\"concurrent-requests\"")
            } else {
                room.append(literal: ";w=")
                room.appendDigits(of: window.measure.seconds)
            }
        }
        room.append(literal: "\r\n")
    }

    /// What is left of some: `"caller-requests-minute";r=179;t=60, "caller-concurrent";r=63`.
    private static func appendStates(_ windows: [3 of LimitWindow?], to room: inout OutputSpan<UInt8>) {
        room.append(literal: "ratelimit: ")
        var isFirst = true
        for index in windows.indices {
            guard let window = windows[index] else { continue }
            appendName(of: window, &isFirst, to: &room)
            room.append(literal: ";r=")
            room.appendDigits(of: window.remaining)
            // Nobody knows when a place is free again.
            guard window.measure != .concurrent else { continue }
            room.append(literal: ";t=")
            room.appendDigits(of: window.resetSeconds)
        }
        room.append(literal: "\r\n")
    }

    /// More than what is written of one limit, which is 85 bytes at most, and than what a line has besides its limits; half
    /// of what the three lines have that say how one limit stands.
    private static let mostBytes = 96

    /// A limit's name in quotation marks: written out, since it is on every answer.
    @inline(__always)
    private static func appendName(
        of window: LimitWindow, _ isFirst: inout Bool, to room: inout OutputSpan<UInt8>
    ) {
        if !isFirst { room.append(literal: ", ") }
        isFirst = false
        switch (window.scope, window.measure) {
        case (.caller, .requestsPerMinute): room.append(literal: "\"caller-requests-minute\"")
        case (.caller, .requestsPerDay): room.append(literal: "\"caller-requests-day\"")
        case (.caller, .tokensPerMinute): room.append(literal: "\"caller-tokens-minute\"")
        case (.caller, .tokensPerDay): room.append(literal: "\"caller-tokens-day\"")
        case (.caller, .concurrent): room.append(literal: "\"caller-concurrent\"")
        case (.address, .requestsPerMinute): room.append(literal: "\"address-requests-minute\"")
        case (.address, .requestsPerDay): room.append(literal: "\"address-requests-day\"")
        case (.address, .tokensPerMinute): room.append(literal: "\"address-tokens-minute\"")
        case (.address, .tokensPerDay): room.append(literal: "\"address-tokens-day\"")
        case (.address, .concurrent): room.append(literal: "\"address-concurrent\"")
        }
    }
}
