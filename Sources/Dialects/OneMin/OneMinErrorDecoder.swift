public import Wire

/// Turns 1min.ai's HTTP answers that are no success into failures.
public enum OneMinErrorDecoder {
    /// How much of an error's body is worth reading; the caller may stop there.
    public static let maximumBodyBytes = 65_536

    /// The failure for a status that is not 2xx.
    ///
    /// Bodies of any kind are fine: JSON of any shape, a gateway's web page, plain text, nothing at all. The message is
    /// cleaned of keys, identifiers and addresses, and has a bounded length.
    public static func failure(status: Int, headers: HeaderFields, body: [UInt8]) -> Failure {
        if (300..<400).contains(status) {
            return Failure(
                .upstreamFailed,
                "1min.ai answered with a redirect (status \(status)), which is not followed: it would carry the key to "
                    + "another address.",
                upstreamStatus: status)
        }
        let retryAfter = RetryAfter.seconds(headers)
        guard !body.allSatisfy(\.isASCIIBlank) else {
            return OneMinErrorBody(code: nil, message: nil).failure(
                status: status, retryAfterSeconds: retryAfter,
                fallback: "status \(status) with an empty body")
        }
        return OneMinErrorBody(body: body).failure(status: status, retryAfterSeconds: retryAfter)
    }
}
