import Curl
import Wire

/// What became of one call.
struct Reply: Sendable {
    /// Why there is no complete answer.
    struct Trouble: Sendable, Equatable {
        /// What kind of trouble it was.
        var code: CurlError.Code
        /// libcurl's fixed sentence, which names no host.
        var message: String
        /// libcurl's own number.
        var curlCode = 0
    }

    /// A piece of the body as it came.
    struct Piece: Sendable, Equatable {
        /// When, since the call began.
        var time: Duration
        var bytes: [UInt8]
    }

    /// The HTTP status; 0 before a head came.
    var status = 0
    /// The header fields, names in lower case.
    var headers = HeaderFields()
    /// The body as far as it came.
    var pieces: [Piece] = []
    /// From the beginning to the end.
    var duration = Duration.zero
    /// What the call showed of its connection.
    var connection = ConnectionReport()
    /// What went wrong; nil for a complete answer.
    var trouble: Trouble?

    /// The whole body.
    var body: [UInt8] { pieces.flatMap(\.bytes) }
    /// The body as JSON; `null` where it is none.
    var json: JSONValue { (try? JSONValue(parsing: body)) ?? .null }
    /// The message of an error in OpenAI's shape.
    var errorMessage: String? { json["error"]?["message"]?.stringValue }
    /// The code of an error in OpenAI's shape.
    var errorCode: String? { json["error"]?["code"]?.stringValue }
    /// Whether somebody says that it was too much just now, which says nothing about the deployment.
    var isRefusedForNow: Bool { trouble == nil && (status == 429 || status == 503) }
    /// The values of a header field that may come several times.
    func values(_ name: String) -> [String] {
        headers.filter { $0.name == name }.map(\.value)
    }
}

/// Everything that was seen of a deployment; a call that was not made is nil.
struct Observations: Sendable {
    /// Where it is.
    var url: DeploymentURL
    /// The time of day, in seconds since 1970-01-01T00:00:00Z.
    var now = 0
    /// Whether the caller gave a key.
    var hasKey = false
    /// The page that calls, as CORS sees it.
    var origin = Observations.defaultOrigin
    /// Whether the caller named it: then it has to be let in.
    var isOriginGiven = false
    /// What was left out because the caller is in a hurry.
    var isQuick = false
    /// How long the silences were asked to last, in seconds.
    var waitSeconds = 65

    /// `POST /v1/health/request`, with the certificate verified.
    var first: Reply
    /// The same without, where the certificate is not valid; everything below was then seen without as well.
    var unverified: Reply?
    /// `GET /v1/health/request` by a client that speaks TLS 1.0 and 1.1 only.
    var oldTLS: Reply?
    /// The same in clear.
    var clear: Reply?
    /// `GET /health`.
    var health: Reply?
    /// A preflight for a chat.
    var preflight: Reply?
    /// `GET /v1/models` without a key, from a page.
    var refused: Reply?
    /// `POST /v1/health/key`, with the key.
    var key: Reply?
    /// Bodies of decreasing length, up to the first that passes.
    var bodies: [(bytes: Int, reply: Reply)] = []
    /// `POST /v1/health/stream`.
    var stream: Reply?
    /// The same from a client that takes gzip.
    var compressed: Reply?
    /// `POST /v1/health/wait`.
    var wait: Reply?
    /// The same, streamed.
    var silence: Reply?

    /// A name that no page can have: RFC 2606.
    static let defaultOrigin = "https://doctor.invalid"

    /// The answer by which the relay is known.
    var sight: Reply { unverified ?? first }
    /// Whether everything after the first call is worth making.
    var isFastrelay: Bool {
        sight.trouble == nil && sight.status == 200 && sight.json["relay"]?.stringValue == "fastrelay"
    }
    /// Whether a key may be sent: over valid TLS, or not beyond the local network.
    var isSafeForKey: Bool {
        guard unverified == nil else { return false }
        if url.isSecure { return true }
        return switch NetworkAddress(first.connection.remoteAddress) {
        case .loopback, .local: true
        case .global, .unknown: false
        }
    }
}
