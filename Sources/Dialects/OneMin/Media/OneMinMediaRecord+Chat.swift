import Wire

extension OneMinMediaRecord {
    /// The body of a chat's answer that is not streamed, with this text, and these pictures in base64 beside it.
    public static func chatAnswer(text: String, pictures: [String], usage: Usage?) -> [UInt8] {
        let room = pictures.reduce(text.utf8.count) { $0 + $1.utf8.count + 4 }
        var writer = JSONWriter(capacity: 256 + room)
        writer.beginObject()
        writer.key("aiRecord")
        writer.beginObject()
        writer.key("status")
        writer.string("SUCCESS")
        if let usage {
            writer.key("metadata")
            writer.beginObject()
            writer.key("inputToken")
            writer.int(usage.inputTokens)
            writer.key("outputToken")
            writer.int(usage.outputTokens)
            writer.endObject()
        }
        if !pictures.isEmpty {
            writer.key("pictures")
            writer.beginArray()
            for picture in pictures { writer.string(picture) }
            writer.endArray()
        }
        writer.key("aiRecordDetail")
        writer.beginObject()
        writer.key("resultObject")
        writer.beginArray()
        writer.string(text)
        writer.endArray()
        writer.endObject()
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }
}
