import Wire

/// Reads 1min.ai's answer to a chat call that is not streamed, status 2xx.
public enum OneMinResultDecoder {
    /// How many arrays and objects may be nested in an answer.
    private static let maximumDepth = 64

    /// The events of the whole answer: the same as the stream's but with the text in one piece, behind what was used.
    ///
    /// - Parameter searchesWeb: whether web search was on, whose progress lines are then taken out of the text.
    /// - Returns: at least one event; the last one is `finished` or `failed`.
    public static func decode(_ body: [UInt8], searchesWeb: Bool) -> [GenerationEvent] {
        guard !body.isEmpty else {
            return [.failed(Failure(.upstreamFailed, "1min.ai: the answer is empty.", upstreamStatus: 200))]
        }
        let json = try? JSONValue(
            mending: body.span, maximumDepth: maximumDepth, selecting: OneMinRecord.selection)
        guard let value = json?["aiRecord"], case .object = value else {
            let fallback = json == nil ? "the answer cannot be read" : "the answer has no aiRecord"
            return [
                .failed(
                    OneMinErrorBody(body: body, isAnswer: true).failure(
                        status: 200, otherwise: .upstreamFailed, fallback: fallback))
            ]
        }
        let record = OneMinRecord(value)
        guard record.failure == nil, let text = record.text(searchesWeb: searchesWeb) else {
            return record.events(with: [])
        }
        return record.events(with: [.text(text)] + record.pictures.map { .image(base64: $0) })
    }
}
