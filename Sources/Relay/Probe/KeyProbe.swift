import Dialects
import Wire

/// `GET` or `POST /health/key`: whether the vendor takes the caller's key.
final class KeyProbe: ExchangeRun {
    private let exchange: Exchange
    private let question: KeyQuestion

    /// Nothing is sent yet.
    init(_ exchange: Exchange, _ question: KeyQuestion) {
        self.exchange = exchange
        self.question = question
    }

    func run() async throws(ExchangeStop) {
        let refusal = await question.refusal(for: exchange)
        if Task.isCancelled { throw .clientGone }
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("object")
        writer.string("relay.key")
        writer.key("provider")
        writer.string(question.upstream.name)
        writer.key("accepted")
        if let accepted = Self.isAccepted(refusal) { writer.bool(accepted) } else { writer.null() }
        writer.key("message")
        writer.string(refusal.message)
        writer.endObject()
        try await exchange.sendFresh(status: 200, body: writer.bytes)
    }

    /// What the vendor's answer says of the key; nil when it says nothing.
    static func isAccepted(_ refusal: Failure) -> Bool? {
        switch refusal.kind {
        case .invalidCredential, .missingCredential, .permissionDenied: false
        case .modelNotFound, .upstreamRejected, .insufficientQuota: true
        default: nil
        }
    }
}
