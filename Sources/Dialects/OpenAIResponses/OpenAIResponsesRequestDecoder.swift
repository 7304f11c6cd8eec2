import Wire

/// Reads the bodies of `POST /v1/responses` and `POST /v1/responses/input_tokens`.
public enum OpenAIResponsesRequestDecoder {
    /// The request; `generation.model` is empty where the client named none.
    public static func decode(
        _ body: [UInt8], makeID: @Sendable (String) -> String
    ) throws(Failure) -> OpenAIResponsesRequest { throw Failure(.internalError, "") }

    /// The request of `POST /v1/responses/input_tokens`, whose members are some of a whole request's.
    public static func decodeForCounting(
        _ body: [UInt8], makeID: @Sendable (String) -> String
    ) throws(Failure) -> OpenAIResponsesRequest { throw Failure(.internalError, "") }
}
