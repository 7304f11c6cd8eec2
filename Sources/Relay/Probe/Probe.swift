/// What a person can ask of a deployment from outside to see whether the web server in front of it is set up right.
///
/// Probes need no key, so what a stranger can do with them is bounded: they touch no vendor (but for `key`, which
/// carries the caller's own key where a chat would carry it too, and cannot be charged), keep nothing, take a share of
/// their own (`ProbeGate`, `SharedProbe`), and answer with a few kilobytes at most, so they amplify nothing. They tell a stranger the
/// relay's version, and the address from which the web server says the stranger came; behind a proxy that is set up
/// wrong, that is the proxy's. Who does not want them refuses `/health/` and `/v1/health/` in the web server.
enum Probe: String, CaseIterable {
    /// What the relay sees of a request: whether the web server passes on all that it should.
    case request
    /// How many bytes of a body arrive: whether the web server's limit is high enough.
    case body
    /// Events at a known pace: whether they arrive one by one.
    case stream
    /// A long silence before the answer, or within a stream: whether the web server is patient enough.
    case wait
    /// Whether the vendor takes the caller's key.
    case key

    /// The methods it answers.
    ///
    /// `POST` as chats have it: a web server may have rules of its own for it, another handler, buffers or limits. What
    /// comes with it is not looked at, but by `body`.
    var methods: [String] {
        switch self {
        case .request: ["GET", "HEAD", "POST", "OPTIONS"]
        case .body: ["POST", "OPTIONS"]
        case .stream, .wait, .key: ["GET", "POST", "OPTIONS"]
        }
    }

    /// Whether callers have to show a key.
    var needsCredential: Bool { self == .key }
}
