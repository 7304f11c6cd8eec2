import Wire

/// What `/health?verbose` tells those who look after the machine.
enum LimitHealthReport {
    /// The body of the answer, whose status is 200 even where the store cannot be asked: the relay itself answers.
    static func body(for health: LimitStoreHealth) -> [UInt8] {
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
