import Dialects
import Wire

/// `GET` or `POST /health/key`: whether the vendor takes the caller's key.
///
/// Asks for an answer of a model that does not exist. 1min.ai looks at the key first (401), then at the model (400
/// `UNSUPPORTED_MODEL`), so nobody is charged. Whoever holds a key can learn the same from a chat.
final class KeyProbe: ExchangeRun {
    private let exchange: Exchange
    private let upstream: Upstream
    private let credential: String
    private let ports: Ports

    /// No list of models will ever have it.
    static let model = "fastrelay-doctor-no-such-model"
    /// The vendor refuses at once; what takes longer says nothing about the key.
    private static let timeouts = Timeouts(
        connect: .seconds(5), firstByte: .seconds(10), firstEvent: nil, idle: .seconds(5), total: .seconds(20)
    )

    /// Nothing is sent yet.
    init(_ exchange: Exchange, upstream: Upstream, credential: String, ports: Ports) {
        self.exchange = exchange
        self.upstream = upstream
        self.credential = credential
        self.ports = ports
    }

    func run() async throws(ExchangeStop) {
        let failure: Failure?
        do throws(Failure) {
            failure = try await refusal()
        } catch {
            failure = error
        }
        if Task.isCancelled { throw .clientGone }
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("object")
        writer.string("relay.key")
        writer.key("provider")
        writer.string(upstream.name)
        writer.key("accepted")
        if let accepted = Self.isAccepted(failure) { writer.bool(accepted) } else { writer.null() }
        writer.key("message")
        writer.string(failure?.message ?? "")
        writer.endObject()
        try await exchange.sendFresh(status: 200, body: writer.bytes)
    }

    /// What the vendor's answer says of the key; nil when it says nothing.
    static func isAccepted(_ failure: Failure?) -> Bool? {
        switch failure?.kind {
        case .invalidCredential, .missingCredential, .permissionDenied: false
        case .modelNotFound, .upstreamRejected, .insufficientQuota: true
        default: nil
        }
    }

    /// Makes the call, and reads why it was refused.
    private func refusal() async throws(Failure) -> Failure {
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
        exchange.record.upstreamCalls = 1
        let call = ports.transport.start(request)
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
