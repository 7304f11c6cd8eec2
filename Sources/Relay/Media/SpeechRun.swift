import Dialects
import Wire

/// Answers `/v1/audio/speech`: the sound goes to the client as it comes.
final class SpeechRun: ExchangeRun {
    private let context: MediaContext

    /// Prepares a run; nothing is done yet.
    init(_ context: MediaContext) {
        self.context = context
    }

    func run() async throws(ExchangeStop) {
        let request = try await stopping { () async throws(Failure) in
            try SpeechRequest.decode(try context.request.json())
        }
        let route = try await context.route(request.model, for: .textToSpeech)
        let plan = try await stopping { () async throws(Failure) in
            try OneMinSpeechPlan(request, model: route.model)
        }
        context.exchange.ignore(plan.ignored)
        let calls = context.calls(to: route.upstream)
        defer { context.note(calls) }
        let call = calls.start(feature: plan.body, timeout: calls.upstream.settings.mediaTimeouts.audio)
        defer { call.cancel() }
        let record = try await calls.record(of: call)
        context.exchange.record.note(record.usage)
        guard let sound = record.files.first else {
            throw .failure(Failure(.upstreamFailed, "1min.ai: the answer has no sound."))
        }
        let file = try await Downloads(calls: calls).open(sound)
        defer { file.call.cancel() }
        guard let beginning = try await file.next() else {
            throw .failure(Failure(.upstreamFailed, "1min.ai: the sound is empty."))
        }
        try await context.exchange.sendHead(
            contentType: Self.contentType(plan.contentType, beginning), count: file.count)
        try await context.exchange.send(piece: beginning)
        while let piece = try await file.next() { try await context.exchange.send(piece: piece) }
        try await context.exchange.send(piece: [], isLast: true)
    }

    /// What the request decides, or else what the bytes show.
    private static func contentType(_ planned: String, _ beginning: [UInt8]) -> String {
        guard planned == "application/octet-stream", let format = MediaFormat(prefix: beginning),
            format.kind == .audio
        else { return planned }
        return format.mediaType
    }
}
