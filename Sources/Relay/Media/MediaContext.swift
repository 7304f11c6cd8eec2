import Dialects
import Wire

/// What all runs of media requests have in common.
struct MediaContext {
    /// The exchange that is answered.
    let exchange: Exchange
    /// What the client wants.
    let request: MediaRequest
    /// Finds models.
    let router: ModelRouter
    /// What the operator wants.
    let configuration: Configuration
    /// The world.
    let ports: Ports

    /// What answers the request.
    func run() -> any ExchangeRun {
        switch request.route {
        case .imageEdits: ImageRun(self, .edit)
        case .imageVariations: ImageRun(self, .variation)
        case .transcriptions: TranscriptionRun(self, .transcription)
        case .translations: TranscriptionRun(self, .translation)
        case .speech: SpeechRun(self)
        case .files, .file, .fileContent: FileRun(self)
        default: ImageRun(self, .generation)
        }
    }

    /// Finds the model, and notes it for the log.
    func route(_ model: String, for kind: ModelEntry.Kind) async throws(ExchangeStop) -> ModelRouter.Route {
        do throws(Failure) {
            let route = try await router.route(model, for: kind)
            exchange.record.model = route.isListed ? route.model : ExchangeRecord.unlistedModel
            exchange.record.upstream = route.upstream.name
            return route
        } catch {
            throw .failure(error)
        }
    }

    /// The caller's calls to a vendor.
    func calls(to upstream: Upstream) -> MediaCalls {
        MediaCalls(
            upstream: upstream, credential: request.credential, ports: ports, limits: configuration.limits,
            fetch: configuration.fetch, count: MediaCalls.CallCount())
    }

    /// Reads the form of the request.
    func form() async throws(ExchangeStop) -> MediaRequest.Form {
        try await stopping { () async throws(Failure) in try await request.form(ports.offload) }
    }

    /// Looks at a file of a form.
    func file(
        _ form: MediaRequest.Form, _ index: Int, for use: MediaFile.Use
    ) async throws(ExchangeStop) -> MediaFile {
        let limits = configuration.limits
        let part = form.form.files[index]
        return try await stopping { () async throws(Failure) in
            try await ports.offload.run { () throws(Failure) in
                try MediaFile.examine(
                    form.content(index), fileName: part.fileName, for: use, at: part.name, limits)
            }
        }
    }

    /// Puts how many calls were made into the record.
    func note(_ calls: MediaCalls) {
        exchange.record.upstreamCalls = calls.count.value
        exchange.mayBePaid = calls.count.hasFeature
    }
}
