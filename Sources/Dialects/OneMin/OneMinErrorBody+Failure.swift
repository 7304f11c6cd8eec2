extension OneMinErrorBody {
    /// The failure that this body stands for, its message cleaned.
    ///
    /// Codes are looked at first, then the status, then single words: 1min.ai documents four codes only, and what it says
    /// when credits run out is not documented at all.
    ///
    /// - Parameters:
    ///   - status: the HTTP status; 200 for what comes inside a stream or a record.
    ///   - otherwise: the kind when neither code nor words tell; nil lets the status decide.
    ///   - fallback: the message when the body has none.
    func failure(
        status: Int, retryAfterSeconds: Int? = nil, otherwise: Failure.Kind? = nil, fallback: String? = nil
    ) -> Failure {
        var kind = kindByCode ?? kindByWords(status: status) ?? otherwise ?? Self.kind(ofStatus: status)
        let isContextTooLong = isContextTooLong(kind)
        // Whatever status 1min.ai gave it: the request will never fit, and clients shorten it when they are told so.
        if isContextTooLong { kind = .upstreamRejected }
        var words = MessageCleaner.clean(vendorMessage ?? message ?? "")
        if words.isEmpty {
            words = fallback ?? "status \(status) without an explanation"
        } else if vendorMessage != nil {
            words = "the model's provider says: \(words)"
        }
        let suffix = code.map { " (\($0))" } ?? ""
        return Failure(
            kind, "1min.ai: \(words)\(suffix)",
            code: isContextTooLong ? "context_length_exceeded" : nil,
            retryAfterSeconds: retryAfterSeconds, upstreamStatus: status)
    }

    /// The kind by 1min.ai's own code, or the content codes of the vendor behind it.
    private var kindByCode: Failure.Kind? {
        let codes = (vendorCodes + [code].compactMap { $0 }).map { $0.uppercased() }
        if codes.contains(where: Self.isContentCode) { return .contentFiltered }
        guard let code = code?.uppercased() else { return nil }
        switch code {
        case "UNSUPPORTED_MODEL", "MODEL_NOT_FOUND", "MODEL_NOT_SUPPORTED", "INVALID_MODEL":
            return .modelNotFound
        case "UNAUTHORIZED", "INVALID_API_KEY", "UNAUTHENTICATED": return .invalidCredential
        case "FORBIDDEN", "PERMISSION_DENIED": return .permissionDenied
        case "RATE_LIMITED", "RATE_LIMIT_EXCEEDED", "TOO_MANY_REQUESTS": return .rateLimited
        case "MISSING_REQUIRED_FIELDS", "REQUEST_BODY_VALIDATION_FAILED", "PROMPT_OBJECT_VALIDATION_FAILED",
            "UNSUPPORTED_FILE_TYPE":
            return .upstreamRejected
        case "EXTERNAL_API_RESPONSE_WITH_ERROR": return vendorKind
        default: return Self.speaksOfCredit(code) ? .insufficientQuota : nil
        }
    }

    /// What a refusal by the vendor behind 1min.ai means: its quota is 1min.ai's own, never the caller's.
    private var vendorKind: Failure.Kind {
        guard vendorMessage != nil, let vendorStatus, (400..<500).contains(vendorStatus),
            ![401, 402, 403, 408, 429].contains(vendorStatus)
        else { return .upstreamFailed }
        return .upstreamRejected
    }

    private func kindByWords(status: Int) -> Failure.Kind? {
        guard status < 300 || (400..<500).contains(status) else { return nil }
        if status == 401 { return .invalidCredential }
        if status == 402 { return .insufficientQuota }
        guard let message else { return nil }
        if message.hasPrefix(Self.webPage) { return status == 413 || status == 429 ? nil : .upstreamFailed }
        if Self.speaksOfCredit(message) { return .insufficientQuota }
        guard status < 300 else { return nil }
        // Inside a stream the status is 200 whatever happened, so there is nothing but words.
        if Self.contains(message, ["rate limit", "too many requests"]) { return .rateLimited }
        if Self.contains(message, ["unauthorized", "invalid api key"]) { return .invalidCredential }
        if Self.contains(message, ["content policy", "content filter", "content management policy"]) {
            return .contentFiltered
        }
        return nil
    }

    /// The kind by the status alone.
    private static func kind(ofStatus status: Int) -> Failure.Kind {
        switch status {
        case 401: .invalidCredential
        case 402: .insufficientQuota
        case 403: .permissionDenied
        case 413: .requestTooLarge
        case 429: .rateLimited
        // The relay chose the path and the time, so these two are not the client's doing.
        case 404, 405, 408: .upstreamFailed
        case 400..<500: .upstreamRejected
        default: .upstreamFailed
        }
    }

    private func isContextTooLong(_ kind: Failure.Kind) -> Bool {
        guard kind == .upstreamRejected || kind == .upstreamFailed else { return false }
        return Self.contains(
            vendorMessage ?? message ?? "",
            ["context length", "context_length", "context window", "prompt is too long"])
    }

    /// True when one of the words is about money, whole words only: "accreditation" is not.
    private static func speaksOfCredit(_ text: String) -> Bool {
        let words = text.prefix(2048).lowercased().split { !$0.isASCII || !$0.isLetter }
        return words.contains { ["credit", "credits", "balance", "quota", "billing"].contains($0) }
    }

    private static func isContentCode(_ code: String) -> Bool {
        code.hasPrefix("CONTENT_POLICY") || code.hasPrefix("CONTENT_FILTER") || code.hasPrefix("MODERATION")
            || code == "RESPONSIBLEAIPOLICYVIOLATION"
    }

    private static func contains(_ text: String, _ phrases: [String]) -> Bool {
        phrases.contains { text.utf8.firstIndex(ofPhrase: $0) != nil }
    }
}
