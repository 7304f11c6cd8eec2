import Wire

/// Writes the answer of the image routes.
///
/// https://platform.openai.com/docs/api-reference/images/object
public enum OpenAIImageResultEncoder {
    /// One picture of an answer.
    public enum Picture: Sendable, Equatable {
        /// Where it can be fetched from.
        case url(String)
        /// The picture itself.
        case bytes([UInt8])
    }

    /// The body.
    ///
    /// - Parameters:
    ///   - created: in seconds since 1970.
    ///   - usage: tokens, where the upstream told them.
    public static func body(_ pictures: [Picture], created: Int, usage: Usage?) -> [UInt8] {
        var writer = JSONWriter(capacity: 256 + pictures.reduce(0) { $0 + $1.capacity })
        writer.beginObject()
        writer.key("created")
        writer.int(created)
        writer.key("data")
        writer.beginArray()
        for picture in pictures {
            writer.beginObject()
            switch picture {
            case .url(let url):
                writer.key("url")
                writer.string(url)
            case .bytes(let bytes):
                writer.key("b64_json")
                // The text goes where it belongs at once: a picture has megabytes.
                writer.bytes.append(UInt8(ascii: "\""))
                Base64.encode(bytes.span, into: &writer.bytes)
                writer.raw(CollectionOfOne(UInt8(ascii: "\"")))
            }
            writer.endObject()
        }
        writer.endArray()
        if let usage {
            writer.key("usage")
            writer.imageUsage(usage)
        }
        writer.endObject()
        return writer.bytes
    }
}

extension OpenAIImageResultEncoder.Picture {
    /// How much of the answer it takes, in bytes.
    fileprivate var capacity: Int {
        switch self {
        case .url(let url): url.utf8.count + 16
        case .bytes(let bytes): Base64.encodedCount(bytes.count) + 16
        }
    }
}

extension JSONWriter {
    /// Images have names of their own for tokens: openai-python, `types/images_response.py`.
    ///
    /// Which of the input tokens are those of pictures is not told by 1min.ai; all are counted as text.
    fileprivate mutating func imageUsage(_ usage: Usage) {
        beginObject()
        key("input_tokens")
        int(usage.inputTokens)
        key("input_tokens_details")
        beginObject()
        key("image_tokens")
        int(0)
        key("text_tokens")
        int(usage.inputTokens)
        endObject()
        key("output_tokens")
        int(usage.outputTokens)
        key("total_tokens")
        int(usage.totalTokens)
        endObject()
    }
}
