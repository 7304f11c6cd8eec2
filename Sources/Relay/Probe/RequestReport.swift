import Dialects
import Wire

/// What the relay sees of a request, as `GET` or `POST /health/request` answers it.
///
/// Of keys it tells only whether they came. Everything else is the caller's own, or what the web server made of it.
enum RequestReport {
    /// Headers by which proxies tell whom they speak for. The relay believes none of them; that one came while the
    /// address is the proxy's own shows what the web server has to be told.
    static let forwardingHeaders = [
        "forwarded", "x-forwarded-for", "x-real-ip", "cf-connecting-ip", "true-client-ip", "fastly-client-ip",
    ]

    /// The longest text of the request that is repeated, in characters.
    private static let maximumTextLength = 256

    /// The body of the answer.
    static func body(for request: ClientRequest) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.key("object")
        writer.string("relay.request")
        writer.key("relay")
        writer.string("fastrelay")
        let texts: [(StaticString, String)] = [
            ("version", Relay.version), ("client_address", request.remoteAddress), ("scheme", request.scheme),
            ("host", request.headers["host"] ?? ""), ("mount", request.mount), ("path", request.path),
            ("protocol", request.httpVersion),
        ]
        for (name, text) in texts {
            writer.key(name)
            writer.string(String(text.prefix(maximumTextLength)))
        }
        writer.key("authorization")
        writer.bool(request.headers["authorization"]?.isEmpty == false)
        writer.key("x_api_key")
        writer.bool(request.headers["x-api-key"]?.isEmpty == false)
        writer.key("forwarded_by")
        writer.beginArray()
        for name in forwardingHeaders where request.headers[name] != nil { writer.string(name) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    /// The answer of `POST /health/body`: how much arrived.
    static func bodyReport(bytes: Int) -> [UInt8] {
        Array(#"{"object":"relay.body","bytes":\#(bytes)}"#.utf8)
    }
}

extension Relay {
    /// The version of the program, as `fastrelay --version` prints it.
    public static let version = "0.1.0"
}
