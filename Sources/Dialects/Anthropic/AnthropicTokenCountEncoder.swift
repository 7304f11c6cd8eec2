import Wire

/// Writes the answer of `POST /v1/messages/count_tokens`.
public enum AnthropicTokenCountEncoder {
    /// `{"input_tokens":…}`.
    public static func body(tokens: Int) -> [UInt8] {
        var writer = JSONWriter(capacity: 32)
        writer.beginObject()
        writer.key("input_tokens")
        writer.int(tokens)
        writer.endObject()
        return writer.bytes
    }
}
