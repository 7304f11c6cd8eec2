import Wire

/// What the relay says of itself: at `/` what it is, at `/health` how it is.
enum RelayStatus {
    /// The body at `/`.
    static let root = Array(
        (#"{"name":"fastrelay","object":"relay","endpoints":["#
            + #""GET /v1/models","GET /v1/models/{id}","POST /v1/chat/completions","POST /v1/responses","#
            + #""POST /v1/messages","POST /v1/completions","POST /v1/images/generations","#
            + #""POST /v1/images/edits","POST /v1/images/variations","POST /v1/audio/transcriptions","#
            + #""POST /v1/audio/translations","POST /v1/audio/speech","GET /v1/files","GET /health"]}"#).utf8)

    private static let healthy = Array(#"{"status":"ok"}"#.utf8)

    /// The body at `/health`: a word, or, for those who may know, also what it depends on.
    ///
    /// - Parameter settings: who may.
    static func health(
        _ request: borrowing ClientRequest, _ settings: Configuration.Health, store: any LimitStore
    ) -> [UInt8] {
        let words = request.query.split(separator: "&").map { $0.split(separator: "=").first }
        guard words.contains("verbose"),
            ClientAddress(request.remoteAddress).isContained(in: settings.networks)
        else { return healthy }
        return report(on: store.health)
    }

    /// The body for those, whose status is 200 even where the store cannot be asked: the relay itself answers.
    static func report(on health: LimitStoreHealth) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("status")
        writer.string(health.places.allSatisfy(\.isUp) ? "ok" : "degraded")
        writer.key("limits")
        writer.beginObject()
        writer.key("store")
        writer.string(health.kind)
        writer.key("places")
        writer.beginArray()
        for place in health.places {
            writer.beginObject()
            writer.key("name")
            writer.string(place.name)
            writer.key("up")
            writer.bool(place.isUp)
            if !place.reason.isEmpty {
                writer.key("reason")
                writer.string(place.reason)
            }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }
}
