import Dialects
import Wire

/// Answers `/v1/audio/transcriptions` and `/v1/audio/translations`.
final class TranscriptionRun: ExchangeRun {
    private let context: MediaContext
    private let purpose: TranscriptionRequest.Purpose

    /// Prepares a run; nothing is done yet.
    init(_ context: MediaContext, _ purpose: TranscriptionRequest.Purpose) {
        self.context = context
        self.purpose = purpose
    }

    func run() async throws(ExchangeStop) {
        let form = try await context.form()
        let request = try await stopping { () async throws(Failure) in
            try TranscriptionRequest.decode(form.form, for: purpose)
        }
        let route = try await context.route(
            request.model, for: purpose == .transcription ? .speechToText : .audioTranslation)
        let plan = try await stopping { () async throws(Failure) in
            try OneMinTranscriptionPlan(
                request, model: route.model, byteCount: form.form.files[request.file].range.count)
        }
        context.exchange.ignore(plan.ignored)
        let calls = context.calls(to: route.upstream)
        defer { context.note(calls) }
        let file = try await context.file(form, request.file, for: .sound)
        let desk = AssetDesk(calls: calls)
        let assets = try await desk.assets(of: [file])
        guard let asset = assets.first else {
            throw .failure(Failure(.internalError, "The file was not uploaded."))
        }
        let call = calls.start(
            feature: plan.body(audio: asset.path), timeout: calls.upstream.settings.mediaTimeouts.audio)
        defer { call.cancel() }
        let record = try await desk.record(of: call, naming: [file])
        context.exchange.record.note(record.usage)
        guard let text = record.text else {
            throw .failure(Failure(.upstreamFailed, "1min.ai: the answer has no text."))
        }
        let answer = try await stopping { () async throws(Failure) in try plan.answer(text) }
        try await context.exchange.send(status: 200, contentType: answer.contentType, body: answer.body)
    }
}
