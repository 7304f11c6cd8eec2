import Dialects
import Wire

/// Asks a vendor whether it takes a key, which costs nobody anything.
///
/// Asks for an answer of a model that does not exist. 1min.ai looks at the key first (401), then at the model (400
/// `UNSUPPORTED_MODEL`), so nobody is charged. Whoever holds a key can learn the same from a chat.
struct KeyQuestion: Sendable {
    /// The vendor.
    let upstream: Upstream
    /// The caller's key.
    let credential: String
    /// The way to the vendor.
    let transport: any UpstreamTransport

    /// No list of models will ever have it.
    static let model = "fastrelay-doctor-no-such-model"
    /// The vendor refuses at once; what takes longer says nothing about the key.
    private static let timeouts = Timeouts(
        connect: .seconds(5), firstByte: .seconds(10), firstEvent: nil, idle: .seconds(5), total: .seconds(20)
    )

    /// Makes the call, and counts it for the log.
    ///
    /// - Returns: in which words the vendor refused, or why nothing is known of the key.
    func refusal(for exchange: Exchange) async -> Failure {
        do throws(Failure) {
            return try await ask(exchange)
        } catch {
            return error
        }
    }

    private func ask(_ exchange: Exchange) async throws(Failure) -> Failure {
        let prompt = GenerationRequest(model: Self.model, turns: [Turn(role: .user, text: "Hi")])
        var request = upstream.request(
            "POST", path: OneMinChatRequestEncoder.path(isStreamed: false),
            headers: HeaderFields([
                ("content-type", "application/json"), ("accept", "application/json"), ("api-key", credential),
            ]))
        request.body = try OneMinChatRequestEncoder().encode(prompt).body
        request.timeouts = Self.timeouts
        request.maximumResponseBytes = 2 * OneMinErrorDecoder.maximumBodyBytes
        exchange.record.upstream = upstream.name
        exchange.record.upstreamCalls += 1
        let call = transport.start(request)
        defer { call.cancel() }
        do throws(UpstreamError) {
            guard case .head(let status, let headers) = try await call.next(silence: nil),
                !(200..<300).contains(status)
            else {
                // Whoever has an answer for that model is not the vendor.
                return Failure(.upstreamFailed, "The answer is not the refusal that a vendor would give.")
            }
            return OneMinErrorDecoder.failure(
                status: status, headers: headers, body: await UpstreamAnswer.errorBody(call))
        } catch {
            throw Failure(error, from: upstream.name)
        }
    }
}
