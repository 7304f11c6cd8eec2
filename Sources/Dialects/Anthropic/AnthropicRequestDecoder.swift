import Wire

/// Reads the bodies of `POST /v1/messages` and `POST /v1/messages/count_tokens`.
public enum AnthropicRequestDecoder {
    /// The request in neutral words.
    public static func decode(_ body: [UInt8]) throws(Failure) -> GenerationRequest {
        throw Failure(.unsupported, "Not yet.")
    }

    /// The request whose tokens are to be counted; nothing but the model and the messages is needed.
    public static func decodeForCounting(_ body: [UInt8]) throws(Failure) -> GenerationRequest {
        throw Failure(.unsupported, "Not yet.")
    }
}
