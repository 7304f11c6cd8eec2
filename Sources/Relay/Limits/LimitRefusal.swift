import Dialects

/// What a client is told whose claim was refused.
enum LimitRefusal {
    /// The failure that a refusal makes of a request.
    static func failure(for refusal: LimitDecision.Refusal, of claim: LimitClaim) -> Failure {
        switch refusal {
        case .limit(let window, let wait):
            // What running requests hold is free when they end, what was counted ahead is given back, and a minute is over
            // after 60 s. Both vendors' SDKs follow no longer wait (`_calculate_retry_timeout`), and would ask at once.
            let retryAfterSeconds =
                window.measure.seconds == 60 ? wait.map { min($0, Self.longestMinute) } : wait
            let used = window.limit - window.remaining
            let requested = requested(by: claim, in: window.measure)
            let advice =
                retryAfterSeconds.map { "Please try again in \($0) s." }
                ?? "This request asks for more than the limit allows at any time."
            return Failure(
                .rateLimited,
                "Rate limit reached for \(words(for: window)): limit \(window.limit), used \(used), requested \(requested). \(advice)",
                retryAfterSeconds: retryAfterSeconds)
        case .unavailable:
            return Failure(
                .overloaded, "Requests cannot be counted at the moment, and uncounted ones are not answered.",
                retryAfterSeconds: 1)
        }
    }

    /// The longest time, in seconds, that a client is told to wait for a limit of a minute.
    static let longestMinute = 60

    private static func requested(by claim: LimitClaim, in measure: LimitRules.Measure) -> Int {
        switch measure {
        case .requestsPerMinute, .requestsPerDay: claim.requests
        case .tokensPerMinute, .tokensPerDay: claim.tokens
        case .concurrent: 1
        }
    }

    /// A limit in OpenAI's words, as clients look for them; whose it is when it is not the caller's.
    private static func words(for window: LimitWindow) -> String {
        let measure =
            switch window.measure {
            case .requestsPerMinute: "requests per minute"
            case .requestsPerDay: "requests per day"
            case .tokensPerMinute: "tokens per minute"
            case .tokensPerDay: "tokens per day"
            case .concurrent: "concurrent requests"
            }
        return window.scope == .address ? "\(measure) from your address" : measure
    }
}
