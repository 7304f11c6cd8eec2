import Dialects
import Synchronization

/// How a model is asked once more when its answer cannot be used: what it said and what is wrong with it go behind the
/// conversation, which is therefore kept as long as the answer takes.
final class FollowUp: Sendable {
    private let request: GenerationRequest
    private let encoder: OneMinChatRequestEncoder
    private let options: Emulation.Options
    private let call: UpstreamRequest
    private let started = Atomic(0)

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

    private func call(_ turns: [Turn]) throws(Failure) -> UpstreamRequest {
        var call = call
        call.body = try encoder.encode(request, options: options, followUp: turns).body
        return call
    }

    /// How many further calls were started, for whichever choices.
    var startedCount: Int { started.load(ordering: .relaxed) }

    /// Starts the further call; its body is written away from the loop, since the conversation can be long.
    func start(_ turns: [Turn], _ ports: Ports) async throws(ExchangeStop) -> any UpstreamCall {
        let call: UpstreamRequest
        do throws(Failure) {
            call = try await ports.offload.run { () throws(Failure) in try self.call(turns) }
        } catch {
            throw .failure(error)
        }
        // The client may have left meanwhile: then nothing more is to be paid for.
        if Task.isCancelled { throw .clientGone }
        started.add(1, ordering: .relaxed)
        return ports.transport.start(call)
    }
}
