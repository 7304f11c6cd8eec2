import Dialects
import Wire

/// Answers a request for pictures: `/v1/images/generations`, `/edits`, `/variations`.
///
/// Everything that can be refused is refused before anything is uploaded, and nothing is paid for twice: no call is
/// repeated, and what some of several calls made is not lost when another one fails.
final class ImageRun: ExchangeRun {
    private let context: MediaContext
    private let purpose: ImageRequest.Purpose

    /// Prepares a run; nothing is done yet.
    init(_ context: MediaContext, _ purpose: ImageRequest.Purpose) {
        self.context = context
        self.purpose = purpose
    }

    func run() async throws(ExchangeStop) {
        let (request, form) = try await decode()
        let route = try await context.route(request.model, for: purpose.kind)
        let plan = try await stopping { () async throws(Failure) in
            let plan = try OneMinImagePlan(
                request, model: route.model, pictureCount: request.pictures.count)
            try check(plan)
            return plan
        }
        context.exchange.ignore(plan.ignored)
        let calls = context.calls(to: route.upstream)
        defer { context.note(calls) }
        let pictures = try await upload(request, form, calls)
        let bodies = (0..<plan.callCount).map { plan.body(pictures: pictures, call: $0) }
        let (files, usage) = try await make(bodies, calls)
        context.exchange.record.note(usage)
        let format = request.responseFormat ?? plan.defaultResponseFormat
        let answer: [OpenAIImageResultEncoder.Picture]
        switch format {
        case .url: answer = files.map { .url($0.addresses[0]) }
        case .base64: answer = try await Downloads(calls: calls).all(files).map { .bytes($0) }
        }
        let created = context.ports.clock.unixTime().seconds
        let body = await context.ports.offload.run {
            OpenAIImageResultEncoder.body(answer, created: created, usage: usage)
        }
        try await context.exchange.send(status: 200, body: body)
    }

    private func decode() async throws(ExchangeStop) -> (ImageRequest, MediaRequest.Form?) {
        guard purpose != .generation else {
            return try await stopping { () async throws(Failure) in
                (try OpenAIImageRequestDecoder.decode(try context.request.json()), nil)
            }
        }
        let form = try await context.form()
        return try await stopping { () async throws(Failure) in
            (try OpenAIImageRequestDecoder.decode(form.form, for: purpose), form)
        }
    }

    private func check(_ plan: OneMinImagePlan) throws(Failure) {
        let limit = context.configuration.limits.choices
        guard plan.callCount <= limit else {
            throw Failure(
                .invalidRequest,
                "Invalid value for 'n': this model makes one picture with each paid call, and at most \(limit) are made "
                    + "for one request.",
                parameter: "n", code: "integer_above_max_value")
        }
    }

    /// Brings the pictures to the vendor.
    private func upload(
        _ request: ImageRequest, _ form: MediaRequest.Form?, _ calls: MediaCalls
    ) async throws(ExchangeStop) -> [String] {
        guard let form else { return [] }
        var files: [MediaFile] = []
        for index in request.pictures {
            files.append(try await context.file(form, index, for: .picture))
        }
        return try await AssetDesk(calls: calls).assets(of: files).map(\.path)
    }

    /// Makes the pictures. All calls run at once; those that fail matter only when none succeeds.
    private func make(
        _ bodies: [[UInt8]], _ calls: MediaCalls
    ) async throws(ExchangeStop) -> ([OneMinMediaRecord.Result], Usage?) {
        let timeout = calls.upstream.settings.mediaTimeouts.image
        let running = bodies.map { calls.start(feature: $0, timeout: timeout) }
        defer { for call in running { call.cancel() } }
        var files: [OneMinMediaRecord.Result] = []
        var usages: [Usage?] = []
        var failure: Failure?
        for call in running {
            do throws(ExchangeStop) {
                let record = try await calls.record(of: call)
                files += record.files
                usages.append(record.usage)
            } catch {
                guard case .failure(let reason) = error else { throw error }
                failure = failure ?? reason
            }
        }
        guard !files.isEmpty else {
            throw .failure(failure ?? Failure(.upstreamFailed, "1min.ai: the answer has no picture."))
        }
        return (files, Usage.total(usages))
    }
}

extension ImageRequest.Purpose {
    /// The kind of model that does it.
    var kind: ModelEntry.Kind {
        switch self {
        case .generation: .imageGeneration
        case .edit: .imageEditing
        case .variation: .imageVariation
        }
    }
}
