import Wire

/// Writes failures in the shape of the OpenAI API.
public enum OpenAIErrorEncoder {
    /// `{"error":{"message":…,"type":…,"param":…,"code":…}}`, the body of an error response.
    public static func body(for failure: Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        write(failure, into: &bytes)
        return bytes
    }

    /// Appends the same object as an event, which the openai SDKs raise as `APIError` (openai-python 3.52.0,
    /// `_streaming.py`: an object with a true `error` member).
    public static func streamEvent(for failure: Failure, into bytes: inout [UInt8]) {
        bytes.append(literal: "data: ")
        write(failure, into: &bytes)
        bytes.append(literal: "\n\n")
    }

    private static func write(_ failure: Failure, into bytes: inout [UInt8]) {
        JSONWriter.append(to: &bytes) { writer in
            writer.beginObject()
            writer.key("error")
            writer.beginObject()
            writer.key("message")
            writer.string(failure.message)
            writer.key("type")
            writer.string(failure.answer.openAIType)
            writer.key("param")
            writer.stringOrNull(failure.parameter)
            writer.key("code")
            writer.stringOrNull(failure.openAICode)
            writer.endObject()
            writer.endObject()
        }
    }
}

extension JSONWriter {
    /// Writes a string, or `null` for none.
    mutating func stringOrNull(_ text: String?) {
        if let text { string(text) } else { null() }
    }
}
