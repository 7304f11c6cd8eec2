import Dialects

/// How a model is asked once more when its answer cannot be used: what it said and what is wrong with it go behind the
/// conversation, which is therefore kept as long as the answer takes.
final class FollowUp: Sendable {
    private let request: GenerationRequest
    private let encoder: OneMinChatRequestEncoder
    private let options: Emulation.Options
    private let call: UpstreamRequest

    /// Keeps a request.
    ///
    /// - Parameter call: the call that was made for it; its body is not kept.
    init(
        _ request: GenerationRequest, _ encoder: OneMinChatRequestEncoder, _ options: Emulation.Options,
        call: UpstreamRequest
    ) {
        self.request = request
        self.encoder = encoder
        self.options = options
        var call = call
        call.body = []
        self.call = call
    }

    /// The further call.
    func call(_ turns: [Turn]) throws(Failure) -> UpstreamRequest {
        var call = call
        call.body = try encoder.encode(request, options: options, followUp: turns).body
        return call
    }

    /// Starts the further call; its body is written away from the loop, since the conversation can be long.
    func start(_ turns: [Turn], _ ports: Ports) async throws(Failure) -> any UpstreamCall {
        ports.transport.start(
            try await ports.offload.run { () throws(Failure) in try self.call(turns) })
    }
}
